"""Tells the main job on a terminal: record a real ib_async program through the proxy, look, replay (scripts/demo)."""

import shutil
import subprocess
import sys

import install
import transcript
from clients_under_test import Client, ClientFailed
from servers import Server, ServerFailed

PROGRAM = install.ROOT / "build" / "release" / "ibkr"
WORK = install.ROOT / "build" / "demo"
JOURNAL = WORK / "sessions.db"
ORDER_STORY = {"PlaceOrderRequest", "OpenOrder", "OrderStatus", "ExecutionDetails", "CommissionAndFeesReport", "CancelOrderRequest"}
LINES_AT_MOST = 24


def heading(text):
    print(f"\n== {text}", flush=True)


def serve(*arguments):
    """Starts a sub-command and shows how it was called, as from the top of the checkout."""
    print("$ build/release/ibkr", *(shown(argument) for argument in arguments), "--listen 127.0.0.1:0", flush=True)
    return Server(PROGRAM, arguments, WORK / f"{arguments[0]}.log")


def shown(argument):
    return str(argument).replace(f"{install.ROOT}/", "")


def show(*command, keep=lambda line: True):
    """Runs a command and prints the lines worth reading."""
    print("$", *(shown(word) if " " not in str(word) else f'"{word}"' for word in command), flush=True)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=True)
    lines = [line for line in done.stdout.splitlines() if keep(line)]
    print("\n".join(lines[:LINES_AT_MOST]))
    if len(lines) > LINES_AT_MOST:
        print(f"… {len(lines) - LINES_AT_MOST} more lines")


def run_client(client, server, *others):
    print(f"$ python tests/interop/clients/ib_async_client.py {server.host} {server.port} 7", flush=True)
    events = client.run(server, 7, *others)
    orders = [event for event in events if event["event"] in ("orderStatus", "execDetails")]
    print(f"it saw {len(events)} events; its orders: " + ", ".join(event.get("status", "execution") for event in orders))
    return events


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    client = Client("ib_async", install.install("ib_async"))

    heading("Record: the mock TWS, the proxy in front of it, an ib_async program through the proxy")
    with serve("mock", "--seed", 7) as mock:
        with serve("proxy", "--upstream", mock.address, "--journal", JOURNAL) as proxy:
            recorded = run_client(client, proxy, mock)

    heading("Look: what was said on the wire")
    show(PROGRAM, "sessions", JOURNAL)
    show(PROGRAM, "show", JOURNAL, keep=lambda line: ORDER_STORY & set(line.split()))
    show("sqlite3", "-header", "-column", JOURNAL,
         "select message_type, count(*) as frames from messages group by 1 order by 2 desc limit 8")

    heading("Replay: mock and proxy are gone, the journal plays TWS to the same program")
    with serve("replay", JOURNAL) as replay:
        replayed = run_client(client, replay)
    if replay.exit_status != 0:
        raise ServerFailed(f"ibkr replay ended with status {replay.exit_status}\n{replay.tail()}")

    lines = transcript.differences(transcript.normalised(recorded), transcript.normalised(replayed), "recorded", "replayed")
    if lines:
        print("\nThe two runs differ:", *lines, sep="\n")
        return 1
    heading(f"Both runs agree: {len(recorded)} events recorded, the same {len(replayed)} replayed (ids and times aside)")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (install.RegistryUnreachable, install.InstallFailed, ServerFailed, ClientFailed) as failed:
        sys.exit(f"the demo stopped: {failed}")
