"""The cases of one client: against the mock, through the proxy, replayed; each case raises when it does not hold."""

import journal_checks
import transcript
from clients_under_test import ClientFailed
from servers import Server, ServerFailed

SEED = 7

RECORDING_CLIENT_ID = 7
OTHER_CLIENT_ID = 11  # with it, other request and order ids

# Exit statuses of `ibkr replay`; docs/guide.md has the table.
CLEAN, MISMATCH, UNUSED, INCOMPLETE = 0, 1, 4, 5


class CaseFailed(Exception):
    """A case did not hold; the text says what was expected and what was seen."""


class Suite:
    """The cases of one client; thread_of_cases() gives (case, None) or (case, why it failed) for each."""

    def __init__(self, program, client, directory):
        self.program, self.client, self.directory = program, client, directory
        directory.mkdir(parents=True, exist_ok=True)

    def server(self, *arguments):
        number = sum(1 for _ in self.directory.glob("*.log")) + 1
        return Server(self.program, arguments, self.directory / f"{number}-{arguments[0]}.log")

    def against_the_mock(self):
        with self.server("mock", "--seed", SEED) as mock:
            self.direct = self.client.run(mock, RECORDING_CLIENT_ID)
        self.ended_well(mock)

    def through_the_proxy(self):
        self.journal = self.directory / "session.db"
        with self.server("mock", "--seed", SEED) as mock:
            with self.server("proxy", "--upstream", mock.address, "--journal", self.journal) as proxy:
                self.recorded = self.client.run(proxy, RECORDING_CLIENT_ID, mock)
            self.ended_well(proxy)
        self.equal(transcript.shape(self.direct), transcript.shape(self.recorded), "against the mock", "through the proxy")

    def replayed(self, client_ids, *options):
        """One connection after another to the same replay; each must see what was recorded."""
        with self.server("replay", self.journal, *options) as replay:
            for client_id in client_ids:
                seen = self.client.run(replay, client_id)
                self.equal(transcript.normalised(self.recorded), transcript.normalised(seen), "recorded", "replayed", replay)
        self.ended_well(replay)

    def unrecorded_request_is_refused(self):
        with self.server("replay", self.journal, "--speed", "max") as replay:
            seen, problem = self.client.attempt(replay, RECORDING_CLIENT_ID, "MSFT")
        if not problem or not any(event["event"] == "error" and event["request"] != "notices" for event in seen):
            raise CaseFailed(f"the client asked for MSFT, which was not recorded, and saw no error: {seen}\n{replay.tail()}")
        if replay.exit_status != MISMATCH or "symbol" not in replay.tail(100):
            raise CaseFailed(f"ibkr replay ended with {replay.exit_status} and did not name the field\n{replay.tail()}")

    def killed_in_mid_run(self):
        with self.server("replay", self.journal) as replay:
            self.client.killed_at(replay, RECORDING_CLIENT_ID, "quotes")
        if replay.exit_status not in (INCOMPLETE, UNUSED):  # all answers may have been out
            raise CaseFailed(f"the client was killed before it had traded, and ibkr replay ended with {replay.exit_status}\n{replay.tail()}")

    def journal_is_readable(self):
        problems = journal_checks.problems(self.program, self.journal)
        if problems:
            raise CaseFailed("\n".join(problems))

    def at_server_version(self, version):
        with self.server("mock", "--seed", SEED, "--server-version", version) as mock:
            self.client.run(mock, RECORDING_CLIENT_ID)
        self.ended_well(mock)

    def equal(self, left, right, left_name, right_name, *servers):
        lines = transcript.differences(left, right, left_name, right_name)
        if lines:
            raise CaseFailed("\n".join(["the transcripts differ:", *lines[:60], *(server.tail() for server in servers)]))

    def ended_well(self, server):
        if server.exit_status != 0:
            raise CaseFailed(f"ibkr {server.name} ended with status {server.exit_status}\n{server.tail()}")

    def thread_of_cases(self):
        """Record and replay."""
        return self.outcomes([
            ("against the mock", self.against_the_mock),
            ("through the proxy: same kinds of events", self.through_the_proxy),
            ("the journal: all decoded, sessions, show, decode and encode", self.journal_is_readable),
            ("replayed as it was: same transcript", lambda: self.replayed([RECORDING_CLIENT_ID])),
            ("replayed twice as fast as possible, own and other ids: same transcript",
             lambda: self.replayed([RECORDING_CLIENT_ID, OTHER_CLIENT_ID], "--speed", "max", "--repeat")),
            ("a client that is killed in mid-run leaves a replay that is not clean", self.killed_in_mid_run),
            ("a request that was not recorded is refused and explained", self.unrecorded_request_is_refused),
        ])

    def outcomes(self, cases, *needed):
        """Runs the cases in order. One that fails takes those behind it with it where it is among the `needed` ones, or
        is what records."""
        needed = {*needed, *(name for name, case in cases if case in (self.against_the_mock, self.through_the_proxy))}
        broken = None
        for name, case in cases:
            why = f"not run, as this failed: {broken}" if broken else outcome(case)
            if why and not broken and name in needed:
                broken = name
            yield name, why


def outcome(case):
    """None, or why the case failed."""
    try:
        case()
    except (CaseFailed, ClientFailed, ServerFailed) as failed:
        return str(failed)
    return None
