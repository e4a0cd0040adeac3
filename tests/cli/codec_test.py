"""decode and encode: bytes that change on the way, or an error that does not say where, would make the toolkit useless
for fixtures and for reading captures."""

import json
import re
import unittest
from collections import defaultdict

from harness import FOUND_WRONG, OK, ROOT, USAGE, TestCase, frame, ibkr, ibkr_bytes, text

RECORDED = ROOT.parent / "shared/wire"  # not on a user's machine
SYNTHETIC = ROOT / "fixtures/payloads"
ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\", "\\|": "|", "|": "\0"}


def payload_of(notation, server_version):
    """NUL is written as |, and from version 201 the id in front stands for four raw bytes; hex: is the bytes themselves."""
    if notation.startswith("hex:"):
        return bytes.fromhex(notation[4:])
    plain = re.sub(r"\\[nt\\|]|\|", lambda found: ESCAPES[found[0]], notation)
    payload = plain.encode("utf-8", "surrogateescape")
    if server_version < 201:
        return payload
    head, _, body = payload.partition(b"\0")
    return int(head).to_bytes(4, "big") + body


def samples(folder, direction):
    """Payloads by server version. Where the version is not known, the first that the source says it fits."""
    by_version = defaultdict(list)
    rows = (folder / f"samples_{direction}.tsv").read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    for row in filter(None, rows[1:]):
        name, version, source, notation = row.split("\t")
        if version == "?":
            version = re.search(r"sv (\d+)-", source)[1]
        by_version[int(version)].append((name, payload_of(notation, int(version))))
    return by_version


def decode(direction, version, payloads):
    lines = "".join(payload.hex() + "\n" for payload in payloads)
    return ibkr("decode", "--direction", direction, "--server-version", version, stdin=lines)


def encode(direction, version, lines):
    return ibkr("encode", "--direction", direction, "--server-version", version, stdin=lines)


class RoundTrip(TestCase):
    def check(self, folder):
        for direction in ("in", "out"):
            for version, rows in samples(folder, direction).items():
                with self.subTest(direction=direction, version=version):
                    decoded = decode(direction, version, [payload for _, payload in rows])
                    self.assertEqual(decoded.returncode, OK, decoded.stdout)
                    for (name, _), line in zip(rows, decoded.stdout.splitlines(), strict=True):
                        self.assertNotEqual(json.loads(line)["name"], "Unknown", name)
                    encoded = encode(direction, version, decoded.stdout)
                    self.assertEqual(encoded.stdout.split(), [payload.hex() for _, payload in rows])

    def test_synthetic_payloads(self):
        self.check(SYNTHETIC)

    @unittest.skipUnless(RECORDED.is_dir(), "the recorded payloads are not on this machine")
    def test_recorded_payloads(self):
        self.check(RECORDED)

    def test_raw_stream(self):
        payloads = [text(9, 1, 5), text(15, 1, "DU1234567"), b""[:0] + text(999, "x")]
        stream = b"".join(map(frame, payloads))
        decoded = ibkr_bytes("decode", "--direction", "in", "--server-version", 178, "--raw", stdin=stream)
        self.assertEqual(decoded.returncode, OK, decoded.stderr)
        encoded = ibkr_bytes("encode", "--direction", "in", "--server-version", 178, "--raw", stdin=decoded.stdout)
        self.assertEqual(encoded.stdout, stream)

    def test_unknown_id_keeps_its_bytes(self):
        for version, payload, wire in ((178, text(999, "a"), "text"), (210, bytes.fromhex("000003e70801"), "protobuf")):
            decoded = decode("in", version, [payload])
            found = json.loads(decoded.stdout)
            self.assertEqual((found["name"], found["wire"], found["payload"]), ("Unknown", wire, payload.hex()))
            self.assertEqual(encode("in", version, decoded.stdout).stdout.strip(), payload.hex())

    def test_protobuf_in_an_unusual_spelling_keeps_its_bytes_until_edited(self):
        unusual = bytes.fromhex("000000d1" "088500")  # NextValidId, 5 as a varint of two bytes
        decoded = decode("in", 210, [unusual])
        found = json.loads(decoded.stdout)
        self.assertEqual((found["fields"], found["payload"]), ({"order_id": 5}, unusual.hex()))
        self.assertEqual(encode("in", 210, decoded.stdout).stdout.strip(), unusual.hex())
        found["fields"]["order_id"] = 6
        self.assertEqual(encode("in", 210, json.dumps(found)).stdout.strip(), "000000d10806")

    def test_the_wire_is_that_of_the_server_version(self):
        line = json.dumps({"name": "NextValidId", "fields": {"order_id": 5}})
        self.assertEqual([encode("in", version, line).stdout.strip() for version in (178, 203, 226)],
                         ["390031003500", "00000009" "31003500", "000000d1" "0805"])
        as_text = json.dumps({"name": "NextValidId", "wire": "text", "fields": {"order_id": 5}})
        self.assertEqual(encode("in", 226, as_text).stdout.strip(), "00000009" "31003500")

    def test_names_that_people_type(self):
        for name in ("CurrentTimeRequest", "REQ_CURRENT_TIME", "reqCurrentTime"):
            encoded = encode("out", 178, json.dumps({"name": name, "wire": "text"}))
            self.assertEqual(encoded.stdout.strip(), text(49, 1).hex(), name)


