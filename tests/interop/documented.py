"""The programs that the documents show, word for word: README's first program, the guide's pytest fixture."""

import os
import re
import subprocess
from pathlib import Path

from clients_under_test import ClientFailed
from suite import SEED, CaseFailed, Suite

ROOT = Path(__file__).resolve().parent.parent.parent
BOT_SECONDS = 90
PASSED, SOME_FAILED = 0, 1  # pytest's exit statuses

# What a reader writes where the guide has "...".
ORDER = """
    from ib_async import LimitOrder, Stock
    trade = ib.placeOrder(Stock("AAPL", "SMART", "USD"), LimitOrder("BUY", {quantity}, 10.00))
    while trade.orderStatus.status not in ("Submitted", "Inactive", "Cancelled"):
        ib.waitOnUpdate(timeout=1)
"""
BOT = ORDER.format(quantity=10)
BOT_THAT_ORDERS_MORE = ORDER.format(quantity=11)
BOT_WITHOUT_ORDER = """
    pass
"""


def block_with(document, words):
    """The ```python block of the document that has these words."""
    for block in re.findall(r"```python\n(.*?)```", (ROOT / document).read_text(), re.DOTALL):
        if words in block:
            return block
    raise CaseFailed(f"{document} has no python block with {words!r}")


class Interpreter:
    """A Python that has ib_async and pytest."""

    def __init__(self, name, installed):
        self.name, self.path = name, installed


class Documented(Suite):
    """The cases of the documents' programs; `client` is an Interpreter."""

    def run_program(self, name, text, *servers):
        program = self.directory / f"{name}.py"
        program.write_text(text)
        return self.run([self.client.path, "-B", program], *servers)

    def run(self, command, *servers):
        environment = dict(os.environ, PATH=f"{self.program.parent}{os.pathsep}{os.environ['PATH']}")
        try:
            return subprocess.run([str(word) for word in command], cwd=self.directory, env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=BOT_SECONDS)
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"").decode(errors="replace")
            raise ClientFailed("\n".join([f"it did not end within {BOT_SECONDS} s", said, *(s.tail() for s in servers)])) from late

    def record(self, name, text_for):
        """Records a program, whose text depends on the port, into a journal of its own, and returns it."""
        journal = self.directory / f"{name}.db"
        with self.server("mock", "--seed", SEED) as mock, \
                self.server("proxy", "--upstream", mock.address, "--journal", journal) as proxy:
            done = self.run_program(name, text_for(proxy.port), proxy, mock)
        if done.returncode != 0:
            raise CaseFailed(f"the program failed against the mock:\n{done.stdout}{done.stderr}\n{proxy.tail()}")
        return journal

    def first_program(self):
        def at(port):
            return block_with("README.md", "ib.connect").replace("7500", str(port), 1)

        journal = self.record("readme", at)
        with self.server("replay", journal, "--speed", "max") as replay:
            done = self.run_program("readme", at(replay.port), replay)
        if done.returncode != 0 or not done.stdout.startswith("Filled"):
            raise CaseFailed(f"README's program failed against the replay:\n{done.stdout}{done.stderr}\n{replay.tail()}")
        self.ended_well(replay)

    def record_bot(self):
        def at(port):
            connect = f'from ib_async import IB\nib = IB()\nib.connect("127.0.0.1", {port}, clientId=7)\n'
            return connect + BOT.replace("\n    ", "\n") + "ib.disconnect()\n"

        tests = self.directory / "tests"
        tests.mkdir()
        self.record("bot", at).rename(tests / "session.db")

    def tested(self, name, bot, expected):
        """Runs the guide's test with the bot in it."""
        text = block_with("docs/guide.md", "@pytest.fixture").replace("\n    ...\n", bot)
        test = self.directory / f"test_{name}.py"
        test.write_text(text)
        done = self.run([self.client.path, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", test.name])
        if done.returncode != expected:
            raise CaseFailed(f"pytest ended with {done.returncode}, not with {expected}:\n{done.stdout}{done.stderr}")

    def thread_of_cases(self):
        return self.outcomes([
            ("README's program, recorded and replayed", self.first_program),
            ("the guide's bot is recorded", self.record_bot),
            ("the guide's test passes with the bot", lambda: self.tested("bot", BOT, PASSED)),
            ("the guide's test fails when the bot places no order", lambda: self.tested("no_order", BOT_WITHOUT_ORDER, SOME_FAILED)),
            ("the guide's test fails when the bot orders more", lambda: self.tested("more", BOT_THAT_ORDERS_MORE, SOME_FAILED)),
        ], "the guide's bot is recorded")
