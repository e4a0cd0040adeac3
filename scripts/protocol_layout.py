"""Text layouts of the description language: a block of statements, resolved into ops over slots (protocol/schema.h)."""

import re
from dataclasses import dataclass, field as member

from protocol_lines import LAST_VERSION, Wrong, expect, integer, server_version, unquote, version_range

SCALARS = ("int32", "int64", "double", "bool", "decimal", "string")
SPELLINGS = {"": "Plain", "?": "Blank", "!": "Sentinel", "~": "Escaped", "~~": "EscapedAlways",
             ":true": "TrueFalse", ":ao": "AndOr", ":whole": "Whole"}
NUMBERS = ("int32", "int64", "double", "decimal")
SPELLED = {"?": NUMBERS, "!": NUMBERS, "~": ("string",), "~~": ("string",), ":true": ("bool",), ":ao": ("bool",),
           ":whole": ("double",)}
COMPARES = {"==": "Equal", "!=": "NotEqual", "<": "Less", "<=": "LessEqual", ">": "Greater", ">=": "GreaterEqual",
            "in": "Equal"}
MAX_SLOTS = 16  # kMaxTextSlots in protocol/schema.h
MAX_BITS = 31  # of a mask, which is an int32


@dataclass
class Op:
    """One step of a text layout; see TextOp in protocol/schema.h."""
    code: str
    where: str  # "file:line", for errors
    field: object = None
    slot: int = 0
    element_slot: int = 0
    spelling: str = ""
    since: int = 0
    until: int = 0
    number: int = 0
    sent_again: bool = False  # of a Field that an Echo follows
    literal: str = ""
    conditions: list = member(default_factory=list)
    mask: list = member(default_factory=list)  # the field of each bit
    body: list = member(default_factory=list)
    otherwise: list = member(default_factory=list)


@dataclass
class Condition:
    code: str  # ServerVersion, MessageVersion, Integer, Number, Text, NotEmptyList
    compare: str
    slot: int = 0
    field: object = None
    number: float = 0
    texts: list = member(default_factory=list)
    integers: list = member(default_factory=list)


@dataclass
class Slot:
    parent: int
    field: object
    struct: object


class Scope:
    """Fields of one message's structs, by path, and conditions on them. Slot 0 is the message."""

    def __init__(self, description, message):
        self.description, self.message = description, message
        self.slots = [Slot(0, None, message.body)]

    def _check_slots(self):
        if len(self.slots) > MAX_SLOTS:
            raise Wrong(f"{self.message.where}: {self.message.name} has {len(self.slots)} structs, "
                        f"more than {MAX_SLOTS}")

    # ---- fields ----------------------------------------------------------------------------------------------------

    def _field(self, path, base, where):
        """The slot and field that a dotted path names: from the innermost struct, else from the message."""
        *parents, name = path.split(".")
        for start in dict.fromkeys((base, 0)):
            slot = self._walk(parents, start)
            if slot is not None:
                f = self.slots[slot].struct.find(name)
                if f:
                    return slot, f
        raise Wrong(f"{where}: {self.slots[base].struct.name} has no field {path}")

    def _struct_slot(self, path, base, where):
        slot = self._walk(path.split("."), base)
        if slot is None:
            raise Wrong(f"{where}: {self.slots[base].struct.name} has no struct {path}")
        return slot

    def _walk(self, names, slot):
        for name in names:
            f = self.slots[slot].struct.find(name)
            if f is None or f.is_list or f.type not in self.description.structs:
                return None
            known = next((i for i, s in enumerate(self.slots) if i and s.parent == slot and s.field is f), None)
            if known is None:
                self.slots.append(Slot(slot, f, self.description.structs[f.type]))
                known = len(self.slots) - 1
            slot = known
        return slot

    # ---- conditions ------------------------------------------------------------------------------------------------

    def _conditions(self, line, words, base):
        made, part = [], []
        for word in [*words, "and"]:
            if word != "and":
                part.append(word)
                continue
            made.append(self._condition(line, part, base))
            part = []
        return made

    def _condition(self, line, words, base):
        where = line.where
        if words[1:] == ["not", "empty"]:
            slot, f = self._compared(words[0], base, where)
            if not f.is_list:
                raise Wrong(f"{where}: {f.name} is no list")
            return Condition("NotEmptyList", "Greater", slot, f)
        compare, values = self._values(line, words)
        if words[0] in ("server", "version"):
            expect(line, words[1] != "in", f"{words[0]} and one number")
            if words[0] == "server":
                return Condition("ServerVersion", compare, number=server_version(values[0], where))
            return Condition("MessageVersion", compare, number=integer(values[0], where))
        slot, f = self._compared(words[0], base, where)
        if f.type == "string" and compare in ("Equal", "NotEqual"):
            return Condition("Text", compare, slot, f, texts=[unquote(v, where) for v in values])
        if f.type in ("double", "decimal") and words[1] != "in":
            number = float("inf") if values[0] == "infinity" else float(integer(values[0], where))
            return Condition("Number", compare, slot, f, number)
        if f.type in ("int32", "bool"):
            return Condition("Integer", compare, slot, f, integers=[integer(v, where) for v in values])
        raise Wrong(f"{where}: {f.name}, a {f.type}, cannot be compared with {words[1]}")

    @staticmethod
    def _values(line, words):
        """The comparison and the values of: name == value, name in (value value)."""
        expect(line, len(words) >= 3 and words[1] in COMPARES,
               "a condition: server|version|name ==|!=|<|<=|>|>= value, name in (value ...) or name not empty")
        values = words[2:]
        if words[1] == "in":
            expect(line, len(values) > 2 and values[0] == "(" and values[-1] == ")", "in (value ...)")
            values = values[1:-1]
        else:
            expect(line, len(values) == 1, f"one value after {words[1]}")
        return COMPARES[words[1]], values

    def _compared(self, path, base, where):
        """The slot and field that a condition compares."""
        return self._field(path, base, where)