HELLO = b"API\0" + frame(b"v100..226 +PACEAPI")
ANSWER = frame(text(178, "20261123 09:30:00 EST"))


def read_side(direction, stream, *options):
    return ibkr_bytes("decode", "--direction", direction, "--raw", *options, stdin=stream)


class CapturedSide(TestCase):
    def test_the_side_of_tws_tells_its_version(self):
        result = read_side("in", ANSWER + frame(text(9, 1, 5)) + frame(text(176, "20261123 09:30:00 EST")))
        self.assertEqual(result.returncode, OK, result.stderr)
        answer, first, later = map(json.loads, result.stdout.splitlines())
        self.assertEqual(answer, {"name": "HelloAnswer", "fields": {"server_version": 178, "connection_time": "20261123 09:30:00 EST"}})
        self.assertEqual((first["name"], later["name"]), ("NextValidId", "Unknown"))  # an answer comes first only

    def test_an_answer_may_be_of_another_form(self):
        for odd in (b"178", b"178\0", text(178, "in the morning"), text(178, "20261123 09:30:00 EST", "more", "")):
            result = read_side("in", frame(odd) + frame(text(9, 1, 5)))
            self.assertEqual(result.returncode, OK, odd)
            answer, first = map(json.loads, result.stdout.splitlines())
            self.assertEqual((answer["fields"]["server_version"], first["name"]), (178, "NextValidId"), odd)

    def test_the_answer_overrules_a_version_that_was_given(self):
        result = read_side("in", frame(text(203, "20261123 09:30:00 EST")) + frame(b"\0\0\0\x09" + text(1, 5)), "--server-version", 178)
        self.assertEqual([json.loads(line)["name"] for line in result.stdout.splitlines()], ["HelloAnswer", "NextValidId"])
        self.assertIn(b"203", result.stderr)

    def test_the_side_of_the_app_needs_the_version(self):
        stream = HELLO + frame(text(71, 2, 7, "")) + frame(text(49, 1))
        result = read_side("out", stream, "--server-version", 178)
        self.assertEqual(result.returncode, OK, result.stderr)
        hello, start, time = map(json.loads, result.stdout.splitlines())
        self.assertEqual(hello, {"name": "Hello", "fields": {"min_version": 100, "max_version": 226, "options": "+PACEAPI"}})
        self.assertEqual((start["name"], time["name"]), ("StartApiRequest", "CurrentTimeRequest"))
        missing = ibkr("decode", "--direction", "out", "--raw", stdin=stream.decode())
        self.assert_fails(missing, USAGE, "--server-version", "100 to 226")
        self.assertIn('"Hello"', missing.stdout)
        self.assert_fails(ibkr("decode", "--direction", "in", "--raw", stdin=frame(text(9, 1, 5)).decode()), USAGE, "--server-version")

    def test_a_side_may_begin_at_any_frame(self):
        for direction, payload in (("in", text(9, 1, 5)), ("out", text(49, 1))):
            result = read_side(direction, frame(payload), "--server-version", 178)
            self.assertEqual((result.returncode, len(result.stdout.splitlines())), (OK, 1), result.stderr)

    def test_both_sides_go_back_to_their_bytes(self):
        for direction, stream in (("in", ANSWER + frame(text(9, 1, 5))), ("in", frame(b"178\x0020261123 09:30:00 EST") + frame(text(9, 1, 5))),
                                  ("out", HELLO + frame(text(49, 1)))):
            decoded = read_side(direction, stream, "--server-version", 178)
            encoded = ibkr_bytes("encode", "--direction", direction, "--server-version", 178, "--raw", stdin=decoded.stdout)
            self.assertEqual(encoded.stdout, stream)

    def test_what_is_cut_is_said(self):
        for direction, stream, phrase in (("out", HELLO[:3], "inside its hello"), ("out", HELLO[:-3], "inside its hello"),
                                          ("in", ANSWER[:-3], "inside a frame"), ("out", HELLO + b"\xff\0\0\0", f"byte {len(HELLO)}"),
                                          ("out", b"API\0\xff\xff\xff\xff", "hello of")):
            result = read_side(direction, stream, "--server-version", 178)
            self.assertEqual(result.returncode, FOUND_WRONG, phrase)
            self.assertIn(phrase, json.loads(result.stdout.splitlines()[-1])["error"]["reason"])

    def test_the_wrong_side_is_said(self):
        result = read_side("in", HELLO + frame(text(71, 2, 7, "")))
        self.assertEqual(result.returncode, FOUND_WRONG)
        self.assertIn("--direction out", json.loads(result.stdout)["error"]["reason"])
        result = read_side("out", ANSWER + frame(text(9, 1, 5)), "--server-version", 178)
        self.assertIn(b"--direction in", result.stderr)

    def test_a_redirect_is_named(self):
        result = read_side("in", frame(text(-1, "gw.example:4001")))
        self.assertEqual((result.returncode, json.loads(result.stdout)["fields"]), (OK, {"redirect": "gw.example:4001"}))


