#!/usr/bin/env python3
"""Whoever opens a capture in Wireshark must see every message by its name and every field with its value: a value that
differs from what `ibkr decode` says, or bytes that nothing shows, would send them after a bug that is not there.

    IBKR_PROGRAM=build/dev/ibkr python3 -B -m unittest discover -s tests/wireshark -p '*_test.py'

A capture is written from random messages of every type at several server versions, cut into TCP segments at random, and
read by tshark. IBKR_SEED repeats a run. Exit status 77: there is no tshark, nothing was checked.
"""

import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from capture import Capture, fields, frame, hello  # noqa: E402
from protocol_description import Description  # noqa: E402
from random_messages import Maker  # noqa: E402

PROGRAM = os.environ.get("IBKR_PROGRAM", str(ROOT / "build/dev/ibkr"))
TSHARK = shutil.which("tshark")
SEED = int(os.environ.get("IBKR_SEED", random.randrange(2**32)))
DISSECTOR = ROOT / "wireshark" / "ibkr.lua"
VERSIONS = (100, 118, 145, 165, 178, 195, 200, 201, 206, 210, 226)
PER_MESSAGE = 6
TWS_PORT = 7496
NOT_IN_XML = bytes(set(range(32)) - set(b"\t\n\r"))  # tshark writes them all the same
LEFT_OVER = ("ibkr.undecoded", "ibkr.unknown_field", "ibkr.trailing", "ibkr.variant", "ibkr.malformed", "ibkr.undescribed")


def ibkr(command, direction, version, lines):
    run = subprocess.run([PROGRAM, command, "--direction", direction, "--server-version", str(version)], text=True, check=False,
                         input="".join(line + "\n" for line in lines), capture_output=True, timeout=120)
    return run.stdout.splitlines()


def tshark(path, *options):
    """The packets of a capture, as PDML."""
    run = subprocess.run([TSHARK, "-X", f"lua_script:{DISSECTOR}", "-r", str(path), "-T", "pdml", *options], check=False,
                         capture_output=True, timeout=600)
    errors = [line for line in run.stderr.decode().splitlines() if "Lua" in line or "ibkr" in line]
    if run.returncode or errors:
        raise AssertionError("\n".join(errors) or run.stderr.decode())
    return xml.fromstring(run.stdout.translate(None, NOT_IN_XML))


def only(element, name):
    """The value of a frame's own field."""
    return next((f.get("show") for f in element.iter("field") if f.get("name") == name), None)


def leaves(element, path=()):
    """What a frame's tree shows: (path, shown value) of every described field, list elements numbered."""
    seen = defaultdict(int)
    for f in element.findall("field"):
        parts = f.get("name").split(".")
        if len(parts) != 3 or parts[0] != "ibkr" or f.get("hide") == "yes":
            continue
        here = (*path, (parts[2], seen[parts[2]]))
        seen[parts[2]] += 1
        inner = list(leaves(f, here))
        yield from inner or [(here, f.get("show"))]


def flat(value, path=()):
    """The same of a JSON object."""
    for name, one in value.items():
        for i, element in enumerate(one if isinstance(one, list) else [one]):
            if isinstance(element, dict):
                yield from flat(element, (*path, (name, i)))
            else:
                yield (*path, (name, i)), element


def type_at(description, message, path):
    struct, kind = description.structs[message], ""
    for name, _ in path:
        kind = struct.find(name).element
        struct = description.structs.get(kind)
    return kind


def same(kind, shown, value):
    if kind == "bool":
        return shown in (("1", "True") if value else ("0", "False"))
    if kind == "double":
        want, have = float(value), float(shown)
        return want == have or math.isclose(want, have, rel_tol=1e-14) or (math.isnan(want) and math.isnan(have))
    if kind == "decimal":
        return Decimal(shown) == Decimal(str(value))
    return shown == str(value)


def covered(element):
    """Whether the fields of a frame's tree show all of its bytes."""
    start, size = int(element.get("pos")), int(element.get("size"))
    shown = bytearray(size)
    for f in element.findall(".//field"):
        at, length = int(f.get("pos")) - start, int(f.get("size"))
        if at >= 0:
            shown[at:at + length] = b"\1" * len(shown[at:at + length])
    return all(shown)