class Layout(Scope):
    """A message's text block. Leaves `ops` and `slots`; raises Wrong."""

    def __init__(self, description, message, lines):
        super().__init__(description, message)
        self.open_groups = []
        self.known = set()    # (slot, field name) that may have been read so far
        self.certain = set()  # those that were read in every case
        self.taking = {}      # the op of each that was read
        self.ops, _ = self._block(lines, 0, 0, nested=False)
        self._check_slots()

    # ---- blocks ----------------------------------------------------------------------------------------------------

    def _block(self, lines, at, base, nested):
        """The ops of the lines from `at` on, up to the closing brace if nested, and where they end."""
        ops = []
        while at < len(lines):
            line = lines[at]
            if line.words[0] == "}":
                if not nested:
                    raise Wrong(f"{line.where}: a }} too many")
                return ops, at
            made, at = self._statement(lines, at, base, first=not ops and not nested and not self.open_groups)
            ops += made
        if nested:
            raise Wrong(f"{lines[-1].where}: a {{ is not closed in {self.message.name}")
        return ops, at

    def _statement(self, lines, at, base, first):
        line = lines[at]
        word = line.words[0]
        if line.words[-1] == "{":
            return self._opens(lines, at, base)
        if word == "use":
            return self._use(line, base), at + 1
        if word == "version" and not first:
            raise Wrong(f"{line.where}: version is the first statement of a layout")
        make = {"version": self._version, "constant": self._constant, "variant": self._variant, "tags": self._tags,
                "mask": self._mask, "list": self._list, "repeated": self._echo}.get(word, self._plain)
        return make(line, base), at + 1

    def _use(self, line, base):
        words, groups = line.words, self.description.groups
        expect(line, len(words) == 2 or (len(words) == 4 and words[2] == "in"), "use GROUP [in path]")
        name = words[1]
        if name not in groups:
            raise Wrong(f"{line.where}: there is no group {name}")
        if name in self.open_groups:
            raise Wrong(f"{line.where}: group {name} uses itself")
        self.description.used_groups.add(name)
        self.open_groups.append(name)
        inner = self._struct_slot(words[3], base, line.where) if len(words) == 4 else base
        ops, _ = self._block(groups[name].lines, 0, inner, nested=False)
        self.open_groups.pop()
        return ops

    def _opens(self, lines, at, base):
        line = lines[at]
        make = {"in": self._in, "with": self._with, "repeat": self._repeat, "if": self._if}.get(line.words[0])
        expect(line, make, "in, with, repeat or if before {")
        return make(line, lines, at, base)

    def _body(self, lines, at, base):
        """The ops between `lines[at]`, which opens, and its closing brace; the line after that."""
        body, end = self._block(lines, at + 1, base, nested=True)
        expect(lines[end], lines[end].words == ["}"], "}")
        return body, end + 1

    def _in(self, line, lines, at, base):
        expect(line, len(line.words) == 3, "in path {")
        return self._body(lines, at, self._struct_slot(line.words[1], base, line.where))

    def _with(self, line, lines, at, base):
        expect(line, len(line.words) == 3, "with path {")
        slot = self._struct_slot(line.words[1], base, line.where)
        certain = set(self.certain)
        body, end = self._body(lines, at, slot)
        self.certain = certain
        return [Op("With", line.where, self.slots[slot].field, self.slots[slot].parent, slot, body=body)], end

    def _repeat(self, line, lines, at, base):
        words, again = line.words, line.words[1] == "again" and len(line.words) == 4
        expect(line, len(words) == 3 + again, "repeat [again] name {")
        slot, f = self._field(words[1 + again], base, line.where)
        if not f.is_list or f.element not in self.description.structs:
            raise Wrong(f"{line.where}: repeat needs a list of structs, {f.name} is {f.type}")
        if again and (slot, f.name) not in self.taking:
            raise Wrong(f"{line.where}: repeat again needs an earlier repeat of {f.name}")
        if not again:
            self._read(slot, f, line.where)
        self.slots.append(Slot(slot, f, self.description.structs[f.element]))
        element = len(self.slots) - 1
        body, end = self._body(lines, at, element)
        op = Op("Again" if again else "Repeat", line.where, f, slot, element, body=body)
        if again:
            self.taking[slot, f.name].number = 1
        else:
            self.taking[slot, f.name] = op
        return [op], end

    def _if(self, line, lines, at, base):
        op = Op("If", line.where, conditions=self._conditions(line, line.words[1:-1], base))
        before = set(self.certain)
        op.body, end = self._block(lines, at + 1, base, nested=True)
        after_body, self.certain = self.certain, before
        if lines[end].words == ["}", "else", "{"]:
            op.otherwise, end = self._body(lines, end, base)
            self.certain &= after_body
            return [op], end
        expect(lines[end], lines[end].words == ["}"], "} or } else {")
        return [op], end + 1

    # ---- statements ------------------------------------------------------------------------------------------------

    def _range(self, line, usage):
        """The words before 'since N' and 'until N', and these numbers, 0 where there is none."""
        words, since, until = version_range(line, line.words)
        expect(line, words, usage)
        last = self.message.protobuf or LAST_VERSION + 1
        if max(since, self.message.since) >= min(until or last, last):
            raise Wrong(f"{line.where}: at no server version is this there: {self.message.name} is text from "
                        f"{self.message.since} to {last - 1}")
        return words, since, until

    def _version(self, line, base):
        words, since, until = self._range(line, "version N [since V] [until V]")
        expect(line, len(words) == 2, "version N [since V] [until V]")
        return [Op("Version", line.where, number=integer(words[1], line.where), since=since, until=until)]

    def _constant(self, line, base):
        words, since, until = self._range(line, 'constant "text"')
        expect(line, len(words) == 2, 'constant "text" [since V] [until V]')
        return [Op("Constant", line.where, literal=unquote(words[1], line.where), since=since, until=until)]

    def _variant(self, line, base):
        words = line.words
        expect(line, len(words) == 6 and words[2:5] == ["when", "remaining", "=="], 'variant "text" when remaining == N')
        return [Op("Variant", line.where, literal=unquote(words[1], line.where), number=integer(words[5], line.where))]

    def _tags(self, line, base):
        words, since, until = self._range(line, "tags name")
        expect(line, len(words) == 2, "tags name [since V] [until V]")
        slot, f = self._field(words[1], base, line.where)
        if f.type != "TagValue[]":
            raise Wrong(f"{line.where}: tags needs a TagValue[], {f.name} is {f.type}")
        self._read(slot, f, line.where, certain=not since and not until)
        return [Op("Tags", line.where, f, slot, since=since, until=until)]

    def _mask(self, line, base):
        words = line.words
        expect(line, len(words) > 3 and words[1] == "(" and words[-1] == ")", "mask (name name ...), lowest bit first")
        bits = [self._field(w, base, line.where) for w in words[2:-1]]
        if any(f.type != "bool" for _, f in bits) or len({slot for slot, _ in bits}) != 1 or len(bits) > MAX_BITS:
            raise Wrong(f"{line.where}: the bits of a mask are booleans of one struct, at most {MAX_BITS}")
        for slot, f in bits:
            self._read(slot, f, line.where)
        return [Op("Mask", line.where, slot=bits[0][0], mask=[f for _, f in bits])]

    def _list(self, line, base):
        words, since, until = self._range(line, "list name")
        expect(line, len(words) == 2, "list name [since V] [until V]")
        slot, f = self._field(words[1], base, line.where)
        if not f.is_list or f.element not in SCALARS:
            raise Wrong(f"{line.where}: list needs a list of scalars, {f.name} is {f.type}")
        self._read(slot, f, line.where, certain=not since and not until)
        return [Op("RepeatScalar", line.where, f, slot, since=since, until=until)]

    def _echo(self, line, base):
        expect(line, len(line.words) == 2, "repeated name")
        op = self._scalar(line.words[1], base, line.where)
        if (op.slot, op.field.name) not in self.known:
            raise Wrong(f"{line.where}: repeated needs {op.field.name} to be read before")
        if any(first.sent_again for first in self.taking.values()):
            raise Wrong(f"{line.where}: at most one field of a message is repeated")
        op.code = "Echo"
        self.taking[op.slot, op.field.name].sent_again = True
        return [op]

    def _plain(self, line, base):
        words, since, until = self._range(line, "a field before since and until")
        ops = []
        for word in words:
            op = self._scalar(word, base, line.where)
            op.since, op.until = since, until
            self._read(op.slot, op.field, line.where, certain=not since and not until)
            self.taking[op.slot, op.field.name] = op
            ops.append(op)
        return ops

    # ---- fields ----------------------------------------------------------------------------------------------------

    def _read(self, slot, f, where, certain=True):
        if (slot, f.name) in self.certain:
            raise Wrong(f"{where}: {f.name} is read twice; a field that is sent again is: repeated {f.name}")
        self.known.add((slot, f.name))
        if certain:
            self.certain.add((slot, f.name))

    def _scalar(self, word, base, where):
        match = re.fullmatch(r"([a-z0-9_.]+)([?!]|~~?|:\w+)?", word)
        if not match:
            raise Wrong(f"{where}: expected a field, found {word}")
        slot, f = self._field(match[1], base, where)
        spelling = match[2] or ""
        if f.type not in SCALARS:
            raise Wrong(f"{where}: {word} is a {f.type}, not a scalar")
        if spelling not in SPELLINGS or (spelling and f.type not in SPELLED[spelling]):
            raise Wrong(f"{where}: a {f.type} cannot be spelled '{spelling}' ({word})")
        return Op("Field", where, f, slot, spelling=spelling)

    def _compared(self, path, base, where):
        slot, f = self._field(path, base, where)
        if (slot, f.name) not in self.known:
            raise Wrong(f"{where}: {f.name} is compared before it is read")
        return slot, f


class FieldConditions(Scope):
    """The condition of a field line, on the other fields of its struct. Leaves `conditions`; raises Wrong."""

    def __init__(self, description, struct, field):
        self.description, self.message = description, struct
        self.slots = [Slot(0, None, struct)]
        self.of = field
        self.conditions = self._conditions(field.line, field.condition_words, 0)

    def _condition(self, line, words, base):
        if words[:1] in (["server"], ["version"]) or (words and "." in words[0]):
            raise Wrong(f"{line.where}: whether {self.of.name} says something depends on other fields of its own struct")
        return super()._condition(line, words, base)

    def _compared(self, path, base, where):
        slot, f = super()._compared(path, base, where)
        if f is self.of:
            raise Wrong(f"{where}: {f.name} cannot decide about itself")
        return slot, f