class Pasted(TestCase):
    def test_hex_and_text_as_people_have_them(self):
        lines = ["390031003500", "0x39,0x00,0x31,0x00,0x35,0x00", "9|1|5|", r"9\01\05", r"b'9\x001\x005\x00'", "00000006390031003500"]
        result = ibkr("decode", "--direction", "in", "--server-version", 178, stdin="\n".join(lines))
        self.assertEqual(result.returncode, OK, result.stdout)
        decoded = list(map(json.loads, result.stdout.splitlines()))
        self.assertEqual([one["fields"] for one in decoded], [{"order_id": 5}] * len(lines))
        self.assertEqual([one.get("length_prefix") for one in decoded], [None] * 5 + [True])
        as_text = ibkr("decode", "--direction", "in", "--server-version", 178, "--text", stdin="9001")
        self.assertEqual(json.loads(as_text.stdout)["id"], 9001)

    def test_what_does_not_decode_says_where_it_would(self):
        result = ibkr("decode", "--direction", "in", "--server-version", 178, stdin="000000d10805\n" + "49|1|\n" + "junk|")
        self.assertEqual(result.returncode, FOUND_WRONG)
        proto, other_side, junk = map(json.loads, result.stdout.splitlines())
        self.assertEqual(proto["readable_at"], [{"versions": "213..226", "name": "NextValidId", "direction": "in", "wire": "protobuf"}])
        self.assertEqual(other_side["readable_at"][0]["direction"], "out")
        self.assertNotIn("readable_at", junk)
        unknown = json.loads(ibkr("decode", "--direction", "in", "--server-version", 203, stdin=text(9, 1, 5).hex()).stdout)
        self.assertEqual((unknown["name"], unknown["readable_at"][0]["versions"]), ("Unknown", "100..200"))

    def test_annotated(self):
        result = ibkr("decode", "--direction", "in", "--server-version", 178, "--annotate", stdin="9|1|5|\n9|1|x|\n00000006390031003500")
        self.assertEqual(result.returncode, FOUND_WRONG)
        good, bad, prefixed, rest = result.stdout.split("\n\n")
        self.assertRegex(good, r'(?m)^ +2 +4  "5"  order_id +5$')
        self.assertRegex(bad, r"(?m)^  ! NextValidId\.order_id \(field 2, byte 4\): ")
        self.assertIn("length prefix", prefixed)
        self.assertEqual(rest, "")


