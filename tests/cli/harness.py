"""Runs `ibkr` for the tests of this folder, and plays a small TWS for it. IBKR_PROGRAM names the program."""

import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("IBKR_PROGRAM", str(ROOT / "build/dev/ibkr"))
SECONDS = 60  # for a program that hangs; nothing waits that long otherwise

OK, FOUND_WRONG, USAGE, CANNOT_START = 0, 1, 2, 3


def environment(**more):
    """Ours without the IBKR_* of whoever runs the tests; times in UTC."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IBKR_")}
    return {**clean, "TZ": "UTC", **more}


def ibkr(*arguments, stdin="", env=None):
    """Runs the program to its end."""
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=SECONDS,
                          errors="surrogateescape", env=environment(**(env or {})))


def ibkr_bytes(*arguments, stdin=b""):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=SECONDS, env=environment())


class Server:
    """A running proxy, replay or mock. Leaving the block ends it with SIGTERM; `status` and `log` are then there."""

    def __init__(self, *arguments, env=None):
        self._process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(**(env or {})))

    def __enter__(self):
        line = self._process.stdout.readline()
        found = re.fullmatch(r"listening on (\S+):(\d+)\n", line)
        if not found:
            raise AssertionError(f"no readiness line but {line!r}: {self._process.communicate()[1]}")
        self.host, self.port = found[1], int(found[2])
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, with_signal=signal.SIGTERM):
        if self._process.poll() is None:
            self._process.send_signal(with_signal)
        self.wait()

    def read_log_to(self, words):
        """Returns once the log says so."""
        for line in self._process.stderr:
            if words in line:
                return
        raise AssertionError(f"it ended without saying {words!r}")

    def wait(self):
        if not self._process.stderr.closed:
            _, self.log = self._process.communicate(timeout=SECONDS)
        self.status = self._process.returncode


@contextlib.contextmanager
def follow(journal):
    """The lines of `ibkr show --follow`, as they come."""
    with subprocess.Popen([PROGRAM, "show", journal, "--follow"], stdout=subprocess.PIPE, text=True, env=environment()) as shown:
        try:
            yield shown.stdout
        finally:
            shown.terminate()


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


def text(*fields):
    return b"".join(str(field).encode() + b"\0" for field in fields)


def read_frame(stream):
    head = stream.read(4)
    return stream.read(struct.unpack(">I", head)[0]) if len(head) == 4 else None


class FakeTws:
    """Accepts one app: gives its hello the answer (version 178), reads START_API, sends `frames` and waits for the app to go."""

    def __init__(self, frames, answer=text(178, "20261123 09:30:00 EST")):
        self._frames = frames
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(SECONDS)
        self._listener.close()

    def _serve(self):
        app, _ = self._listener.accept()
        with app, app.makefile("rb") as stream:
            stream.read(4)  # "API\0"
            read_frame(stream)
            app.sendall(frame(self._answer))
            read_frame(stream)
            app.sendall(b"".join(map(frame, self._frames)))
            while stream.read(1):
                pass


def run_app(port, requests, answers, hello=b"v100..178"):
    """An app: hello, START_API, `requests`; reads so many frames and goes."""
    with socket.create_connection(("127.0.0.1", port)) as tws, tws.makefile("rb") as stream:
        tws.sendall(b"API\0" + frame(hello))
        received = [read_frame(stream)]
        tws.sendall(b"".join(map(frame, [text(71, 2, 7, ""), *requests])))
        received += [read_frame(stream) for _ in range(answers)]
    return received


REQUESTS = [text(1, 11, 9001, 0, "AAPL", "STK", "", 0, "", "", "SMART", "", "USD", "", "", 0, "", 0, 0, "")]
ANSWERS = [text(15, 1, "DU1234567"), text(9, 1, 1), text(1, 6, 9001, 1, "150.25", "100", 0), text(4, 2, 9001, 200, "No security definition", ""),
           text(3, "not an id"), text(999, 1, "unheard of")]


def record(journal, *options, requests=REQUESTS, answers=ANSWERS):
    """Records a short session of an app with a fake TWS. Returns the ended proxy."""
    with FakeTws(answers) as tws, Server("proxy", "--listen", "127.0.0.1:0", "--upstream", tws.address, "--journal", journal,
                                         *options) as proxy:
        run_app(proxy.port, requests, len(answers))
    return proxy


class TestCase(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

    def assert_fails(self, result, status, *phrases):
        """It ended with this status and said all of this, in a few lines without a trace."""
        self.assertEqual(result.returncode, status, result.stderr)
        for phrase in phrases:
            self.assertIn(phrase, result.stderr)
        self.assertLessEqual(len(result.stderr.splitlines()), 4, result.stderr)
        self.assertNotIn("terminate called", result.stderr)
