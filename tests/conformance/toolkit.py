"""Our protocol library from Python: one line asked, one line answered (toolkit.cpp says which)."""

import json
import subprocess
from decimal import Decimal
from functools import cached_property


class ToolkitError(Exception):
    """Our library refused: the payload does not decode, or the values do not encode."""


class Toolkit:
    """One running toolkit program. Not for several threads."""

    def __init__(self, program):
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="surrogateescape"
        )
        self._versions = {}
        self._layouts = {}

    def ask(self, *words):
        line = " ".join(map(str, words))
        assert "\n" not in line
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"the toolkit ended at: {line[:2000]}")
        if answer.startswith("error "):
            raise ToolkitError(answer[6:].rstrip("\n"))
        return answer.rstrip("\n")

    @cached_property
    def schema(self):
        return json.loads(self.ask("schema"))

    @cached_property
    def messages(self):
        """(direction, name) -> the message's entry of the schema."""
        return {(m["direction"], m["name"]): m for m in self.schema["messages"]}

    @cached_property
    def structs(self):
        """Struct name -> {field name: the field's entry of the schema}."""
        return {name: {f["name"]: f for f in fields} for name, fields in self.schema["structs"].items()}

    def versions(self, message):
        """The server versions on both sides of every change of the message's layout, and both ends."""
        key = message["direction"], message["name"]
        if key not in self._versions:
            self._versions[key] = json.loads(self.ask("versions", *key))
        return self._versions[key]

    def layout(self, message, version):
        """Paths of the fields that the text layout carries at a server version."""
        key = message["direction"], message["name"], version
        if key not in self._layouts:
            self._layouts[key] = frozenset(json.loads(self.ask("layout", *key)))
        return self._layouts[key]

    def decode(self, direction, version, payload):
        """Returns the payload encoded again and the message."""
        again, text = self.ask("decode", direction, version, payload.hex()).split(" ", 1)
        return bytes.fromhex(again), read_json(text)

    def random(self, message, wire, version, seed):
        """Returns a random message's payload and the message."""
        payload, text = self.ask("random", message["direction"], message["name"], wire, version, seed).split(" ", 1)
        return bytes.fromhex(payload), read_json(text)

    def compare(self, direction, version, payload, message_json):
        return json.loads(self.ask("compare", direction, version, payload.hex(), message_json))

    def encode(self, direction, version, message_json):
        return bytes.fromhex(self.ask("encode", direction, version, message_json))


def wire_at(message, version):
    return "protobuf" if message["proto_since"] and version >= message["proto_since"] else "text"


def read_json(text):
    """JSON with every fractional number as an exact Decimal."""
    return json.loads(text, parse_float=Decimal)


def write_json(value):
    """JSON with Decimals as numbers, digit for digit."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{write_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write_json, value)) + "]"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    return json.dumps(value)
