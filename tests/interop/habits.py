"""Replays to programs that do not do quite what was recorded: what is fine and what is not, and how replay's exit status
tells which (docs/guide.md, "Exit statuses")."""

import signal

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
STILL_MORE_SLOWLY = {  # so that answers are still on their way when the program goes, on a busy machine too
    "leaves": (ENDS_WELL, INCOMPLETE, []),
    "resets": (ENDS_WELL, INCOMPLETE, []),
    "dies": (KILLED, INCOMPLETE, []),
}


class Habits(Suite):
    """The cases of ib_async_habits.py."""

    def record(self):
        self.journal = self.directory / "session.db"
        with self.server("mock", "--seed", 7) as mock:
            with self.server("proxy", "--upstream", mock.address, "--journal", self.journal) as proxy:
                self.client.run(proxy, RECORDING_CLIENT_ID, mock)

    def habit(self, habit, options, expected):
        ends, status, named = expected
        with self.server("replay", self.journal, *options) as replay:
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
                               (SLOWLY, ["--speed", "0.2"]),
                               (STILL_MORE_SLOWLY, ["--speed", "0.02"])):
            for name, expected in table.items():
                how = f"replayed {' '.join(options)} to a program with the habit {name}"
                cases.append((how, lambda name=name, options=options, expected=expected: self.habit(name, options, expected)))
        return self.outcomes(cases, "recorded")
