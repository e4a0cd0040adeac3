#!/usr/bin/env python3
"""Runs real clients against `ibkr`: (1) against the mock, (2) through the proxy to the mock, (3) against a replay of
what (2) recorded. (3) must tell the same story as (2) up to ids and times, (1) the same kinds of events. The journal
of (2) must be readable in every way. Then each client at older server versions.

    python3 tests/interop/run.py [--program build/dev/ibkr] [--client ib_async] [--keep DIR]

One line a case; the last line is `N passed, N failed, N skipped`. Exit status: 0 when nothing failed.
Standard library only. The clients are installed by install.py; when a registry is down, their cases are skipped.
"""

import argparse
import concurrent.futures
import sys
import tempfile
from pathlib import Path

import install
import journal_checks
import transcript
from clients_under_test import PROGRAMS, Client, ClientFailed
from servers import Server, ServerFailed

AT_A_TIME = 4  # the clients wait more than they work
SEED = 7

RECORDING_CLIENT_ID = 7
OTHER_CLIENT_ID = 11  # with it, other request and order ids

OLDER_SERVER_VERSIONS = {  # that the client can speak; its newest is what the other cases use
    "ib_async": (157, 176, 177),
    "ibapi_10": (100, 142, 178, 200, 201, 203, 207, 213, 225),
    "ibapi_9": (100, 118, 142),
    "stoqey": (100, 157, 178),
}


class CaseFailed(Exception):
    """A case did not hold; the text says what was expected and what was seen."""


class Suite:
    """The cases of one client; each returns (case, None) or (case, why it failed)."""

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
        if replay.exit_status == 0 or "symbol" not in replay.tail():
            raise CaseFailed(f"ibkr replay ended with {replay.exit_status} and did not name the field\n{replay.tail()}")

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
        """Record and replay: a case that fails takes those with it that stand on it."""
        cases = [
            ("against the mock", self.against_the_mock),
            ("through the proxy: same kinds of events", self.through_the_proxy),
            ("the journal: all decoded, sessions, show, decode and encode", self.journal_is_readable),
            ("replayed as it was: same transcript", lambda: self.replayed([RECORDING_CLIENT_ID])),
            ("replayed twice as fast as possible, own and other ids: same transcript",
             lambda: self.replayed([RECORDING_CLIENT_ID, OTHER_CLIENT_ID], "--speed", "max", "--repeat")),
            ("a request that was not recorded is refused and explained", self.unrecorded_request_is_refused),
        ]
        broken = None
        for name, case in cases:
            if broken:
                yield name, f"not run, as this failed: {broken}"
                continue
            why = outcome(case)
            yield name, why
            if why and case in (self.against_the_mock, self.through_the_proxy):
                broken = name


def outcome(case):
    """None, or why the case failed."""
    try:
        case()
    except (CaseFailed, ClientFailed, ServerFailed) as failed:
        return str(failed)
    return None


def jobs(program, clients, directory):
    """What can run side by side: (client's name, function that returns [(case, why it failed)])."""
    for client in clients:
        suite = Suite(program, client, directory / client.name)
        yield client.name, lambda suite=suite: list(suite.thread_of_cases())
    for client in clients:
        for version in OLDER_SERVER_VERSIONS[client.name]:
            suite = Suite(program, client, directory / f"{client.name}-{version}")
            yield client.name, lambda suite=suite, version=version: [
                (f"server version {version}", outcome(lambda: suite.at_server_version(version)))]


def installed_clients(names):
    """The clients that are there, and how many could not be fetched; a failed installation is a failed case."""
    clients, skipped, failed = [], 0, 0
    for name in names:
        try:
            clients.append(Client(name, install.install(name)))
        except install.RegistryUnreachable as unreachable:
            skipped += 1
            print(f"*** SKIPPED {name}: its package registry cannot be reached ***\n{unreachable}", flush=True)
        except install.InstallFailed as problem:
            failed += 1
            print(f"FAILED  {name}: cannot be installed\n{problem}", flush=True)
    return clients, skipped, failed


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--program", type=Path, default=Path("build/dev/ibkr"), help="the ibkr program")
    arguments.add_argument("--client", choices=PROGRAMS, action="append", help="only this client; may be repeated")
    arguments.add_argument("--keep", type=Path, help="leave journals and logs in this directory")
    options = arguments.parse_args()
    if not options.program.exists():
        sys.exit(f"{options.program} is not there: run scripts/build, or name the program with --program")

    clients, skipped, failed = installed_clients(options.client or PROGRAMS)
    passed = 0
    with tempfile.TemporaryDirectory(prefix="ibkr-interop-") as scratch, \
            concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        directory = options.keep or Path(scratch)
        running = [(name, pool.submit(job)) for name, job in jobs(options.program.resolve(), clients, directory)]
        for name, job in running:
            for case, why in job.result():
                passed, failed = (passed + 1, failed) if why is None else (passed, failed + 1)
                print(f"ok      {name}: {case}" if why is None else f"FAILED  {name}: {case}\n{why}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
