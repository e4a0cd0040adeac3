#!/usr/bin/env python3
"""Our codec beside others on the same payloads in the same run: ib_async's and the official client's decoders, libprotobuf.

    python3 tests/bench/peers.py [--build build/release] [--turns 5]

The Python clients are those of tests/interop, installed under build/interop when they are not there. libprotobuf's
classes are made at this moment by protoc from the official client's own descriptions (Debian: protobuf-compiler,
libprotobuf-dev). All programs take turns, so that what else the machine does hits each; a figure is the least of all
turns. Operations: decode and encode with a message that is reused, fresh (decode into a new message), json.
Exit status: 0, also when a peer is missing, which is said; 1 when nothing could be measured.
"""

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "interop"))
import install  # noqa: E402  (it lies beside us)

MESSAGES = ["TickPrice", "OpenOrder"]
# Set where ib_async takes 993 ns for the tick; elsewhere they are longer or shorter as ib_async is.
GOALS_NS = {("TickPrice", 178, "decode"): 40, ("OpenOrder", 178, "decode"): 800,
            ("TickPrice", 178, "encode"): 40, ("OpenOrder", 178, "encode"): 800}
YARDSTICK, YARDSTICK_NS = ("TickPrice", 178, "decode"), 993
GOAL_LIBPROTOBUF = 1 / 3


def run(command, **options):
    return subprocess.run([str(word) for word in command], check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def build_libprotobuf_peer(directory, python):
    """Returns the program, or None with the reason printed."""
    missing = [tool for tool in ("protoc", "g++", "pkg-config") if shutil.which(tool) is None]
    if missing:
        print(f"libprotobuf: skipped, {', '.join(missing)} not found; run scripts/setup bench")
        return None
    directory.mkdir(parents=True, exist_ok=True)
    files = run([python, HERE / "descriptors.py", directory / "official.descriptors", *MESSAGES]).split()
    run(["protoc", f"--descriptor_set_in={directory / 'official.descriptors'}", f"--cpp_out={directory}", *files])
    program = directory / "libprotobuf_peer"
    sources = [HERE / "libprotobuf_peer.cpp", *(directory / file.replace(".proto", ".pb.cc") for file in files)]
    flags = shlex.split(run(["pkg-config", "--cflags", "--libs", "protobuf"]))
    run(["g++", "-std=c++20", "-O2", "-DNDEBUG", "-I", directory, *sources, "-o", program, *flags])
    return program


def peers(build):
    """(name, command) of each peer that can be had."""
    try:
        official = install.install("ibapi_10")
        found = [("ib_async", [install.install("ib_async"), HERE / "python_peer.py", "ib_async"])]
        found.append(("ibapi", [official, HERE / "python_peer.py", "ibapi"]))
    except (install.RegistryUnreachable, install.InstallFailed) as failed:
        print(f"Python clients and libprotobuf: skipped, {failed}")
        return []
    program = build_libprotobuf_peer(build / "bench-peers", official)
    return found + ([("libprotobuf", [program])] if program else [])


def keep_least(figures, lines):
    for line in lines.splitlines():
        name, version, operation, ns = line.split()[:4]
        key = name, int(version), operation
        figures[key] = min(figures.get(key, float("inf")), float(ns))


def goal(peer, key, ours, theirs, machine):
    """What the figure should be; `machine`: how many times slower this one is than the one that goals were set on."""
    if peer == "libprotobuf":
        return f"  goal 0.33: {'reached' if ours <= theirs * GOAL_LIBPROTOBUF else 'missed'}"
    if peer in ("ib_async", None) and key in GOALS_NS:
        wanted = GOALS_NS[key] * machine
        return f"  goal {GOALS_NS[key]} ns, here {wanted:.0f}: {'reached' if ours <= wanted else 'missed'}"
    return ""


def print_beside_peers(ours, figures):
    machine = figures.get("ib_async", {}).get(YARDSTICK, YARDSTICK_NS) / YARDSTICK_NS
    for key, ns in ours.items():
        what = " ".join(map(str, key))
        compared = [(peer, theirs[key]) for peer, theirs in figures.items() if key in theirs]
        for peer, theirs in compared:
            print(f"{what:22} ours {ns:7.1f} ns {peer:>12} {theirs:8.1f} ns  ours / peer {ns / theirs:6.3f}"
                  f"{goal(peer, key, ns, theirs, machine)}")
        if not compared and key[2] != "baseline":
            print(f"{what:22} ours {ns:7.1f} ns{goal(None, key, ns, 0, machine)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release", help="where bench_codec is (build/release)")
    parser.add_argument("--turns", type=int, default=5, help="of each program (5)")
    options = parser.parse_args()
    bench = options.build.resolve() / "bench_codec"
    if not bench.exists():
        sys.exit(f"{bench}: no such program; build the target bench_codec in a release build")

    payloads = run([bench, "--payloads"])
    others = peers(options.build.resolve())
    figures = {name: {} for name in ["ours", *(name for name, _ in others)]}
    for _ in range(options.turns):
        keep_least(figures["ours"], run([bench, "--lines"]))
        for name, command in others:
            keep_least(figures[name], run(command, input=payloads))
    ours = figures.pop("ours")
    print_beside_peers(ours, figures)


if __name__ == "__main__":
    main()
