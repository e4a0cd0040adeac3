#!/usr/bin/env python3
"""Runs real clients against `ibkr`: (1) against the mock, (2) through the proxy to the mock, (3) against a replay of
what (2) recorded. (3) must tell the same story as (2) up to ids and times, (1) the same kinds of events. The journal
of (2) must be readable in every way. Then each client at older server versions. Some have cases of their own: ib_insync
connects more than once (several_connections.py), `habits` does not do quite what was recorded (habits.py), `bad_days` lives
through the mock's faults (bad_days.py), `documented`
are the programs that README.md and docs/guide.md show (documented.py).

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
from bad_days import BadDays
from clients_under_test import Client
from documented import Documented, Interpreter
from habits import Habits
from several_connections import SeveralConnections
from suite import Suite, outcome

AT_A_TIME = 4  # the clients wait more than they work

OLDER_SERVER_VERSIONS = {  # that the client can speak; its newest is what the other cases use
    "ib_async": (157, 176, 177),
    "ib_insync": (157,),
    "ibapi_10": (100, 142, 178, 200, 201, 203, 207, 213, 225),
    "ibapi_9": (100, 118, 142),
    "stoqey": (100, 157, 178),
    "habits": (),
    "bad_days": (),
    "documented": (),
}
KINDS = {"ib_insync": (Client, SeveralConnections), "habits": (Client, Habits), "bad_days": (Client, BadDays), "documented": (Interpreter, Documented)}
USUAL_KIND = (Client, Suite)


def jobs(program, clients, directory):
    """What can run side by side: (client's name, function that returns [(case, why it failed)])."""
    for client in clients:
        _, suite_of = KINDS.get(client.name, USUAL_KIND)
        suite = suite_of(program, client, directory / client.name)
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
            client_of, _ = KINDS.get(name, USUAL_KIND)
            clients.append(client_of(name, install.install(name)))
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
    arguments.add_argument("--client", choices=OLDER_SERVER_VERSIONS, action="append", help="only this client; may be repeated")
    arguments.add_argument("--keep", type=Path, help="leave journals and logs in this directory")
    options = arguments.parse_args()
    if not options.program.exists():
        sys.exit(f"{options.program} is not there: run scripts/build, or name the program with --program")

    clients, skipped, failed = installed_clients(options.client or OLDER_SERVER_VERSIONS)
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
