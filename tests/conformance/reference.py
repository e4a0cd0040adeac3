#!/usr/bin/env python3
"""Protobuf: Google's library, with the official client's generated classes, against our own few lines.

A user would see the difference as fields that get lost between an application and TWS. Both directions, every message
type of the package: what we encode parses there to the same fields; what the library fills at random decodes with us to
the same fields and encodes to the same bytes; fields that we do not know come back as they came.

    PYTHONPATH=<directory of the client> reference.py --toolkit PROGRAM --client NAME [--cases N] [--seed N]

Ends with the report as one line of JSON.
"""

import importlib
import pkgutil
import random
import zlib

import excused
from report import Report, arguments_of_part
from toolkit import ToolkitError
from values import letters

HIGHEST_VERSION = 226
UNKNOWN_NUMBERS = (4000, 536870911)


def generated_classes():
    """Message name -> generated class, of the whole package."""
    package = importlib.import_module("ibapi.protobuf")
    classes = {}
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.endswith("_pb2"):
            continue
        for name, descriptor in importlib.import_module(f"ibapi.protobuf.{module.name}").DESCRIPTOR.message_types_by_name.items():
            classes[name] = descriptor._concrete_class
    return classes


# ---- a reference message as our JSON ----


def is_repeated(field):
    return field.label == field.LABEL_REPEATED


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def is_present(message, field):
    if is_repeated(field):
        return len(getattr(message, field.name)) > 0
    return message.HasField(field.name) if field.has_presence else getattr(message, field.name) != field.default_value


def as_fields(message):
    """{letters of the field's name: value}; maps are dictionaries, unset fields are absent."""
    fields = {}
    for field in message.DESCRIPTOR.fields:
        if not is_present(message, field):
            continue
        value = getattr(message, field.name)
        if is_map(field):
            value = dict(value)
        elif field.message_type is not None:
            value = [as_fields(element) for element in value] if is_repeated(field) else as_fields(value)
        elif is_repeated(field):
            value = list(value)
        fields[letters(field.name)] = value
    return fields


