"""A recorded journal read in every way that a user has: plain SQLite, `ibkr sessions`, `show`, `decode`, `encode`."""

import json
import sqlite3
import subprocess

SECONDS = 60
DIRECTIONS = {"outgoing": "out", "incoming": "in"}
HANDSHAKE = ("Hello", "HelloAnswer")  # rows of the journal that are no message of the protocol


def problems(program, journal):
    """What is wrong with the journal of one session, one line each; nothing when all is well."""
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as database:
        sessions = database.execute("select session_id, server_version, status, client_id from connection_sessions").fetchall()
        frames = database.execute(
            "select message_id, direction, message_type, wire, message_content, fields from messages order by message_id").fetchall()
        events = database.execute("select kind, text from events").fetchall()
    found = []
    if len(sessions) != 1 or sessions[0][2] != "closed":
        found.append(f"    expected one closed session, found {sessions}")
    found += [f"    event in the journal: {kind}: {text}" for kind, text in events if kind in ("error", "gap", "truncated")]
    found += [f"    frame {number} ({direction}) was not decoded: {name} {wire}"
              for number, direction, name, wire, _, fields in frames if name not in HANDSHAKE and (not fields or not name or name.startswith("Unknown"))]
    session, version = sessions[0][:2]
    return found + _listing(program, journal, session) + _show(program, journal, frames) + _round_trip(program, version, frames)


def _run(program, *arguments, given=None):
    done = subprocess.run([program, *map(str, arguments)], input=given, stdin=None if given is not None else subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=SECONDS)
    wrong = [f"    ibkr {arguments[0]} ended with status {done.returncode}: {done.stderr.strip()[-500:]}"] if done.returncode else []
    return done.stdout.splitlines(), wrong


def _listing(program, journal, session):
    lines, wrong = _run(program, "sessions", journal)
    if not any(line.split()[:1] == [str(session)] for line in lines):
        wrong.append(f"    ibkr sessions does not list session {session}: {lines}")
    return wrong


def _show(program, journal, frames):
    lines, wrong = _run(program, "show", journal, "--json")
    objects = [json.loads(line) for line in lines]
    if [shown.get("name") for shown in objects] != [name for _, _, name, *_ in frames]:
        wrong.append(f"    ibkr show --json gave {len(objects)} objects for {len(frames)} frames, or other names")
    plain, wrong_plain = _run(program, "show", journal)
    if [name for line, (_, _, name, *_) in zip(plain[-len(frames):], frames) if name not in line.split()]:
        wrong.append(f"    ibkr show gave {len(plain)} lines for {len(frames)} frames, or other names")
    return wrong + wrong_plain


def _round_trip(program, version, frames):
    wrong = []
    for recorded, direction in DIRECTIONS.items():
        payloads = [content.hex() for _, of, _, wire, content, _ in frames if of == recorded and wire in ("text", "protobuf")]
        common = ("--direction", direction, "--server-version", version)
        decoded, wrong_decode = _run(program, "decode", *common, given="".join(f"{payload}\n" for payload in payloads))
        encoded, wrong_encode = _run(program, "encode", *common, given="".join(f"{line}\n" for line in decoded))
        wrong += wrong_decode + wrong_encode
        wrong += [f"    decode | encode changed a frame:\n      {before}\n      {after}"
                  for before, after in zip(payloads, encoded) if before != after.lower()]
        if len(encoded) != len(payloads):
            wrong.append(f"    decode | encode gave {len(encoded)} frames for {len(payloads)}")
    return wrong
