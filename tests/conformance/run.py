#!/usr/bin/env python3
"""Holds our protocol description and its interpreters against the real clients and Google's protobuf library.

    python3 tests/conformance/run.py [--toolkit build/dev/conformance_toolkit] [--cases N] [--seed N] [--only MESSAGE]

Three parts, each in the Python of a client that environments.py installs:
  requests.py    what the client sends for random arguments is what we decode, write back and make of the same arguments
  answers.py     random messages that we encode reach its callbacks with the same values
  reference.py   protobuf both ways with the reference library, unknown fields included
Recorded payloads are compared in tests/protocol/samples_test.cpp.

The last line is `N passed, N failed, N skipped`; one counts for each message, part and client. What differs on purpose
is in excused.py and is printed. The same seed gives the same run. Exit status: 0 when nothing failed. When a registry
cannot be reached, the client's parts are skipped, loudly.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import environments
import excused

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# (part, client), the longest first.
JOBS = [
    ("answers", "ibapi_10_46"),
    ("answers", "ibapi_10_51"),
    ("answers", "ibapi_10_37"),
    ("requests", "ibapi_10_46"),
    ("requests", "ibapi_10_51"),
    ("requests", "ibapi_10_37"),
    ("reference", "ibapi_10_51"),
    ("answers", "ibapi_9_81"),
    ("requests", "ibapi_9_81"),
    ("answers", "ib_async"),
    ("requests", "ib_async"),
    ("reference", "ibapi_10_46"),
]
EXAMPLE_CHARACTERS = 600
ENOUGH_CASES = 20  # to need every excuse
AT_MOST_SECONDS = 3600


def run_job(job, python, options):
    """One part in one client's Python; returns its report."""
    part, client = job
    command = [python, "-B", HERE / f"{part}.py", "--toolkit", options.toolkit, "--client", client]
    command += ["--cases", options.cases, "--seed", options.seed] + (["--only", options.only] if options.only else [])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    began = time.monotonic()
    done = subprocess.run(
        [str(word) for word in command], env=environment, capture_output=True, text=True, timeout=AT_MOST_SECONDS, stdin=subprocess.DEVNULL
    )
    try:
        report = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        report = {"part": part, "client": client, "broken": (done.stdout + done.stderr)[-4000:]}
    report["seconds"] = time.monotonic() - began
    return report


def install_all(clients):
    """(client -> its Python, client -> why it is skipped). Ends the program when a client does not install."""
    pythons, skipped = {}, {}
    for client in clients:
        try:
            pythons[client] = environments.interpreter(client)
        except environments.RegistryUnreachable as unreachable:
            skipped[client] = str(unreachable)
        except environments.InstallFailed as failed:
            sys.exit(f"cannot install {client}:\n{failed}\n0 passed, 1 failed, 0 skipped")
    return pythons, skipped


def print_report(report):
    name = f"{report['part']} {report['client']}"
    if "broken" in report:
        print(f"FAILED  {name}: it ended without a report\n{report['broken']}")
        return
    failed = {difference["message"] for difference in report["differences"]}
    print(
        f"{'FAILED' if failed else 'ok':7} {name}: {report['compared']} comparisons of {len(report['messages'])} messages, "
        f"{report['pairs']} (message, server version) pairs, {report['refused']} calls refused by the client, {report['seconds']:.0f} s"
    )
    for difference in report["differences"]:
        print(f"        {difference['message']}: {difference['what']} ({difference['count']} times), e.g. {difference['example'][:EXAMPLE_CHARACTERS]}")


def print_excused(reports):
    """Every difference on purpose, by reason. Returns the reasons."""
    by_reason = {}
    for report in reports:
        for key, count in report.get("excused", {}).items():
            field, reason = key.split(": ", 1)
            message, _, path = field.partition(".")
            times, messages, paths, clients = by_reason.setdefault(reason, (Counter(), set(), set(), set()))
            times["all"] += count
            messages.add(message)
            paths.add(path or "whole")
            clients.add(report["client"])
    print(f"\n{len(by_reason)} kinds of excused differences (excused.py):")
    for reason, (times, messages, paths, clients) in sorted(by_reason.items()):
        print(f"  {reason}: {times['all']} times; {_some(messages)}: {_some(paths)}; {', '.join(sorted(clients))}")
    return set(by_reason)


def _some(names):
    names = sorted(names)
    return " ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def totals(reports):
    """(passed, failed) over all messages, parts and clients."""
    passed = failed = 0
    for report in reports:
        if "broken" in report:
            failed += 1
            continue
        wrong = {difference["message"] for difference in report["differences"]}
        failed += len(wrong)
        passed += len(set(report["messages"]) - wrong)
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toolkit", type=Path, default=ROOT / "build" / "dev" / "conformance_toolkit")
    parser.add_argument("--cases", type=int, default=30, help="per message and server version where a layout changes (30)")
    parser.add_argument("--seed", type=int, default=1, help="of all random values (1)")
    parser.add_argument("--only", help="one message")
    parser.add_argument("--client", help="one client")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="parts at a time")
    options = parser.parse_args()
    if not options.toolkit.exists():
        sys.exit(f"{options.toolkit}: no such program; build the target conformance_toolkit")

    jobs = [job for job in JOBS if options.client in (None, job[1])]
    pythons, skipped = install_all(sorted({client for _, client in jobs}))
    print(f"seed {options.seed}, {options.cases} cases; the same run again: run.py --seed {options.seed} --cases {options.cases}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run_job, job, pythons[job[1]], options) for job in jobs if job[1] in pythons]
        reports = [future.result() for future in running]
    for report in reports:
        print_report(report)
    reasons = print_excused(reports)
    whole_run = not skipped and options.only is None and options.client is None and options.cases >= ENOUGH_CASES
    stale = excused.not_needed(reasons) if whole_run else []
    for reason in stale:
        print(f"FAILED  nothing needs this excuse any more, remove it: {reason}")
    for client, reason in skipped.items():
        print(f"\n*** SKIPPED {client}: a package registry cannot be reached: {reason}")

    whole = [report for report in reports if "broken" not in report]
    messages = {message for report in whole for message in report["messages"]}
    types = {name for report in whole for name in report["types"]}
    print(
        f"\n{sum(report['compared'] for report in whole)} random messages compared: {len(messages)} messages, "
        f"{sum(report['pairs'] for report in whole)} (message, server version, client, part), {len(types)} protobuf types"
    )
    passed, failed = totals(reports)
    failed += len(stale)
    print(f"{passed} passed, {failed} failed, {sum(1 for _, client in jobs if client in skipped)} skipped")
    return 1 if failed or not passed and not skipped else 0


if __name__ == "__main__":
    sys.exit(main())