@unittest.skipUnless(TSHARK, "there is no tshark (apt-get install tshark): the dissector was not run")
class Dissector(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.description = Description((ROOT / "protocol" / "messages").glob("*.tws"))

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "traffic.pcap"

    def frames(self, *options):
        """The frames that tshark shows: elements of the tree, in order."""
        return [proto for packet in tshark(self.path, *options) for proto in packet.findall("proto") if proto.get("name") == "ibkr"]

    def conversation(self, version, sent, app_port=50000):
        """A capture of one connection: handshake, then (direction, payload) one a packet."""
        capture = Capture()
        talk = capture.conversation(app_port, TWS_PORT)
        talk.send("out", hello(b"v100..%d" % version))
        talk.send("in", frame(fields(version, "20261123 09:30:00 EST")))
        for direction, payload in sent:
            talk.send(direction, frame(payload))
        capture.write(self.path)

    def test_every_message_is_shown_whole(self):
        print(f"seed {SEED}", file=sys.stderr)
        chance = random.Random(SEED)
        capture, expected = Capture(), {}
        for i, version in enumerate(VERSIONS):
            self.add_conversation(capture, chance, version, 50000 + i, expected)
        capture.write(self.path)
        compared = values = 0
        named = set()
        for packet in tshark(self.path):
            ports = {only(packet, "tcp.srcport"), only(packet, "tcp.dstport")}
            for shown in packet.findall("proto[@name='ibkr']"):
                queue = expected[next(int(p) for p in ports if p != str(TWS_PORT))][only(shown, "ibkr.direction")]
                values += self.compare(shown, *queue.pop(0))
                named.add((only(shown, "ibkr.direction"), only(shown, "ibkr.message")))
                compared += 1
        self.assertEqual([rest for queues in expected.values() for queue in queues.values() for rest in queue], [])
        print(f"{compared} frames with {values} values at {len(VERSIONS)} server versions as `ibkr decode` says", file=sys.stderr)
        self.assertEqual({(m.direction, m.name) for m in self.description.messages} - named, set())

    def add_conversation(self, capture, chance, version, app_port, expected):
        talk = capture.conversation(app_port, TWS_PORT)
        talk.send("out", hello(b"v100..%d" % version))
        talk.send("in", frame(fields(version, "20261123 09:30:00 EST")))
        queues = expected[app_port] = {"out": [(version, "Hello", None)], "in": [(version, "HelloAnswer", None)]}
        for direction in ("out", "in"):
            stream = b""
            for payload, told in self.random_payloads(chance, direction, version):
                stream += frame(payload)
                queues[direction].append((version, told["name"], told))
            while stream:
                cut = chance.choice((1, 3, 40, 500, 1400, 9000))
                talk.send(direction, stream[:cut])
                stream = stream[cut:]

    def random_payloads(self, chance, direction, version):
        maker = Maker(self.description, chance)
        there = [m for m in self.description.messages if m.direction == direction and version >= m.since
                 and (m.ops is not None or version >= m.protobuf)] * PER_MESSAGE
        chance.shuffle(there)
        lines = [json.dumps({"name": m.name, "fields": maker.fields(m)}) for m in there]
        encoded = ibkr("encode", direction, version, lines)
        self.assertEqual([line for line in encoded if line.startswith("{")], [], f"at {version}")
        decoded = [json.loads(line) for line in ibkr("decode", direction, version, encoded)]
        self.assertEqual([told["name"] for told in decoded], [m.name for m in there])
        return list(zip(map(bytes.fromhex, encoded), decoded, strict=True))

    def compare(self, shown, version, name, told):
        """One frame against what `ibkr decode` told; the number of values compared."""
        self.assertEqual((only(shown, "ibkr.message"), only(shown, "ibkr.malformed")), (name, None))
        self.assertTrue(covered(shown), f"{name} at {version}: bytes that no field shows")
        if told is None:
            return 0
        where = f"{name} at {version}, {told['wire']}"
        self.assertEqual(only(shown, "ibkr.wire"), told["wire"], where)
        self.assertEqual([f.get("name") for f in shown.iter("field") if f.get("name") in LEFT_OVER], [], where)
        have, want = dict(self.described(shown, name)), dict(flat(told["fields"]))
        self.assertEqual(have.keys(), want.keys(), where)
        for path, value in want.items():
            kind = type_at(self.description, name, path)
            self.assertTrue(same(kind, have[path], value), f"{where}: {path} shows {have[path]!r}, not {value!r}")
        return len(want)

    def described(self, shown, name):
        """Leaves that are scalars: an empty struct has none."""
        return [(path, value) for path, value in leaves(shown) if type_at(self.description, name, path) not in self.description.structs]

    def test_what_is_not_described_is_shown_as_such(self):
        """A newer server's fields and messages must not look like ours, nor break the rest."""
        self.conversation(226, [("in", bytes.fromhex("000000c9" "08a946" "fa3f026869"))])
        [_, _, tick] = self.frames()
        self.assertEqual((only(tick, "ibkr.message"), only(tick, "ibkr.tick_price.req_id")), ("TickPrice", "9001"))
        self.assertEqual(only(tick, "ibkr.unknown_field"), "fa:3f:02:68:69")
        self.conversation(178, [("in", fields(9, 1, 5, "more")), ("in", fields(199, "x"))])
        [_, _, extra, unknown] = self.frames()
        self.assertEqual((only(extra, "ibkr.next_valid_id.order_id"), only(extra, "ibkr.trailing")), ("5", "more"))
        self.assertEqual((only(unknown, "ibkr.message"), only(unknown, "ibkr.undecoded")), ("Unknown 199", "78:00"))

    def test_malformed_frames_say_so(self):
        bad = [fields(1, 6, "nine"), fields(1, 6), fields(17, 9001, 2000000000), b"no id"]
        self.conversation(178, [("in", payload) for payload in bad] + [("in", fields(9, 1, 5))])
        shown = self.frames()[2:]
        said = [[f.get("show") for f in one.iter("field") if f.get("name") == "_ws.expert.message"] for one in shown]
        for reasons, phrase in zip(said, ("not a number", "ends before req_id", "a count of|ends before", "does not begin"), strict=False):
            self.assertRegex(reasons[0], phrase)
        self.assertEqual((said[4], only(shown[4], "ibkr.next_valid_id.order_id")), ([], "5"))

    def test_damaged_frames_never_break_the_dissector(self):
        """A flipped bit or a cut gives values or a reason, never an error of Lua, and the next frame is whole again."""
        chance = random.Random(SEED)
        for version in (178, 210, 226):
            sent = []
            for direction in ("in", "out"):
                for payload, _ in self.random_payloads(chance, direction, version):
                    damaged = bytearray(payload)
                    for _ in range(chance.choice((1, 3, 10))):
                        damaged[chance.randrange(len(damaged))] = chance.choice((0, 48, 57, 128, 255, chance.randrange(256)))
                    sent.append((direction, bytes(damaged[:chance.choice((len(damaged), chance.randrange(1, len(damaged) + 1)))])))
            self.conversation(version, [*sent, ("in", fields(9, 1, 5) if version < 201 else bytes.fromhex("000000d1" "0805"))])
            shown = self.frames()
            self.assertEqual(len(shown), len(sent) + 3)
            told = [f.get("show") for one in shown for f in one.iter("field") if f.get("name") == "_ws.expert.message"]
            self.assertEqual([reason for reason in told if ".lua" in reason], [])
            self.assertNotIn("Lua", "".join(f.get("name") for one in shown for f in one.iter("field")))
            self.assertEqual(only(shown[-1], "ibkr.next_valid_id.order_id"), "5")

    def test_capture_without_handshake(self):
        capture = Capture()
        talk = capture.conversation(50000, TWS_PORT)
        talk.send("in", frame(fields(9, 1, 5)))
        talk.send("out", frame(bytes.fromhex("000000c9" "08a946")))
        capture.write(self.path)
        answer, request = self.frames()
        self.assertEqual((only(answer, "ibkr.message"), only(answer, "ibkr.server_version")), ("NextValidId", "178"))
        self.assertEqual((only(request, "ibkr.message"), only(request, "ibkr.direction")), ("MarketDataRequest", "out"))
        [answer, _] = self.frames("-o", "ibkr.server_version:150")
        self.assertEqual(only(answer, "ibkr.server_version"), "150")

    def test_other_ports_and_filters(self):
        """Both directions are found when the proxy listens elsewhere, and one id finds a request with its answers."""
        capture = Capture()
        talk = capture.conversation(50000, 12345)
        talk.send("out", hello(b"v100..178"))
        talk.send("in", frame(fields(178, "20261123 09:30:00 EST")))
        talk.send("out", frame(fields(2, 2, 9001)))
        talk.send("in", frame(fields(4, 2, 9001, 300, "no such id", "")))
        talk.send("in", frame(fields(9, 1, 5)))
        capture.write(self.path)
        shown = self.frames("-o", "ibkr.ports:12345")
        self.assertEqual([only(one, "ibkr.message") for one in shown], ["Hello", "HelloAnswer", "CancelMarketData", "ErrorMessage", "NextValidId"])
        shown = self.frames("-d", "tcp.port==12345,ibkr", "-Y", "ibkr.request_id == 9001")
        self.assertEqual([only(one, "ibkr.message") for one in shown], ["CancelMarketData", "ErrorMessage"])

    def test_committed_file_is_what_the_generator_makes(self):
        run = subprocess.run([sys.executable, ROOT / "scripts" / "generate_dissector.py", "--check"], capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))


if __name__ == "__main__":
    if not TSHARK:
        print("SKIPPED: there is no tshark (apt-get install tshark); the dissector was not run", file=sys.stderr)
        sys.exit(77)
    unittest.main()