class Errors(TestCase):
    def test_bad_lines_are_named_and_the_others_decoded(self):
        lines = f"# a comment\n\n{text(9, 1, 5).hex()}\n{text(9, 1, 'x').hex()}\nnot hex\n393\n\n{text(9, 1, 6).hex()}"
        result = ibkr("decode", "--direction", "in", "--server-version", 178, stdin=lines)
        self.assertEqual(result.returncode, FOUND_WRONG)
        first, bad, no_hex, half, last = map(json.loads, result.stdout.splitlines())
        self.assertEqual((first["fields"], last["fields"]), ({"order_id": 5}, {"order_id": 6}))
        self.assertEqual(set(bad["error"]), {"message", "field", "index", "byte_offset", "reason"})
        self.assertEqual((bad["error"]["message"], bad["error"]["field"]), ("NextValidId", "order_id"))
        self.assertEqual((bad["error"]["index"], bad["error"]["byte_offset"], bad["line"]), (2, 4, 4))
        self.assertIn("column 1", no_hex["error"]["reason"])
        self.assertIn("half a byte", half["error"]["reason"])
        self.assertIn("3 of 5 lines", result.stderr)

    def test_truncated_and_impossible_streams(self):
        for stream, phrase in ((frame(text(9, 1, 5)) + b"\0\0\0\x09abc", "inside a frame"), (b"\xff\0\0\0abcd", "byte 0")):
            result = ibkr_bytes("decode", "--direction", "in", "--server-version", 178, "--raw", stdin=stream)
            self.assertEqual(result.returncode, FOUND_WRONG)
            self.assertIn(phrase, json.loads(result.stdout.splitlines()[-1])["error"]["reason"])

    def test_encode_names_what_it_cannot(self):
        cases = (('{"name":"TickPrise","fields":{}}', "did you mean TickPrice"), ('{"name":', ""),
                 ('{"name":"NextValidId","fields":{"order_ib":1}}', "no such field"), ('{"name":"Unknown","id":9}', "payload"))
        result = encode("in", 178, "\n".join(line for line, _ in cases))
        self.assertEqual(result.returncode, FOUND_WRONG)
        for (_, phrase), line in zip(cases, result.stdout.splitlines(), strict=True):
            self.assertIn(phrase, json.loads(line)["error"]["reason"])

    def test_usage(self):
        self.assert_fails(ibkr("decode", "--direction", "in"), USAGE, "--server-version")
        self.assert_fails(ibkr("decode", "--direction", "up", "--server-version", 178), USAGE, "--direction", "up")
        self.assert_fails(ibkr("decode", "--direction", "in", "--server-version", 99), USAGE, "--server-version", "100")
        self.assert_fails(ibkr("decode", "--direction", "in", "--server-version", 178, self.folder / "none"), 3, "none")


if __name__ == "__main__":
    unittest.main()
