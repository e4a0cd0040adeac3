"""Replays to programs that do not do quite what was recorded: what is fine and what is not, and how replay's exit status
tells which (docs/guide.md, "Exit statuses")."""

import functools
import shutil
import signal
import sqlite3

from suite import CLEAN, INCOMPLETE, MISMATCH, OTHER_CLIENT_ID, RECORDING_CLIENT_ID, UNUSED, CaseFailed, Suite

ENDS_WELL, FAILS, KILLED = 0, 1, -signal.SIGKILL

# habit: how the program ends, replay's status, what its log must name.
AT_FULL_SPEED = {
    "usual": (ENDS_WELL, CLEAN, []),
    "reordered": (ENDS_WELL, CLEAN, []),
    "polls-less": (ENDS_WELL, CLEAN, ["CurrentTimeRequest"]),
    "polls-more": (ENDS_WELL, CLEAN, []),
    "twice": (FAILS, MISMATCH, ["HistoricalDataRequest"]),
    "no-order": (ENDS_WELL, UNUSED, ["PlaceOrderRequest"]),
    "no-cancel": (ENDS_WELL, UNUSED, ["CancelOrderRequest"]),
}
UNDER_STRICT = {
    "usual": (ENDS_WELL, CLEAN, []),
    "polls-less": (ENDS_WELL, UNUSED, ["CurrentTimeRequest"]),
}
SLOWLY = {
    "usual": (ENDS_WELL, CLEAN, []),
    "reordered": (ENDS_WELL, CLEAN, []),
}
# How the program ends, and from which message on all comes a minute late, so that it is on its way when the program goes.
GONE_TOO_SOON = {
    "leaves": (ENDS_WELL, "HistoricalData"),
    "resets": (ENDS_WELL, "HistoricalData"),
    "dies": (KILLED, "OpenOrder"),
}
MINUTE_NS = 60 * 10**9


class Habits(Suite):
    """The cases of ib_async_habits.py."""

    def record(self):
        self.journal = self.directory / "session.db"
        with self.server("mock", "--seed", 7) as mock:
            with self.server("proxy", "--upstream", mock.address, "--journal", self.journal) as proxy:
                self.client.run(proxy, RECORDING_CLIENT_ID, mock)

    def recorded_late(self, message_type):
        """The journal, as if TWS had taken a minute longer to send the first message of this type."""
        late = self.directory / f"late-{message_type}.db"
        shutil.copy(self.journal, late)
        with sqlite3.connect(late) as journal:
            changed = journal.execute(
                "UPDATE messages SET mono_ns = mono_ns + ?, timestamp = timestamp + ? WHERE message_id >= "
                "(SELECT min(message_id) FROM messages WHERE direction = 'incoming' AND message_type = ?)",
                (MINUTE_NS, MINUTE_NS, message_type)).rowcount
        journal.close()
        if not changed:
            raise CaseFailed(f"no {message_type} was recorded")
        return late

    def gone_too_soon(self, habit, ends, late_from):
        self.habit(habit, [], (ends, INCOMPLETE, []), self.recorded_late(late_from))

    def habit(self, habit, options, expected, journal=None):
        ends, status, named = expected
        with self.server("replay", journal or self.journal, *options) as replay:
            _, problem = self.client.attempt(replay, OTHER_CLIENT_ID, habit)
        if (problem is None) != (ends == ENDS_WELL) or (problem and f"exit status {ends}" not in problem):
            raise CaseFailed(f"the program was to end with status {ends}: {problem}\n{replay.tail()}")
        if replay.exit_status != status:
            raise CaseFailed(f"ibkr replay ended with {replay.exit_status}, not with {status}\n{problem}\n{replay.tail()}")
        missing = [word for word in named if word not in replay.tail(100)]
        if missing:
            raise CaseFailed(f"ibkr replay does not name {missing}\n{replay.tail()}")

    def thread_of_cases(self):
        cases = [("recorded", self.record)]
        for table, options in ((AT_FULL_SPEED, ["--speed", "max"]), (UNDER_STRICT, ["--speed", "max", "--strict"]),
                               (SLOWLY, ["--speed", "0.2"])):
            for name, expected in table.items():
                how = f"replayed {' '.join(options)} to a program with the habit {name}"
                cases.append((how, functools.partial(self.habit, name, options, expected)))
        for name, expected in GONE_TOO_SOON.items():
            how = f"replayed a minute late to a program with the habit {name}"
            cases.append((how, functools.partial(self.gone_too_soon, name, *expected)))
        return self.outcomes(cases, "recorded")