def our_fields(values):
    """Our JSON in the same shape."""
    fields = {}
    for name, value in values.items():
        if name == "unknown_fields":
            continue
        if isinstance(value, dict):
            value = our_fields(value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            is_options = all(element.keys() <= {"tag", "value"} for element in value) and any("tag" in element for element in value)
            value = {e.get("tag", ""): e.get("value", "") for e in value} if is_options else [our_fields(e) for e in value]
        fields[letters(name)] = value
    return fields


DECIMAL_MARKS = ["", "2147483647", "-9223372036854775808", "1.7976931348623157E308", str(2**127 - 1)]
MARKS = [2**31 - 1, 2**63 - 1, 1.7976931348623157e308, *DECIMAL_MARKS]  # to us, a field that says so is unset


def differences(ours, theirs, path=""):
    """(path, what) of every field that differs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            if name not in ours and theirs[name] in MARKS:
                continue
            if name not in ours or name not in theirs:
                yield path + name, f"ours {ours.get(name, 'absent')!r}, theirs {theirs.get(name, 'absent')!r}"
            else:
                yield from differences(ours[name], theirs[name], f"{path}{name}.")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for left, right in zip(ours, theirs):
            yield from differences(left, right, path)
    elif not same_scalar(ours, theirs):
        yield path.rstrip("."), f"ours {ours!r}, theirs {theirs!r}"


def same_scalar(ours, theirs):
    if ours == theirs:
        return True
    try:
        return float(ours) == float(theirs)  # a decimal that travels as text, a multiplier that travels as a double
    except (TypeError, ValueError):
        return False


# ---- random reference messages ----


class Filler:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def fill(self, message, decimals):
        """`decimals`: texts that are numbers for us, by name. Parts get a few fields that nobody knows."""
        for field in message.DESCRIPTOR.fields:
            if self.random.random() < 0.4:
                continue
            if is_map(field):
                for _ in range(self.random.randrange(3)):
                    getattr(message, field.name)[self.text()] = self.text()
            elif field.message_type is not None:
                for _ in range(self.random.randrange(3) if is_repeated(field) else 1):
                    inner = getattr(message, field.name)
                    inner = inner.add() if is_repeated(field) else inner
                    inner.SetInParent()
                    self.fill(inner, decimals)
                    if self.random.random() < 0.1:
                        inner.MergeFromString(self.unknown())
            elif is_repeated(field):
                getattr(message, field.name).extend(self.scalar(field, decimals) for _ in range(self.random.randrange(4)))
            else:
                setattr(message, field.name, self.scalar(field, decimals))
        return message

    def text(self):
        return self.random.choice(["", "AAPL", "a b", "\u4e2d\u6587", "x" * 200, "\U0001f600", "=;\0"])

    def scalar(self, field, decimals):
        pick = self.random
        match field.cpp_type:
            case field.CPPTYPE_INT32:
                return pick.choice([0, 1, -1, 127, 128, 2**31 - 1, -(2**31), pick.randrange(-(2**31), 2**31)])
            case field.CPPTYPE_INT64:
                return pick.choice([0, 1, -1, 2**63 - 1, -(2**63), pick.randrange(-(2**63), 2**63)])
            case field.CPPTYPE_DOUBLE:
                return pick.choice([0.0, -0.0, 1.5, -1e-300, 1.7976931348623157e308, float("inf"), pick.random() * 1e6])
            case field.CPPTYPE_BOOL:
                return pick.random() < 0.5
            case field.CPPTYPE_STRING:
                if letters(field.name) in decimals:
                    usual = ["0", "1", "-2.5", "100", "0.00000001", "12345678901234.56"]
                    return pick.choice([*usual, "1e-05", "+5", ".5", "1E+30", "NaN", "0." + "1" * 55, pick.choice(DECIMAL_MARKS)])
                return self.text()
        raise ValueError(f"no random value for {field.full_name}")

    def unknown(self):
        """Encoded fields that nobody knows: one of each wire type."""
        varint, fixed64, chunk, fixed32 = ((self.random.choice(UNKNOWN_NUMBERS) << 3) | kind for kind in (0, 1, 2, 5))
        text = self.text().encode()
        return (
            encode_varint(varint)
            + encode_varint(self.random.randrange(2**64))
            + encode_varint(fixed64)
            + self.random.randbytes(8)
            + encode_varint(chunk)
            + encode_varint(len(text))
            + text
            + encode_varint(fixed32)
            + self.random.randbytes(4)
        )


def encode_varint(number):
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes(encoded) + bytes([number])


# ---- comparisons ----


class Pair:
    """One of our messages and its generated class."""

    def __init__(self, toolkit, message, generated, report):
        self.toolkit, self.message, self.generated, self.report = toolkit, message, generated, report
        self.name = message["name"]
        self.direction = message["direction"]
        self.head = (message["id"] + 200).to_bytes(4, "big")
        self.decimals = {letters(f["name"]) for fields in toolkit.structs.values() for f in fields.values() if f["kind"] == "decimal"}

    def differ(self, what, example):
        self.report.differs(self.name, what, example)

    def ours_there(self, seed):
        """What we encode, read by the library."""
        self.report.count(self.name, HIGHEST_VERSION)
        payload, sent = self.toolkit.random(self.message, "protobuf", HIGHEST_VERSION, zlib.crc32(seed.encode()))
        theirs = self.generated.FromString(payload[4:])
        self._keep_one_of(sent["fields"])
        for path, what in differences(our_fields(sent["fields"]), as_fields(theirs)):
            excused.judge(self.report, "reference", self.name, HIGHEST_VERSION, path, "reference", what, f"we encoded, seed {seed!r}")

    def _keep_one_of(self, fields):
        """Our random messages fill every alternative of a `oneof`; a reader takes the last one on the wire."""
        for oneof in self.generated.DESCRIPTOR.oneofs:
            filled = [n for f in oneof.fields for n in fields if letters(n) == letters(f.name)]
            for name in filled[:-1]:
                del fields[name]

    def theirs_here(self, seed):
        """What the library fills, read and written back by us, without and with fields that nobody knows."""
        filler = Filler(seed)
        theirs = filler.fill(self.generated(), self.decimals)
        body = theirs.SerializeToString()
        for extra in (b"", filler.unknown()):
            self.report.count(self.name, HIGHEST_VERSION)
            try:
                again, read = self.toolkit.decode(self.direction, HIGHEST_VERSION, self.head + body + extra)
            except ToolkitError as error:
                self.differ(f"error {str(error)[:100]}", f"seed {seed!r}: {body + extra!r}")
                return
            if again != self.head + body + extra:
                self.differ("decoded and encoded again it is another payload", f"seed {seed!r}: {body + extra!r} became {again!r}")
            for path, what in differences(our_fields(read["fields"]), as_fields(theirs)):
                excused.judge(self.report, "reference", self.name, HIGHEST_VERSION, path, "reference", what, f"it encoded, seed {seed!r}")


def nested_in(descriptor, found):
    """Names of the message types that a message contains, with its own."""
    found.add(descriptor.name)
    for field in descriptor.fields:
        if field.message_type is not None and field.message_type.name not in found and not is_map(field):
            nested_in(field.message_type, found)
    return found


def main():
    options, toolkit = arguments_of_part(__doc__)
    report = Report("reference", options.client)
    classes = generated_classes()
    reached = set()
    for (direction, name), message in toolkit.messages.items():
        generated = classes.get(name) or classes.get(excused.OTHER_PROTOBUF_NAMES.get(name, ""))
        if not message["proto_since"] or options.only not in (None, name):
            continue
        if generated is None or name not in excused.REFERENCE.get(options.client, [name]):
            report.not_driven.append(name)
            continue
        nested_in(generated.DESCRIPTOR, reached)
        pair = Pair(toolkit, message, generated, report)
        for number in range(options.cases):
            pair.ours_there(f"{options.seed}/{direction}/{name}/{number}")
            pair.theirs_here(f"{options.seed}/{direction}/{name}/{number}")
    whole = options.only is None and options.client not in excused.REFERENCE
    for name in sorted(classes.keys() - reached) if whole else ():
        report.differs(name, "no message of ours contains this type", name)
    report.types = sorted(reached)
    print(report.to_json())


if __name__ == "__main__":
    main()
