"""Reads and checks protocol/messages/*.tws; the language is told in protocol/messages/LANGUAGE.md.

Everything that is generated from the description (C++ tables, reference pages, dissector) starts from Description.
A wrong description raises Wrong with one line: file, line number, what is wrong.
"""

import re
from dataclasses import dataclass, field as member
from pathlib import Path

SCALARS = ("int32", "int64", "double", "bool", "decimal", "string")
LISTABLE = ("int32", "double", "string")
ROLES = ("request_id", "order_id", "request_or_order_id", "perm_id", "client_id", "account", "exec_id", "time", "user",
         "tag", "text")
KINDS = ("command", "one-shot", "finite", "stream")
SPELLINGS = {"": "Plain", "?": "Blank", "!": "Sentinel", "~": "Escaped", "~~": "EscapedAlways",
             ":true": "TrueFalse", ":ao": "AndOr"}
SPELLED = {"?": ("int32", "int64", "double", "decimal"), "!": ("int32", "int64", "double", "decimal"),
           "~": ("string",), "~~": ("string",), ":true": ("bool",), ":ao": ("bool",)}
FIRST_VERSION, LAST_VERSION = 100, 226
MAX_SLOTS = 16  # kMaxTextSlots in protocol/schema.h


class Wrong(Exception):
    """A description that cannot be used; its text is "file:line: reason"."""


@dataclass
class Field:
    name: str
    type: str  # "int32", "Contract", "ComboLeg[]", ...
    number: int  # protobuf field number, 0 when text only
    doc: str
    role: str = ""
    wire: str = ""  # protobuf scalar type where it is not the type's own
    enum: str = ""
    ignorable: bool = False
    always: bool = False

    @property
    def is_list(self):
        return self.type.endswith("[]")

    @property
    def element(self):
        return self.type.removesuffix("[]")


@dataclass
class Struct:
    name: str
    doc: str
    fields: list = member(default_factory=list)

    def find(self, name):
        return next((f for f in self.fields if f.name == name), None)


@dataclass
class Op:
    """One step of a text layout; see TextOp in protocol/schema.h."""
    code: str
    where: str  # "file:line", for errors
    field: Field = None
    slot: int = 0
    element_slot: int = 0
    spelling: str = ""
    since: int = 0
    until: int = 0
    number: int = 0
    literal: str = ""
    conditions: list = member(default_factory=list)
    mask: list = member(default_factory=list)  # (slot, Field) per bit
    body: list = member(default_factory=list)
    otherwise: list = member(default_factory=list)


@dataclass
class Condition:
    code: str  # ServerVersion, MessageVersion, Integer, Number, Text, NotEmptyList
    compare: str
    slot: int = 0
    field: Field = None
    number: float = 0
    texts: list = member(default_factory=list)
    integers: list = member(default_factory=list)


@dataclass
class Slot:
    parent: int
    field: Field
    struct: Struct


@dataclass
class Message:
    name: str
    direction: str  # "in" | "out"
    id: int
    doc: str
    where: str
    aliases: list = member(default_factory=list)
    since: int = FIRST_VERSION
    protobuf: int = 0
    pushed: bool = False
    kind: str = ""
    answers: list = member(default_factory=list)
    ends: list = member(default_factory=list)
    cancel: str = ""
    body: Struct = None
    like: str = ""
    ops: list = None  # text layout, None when protobuf only
    slots: list = member(default_factory=list)


@dataclass
class Line:
    where: str
    words: list
    text: str


def tokens(text):
    """Words of a line; strings keep their quotes, comments are gone."""
    return re.findall(r'"(?:[^"\\]|\\.)*"|[{}()]|[^\s(){}"#,]+|#.*', text)


def read_lines(path):
    for number, raw in enumerate(Path(path).read_text().splitlines(), 1):
        words = [w for w in tokens(raw) if not w.startswith("#")]
        if words:
            yield Line(f"{Path(path).name}:{number}", words, raw.strip())


def unquote(word, where):
    if len(word) < 2 or word[0] != '"' or word[-1] != '"':
        raise Wrong(f'{where}: expected a "quoted text", found {word}')
    return word[1:-1].replace('\\"', '"')


def integer(word, where):
    if not re.fullmatch(r"-?\d+", word):
        raise Wrong(f"{where}: expected a number, found {word}")
    return int(word)


class Description:
    """All structs, groups, enumerations and messages, checked."""

    def __init__(self, paths):
        self.structs, self.enums, self.groups, self.messages = {}, {}, {}, []
        self.layouts = {}  # id(message) -> lines of its text block
        for path in sorted(paths):
            self._read(path)
        for message in self.messages:
            self._finish_message(message)
        self._check_structs()
        self._check_messages()

    def message(self, name, direction=None):
        return next((m for m in self.messages if m.name == name and direction in (None, m.direction)), None)

    # ---- blocks ----------------------------------------------------------------------------------------------------

    def _read(self, path):
        lines = list(read_lines(path))
        at = 0
        while at < len(lines):
            head = lines[at]
            end = next((i for i in range(at, len(lines)) if lines[i].words == ["end"]), None)
            if end is None:
                raise Wrong(f"{head.where}: '{' '.join(head.words[:2])}' has no 'end'")
            block = lines[at + 1:end]
            reader = {"struct": self._struct, "enum": self._enum, "group": self._group,
                      "message": self._message}.get(head.words[0])
            if reader is None:
                raise Wrong(f"{head.where}: expected struct, enum, group or message, found {head.words[0]}")
            reader(head, block)
            at = end + 1

    def _named(self, head, table, what, count):
        if len(head.words) < count:
            raise Wrong(f"{head.where}: {what} needs a name and a text")
        name = head.words[1]
        if name in table:
            raise Wrong(f"{head.where}: {what} {name} is described twice")
        return name

    def _struct(self, head, block):
        name = self._named(head, self.structs, "struct", 3)
        self.structs[name] = Struct(name, unquote(head.words[2], head.where), self._fields(block))

    def _enum(self, head, block):
        name = self._named(head, self.enums, "enum", 3)
        values = []
        for line in block:
            if len(line.words) != 3:
                raise Wrong(f'{line.where}: an enum value is: NUMBER NAME "text"')
            values.append((integer(line.words[0], line.where), line.words[1], unquote(line.words[2], line.where)))
        if len({v[0] for v in values}) != len(values):
            raise Wrong(f"{head.where}: enum {name} gives one number twice")
        self.enums[name] = (unquote(head.words[2], head.where), values)

    def _group(self, head, block):
        if len(head.words) != 2:
            raise Wrong(f"{head.where}: a group is: group NAME")
        self.groups[self._named(head, self.groups, "group", 2)] = block

    def _fields(self, block):
        return [self._field(line) for line in block]

    def _field(self, line):
        words = line.words
        if len(words) < 4:
            raise Wrong(f'{line.where}: a field is: NUMBER|- name type [role] [wire=] [enum=] [ignorable] [always] "text"')
        number = 0 if words[0] == "-" else integer(words[0], line.where)
        made = Field(words[1], words[2], number, unquote(words[-1], line.where))
        if not re.fullmatch(r"[a-z][a-z0-9_]*", made.name):
            raise Wrong(f"{line.where}: field names are snake_case, found {made.name}")
        for word in words[3:-1]:
            if word in ROLES:
                made.role = word
            elif word.startswith("wire="):
                made.wire = word[5:]
                if made.wire not in SCALARS:
                    raise Wrong(f"{line.where}: unknown wire type {made.wire}")
            elif word.startswith("enum="):
                made.enum = word[5:]
            elif word in ("ignorable", "always"):
                setattr(made, word, True)
            else:
                raise Wrong(f"{line.where}: unknown word {word} on field {made.name}; roles are {', '.join(ROLES)}")
        return made

    def _message(self, head, block):
        words = head.words
        if len(words) != 5 or words[2] not in ("in", "out"):
            raise Wrong(f'{head.where}: a message is: message Name in|out ID "text"')
        message = Message(words[1], words[2], integer(words[3], head.where), unquote(words[4], head.where), head.where)
        at = 0
        while at < len(block):
            line = block[at]
            word, rest = line.words[0], line.words[1:]
            if word in ("fields", "text") and not rest:
                break
            at += 1
            if word == "fields" and rest[0] == "like":
                message.like = rest[1]
            elif word == "aka":
                message.aliases = rest
            elif word in ("since", "protobuf"):
                setattr(message, word, integer(rest[0], line.where))
            elif word == "pushed":
                message.pushed = True
            elif word == "kind":
                message.kind = rest[0]
            elif word in ("answers", "ends"):
                setattr(message, word, [(name, line.where) for name in rest])
            elif word == "cancel":
                message.cancel = (rest[0], line.where)
            else:
                raise Wrong(f"{line.where}: unknown word {word} in message {message.name}")
        text_at = next((i for i in range(at, len(block)) if block[i].words == ["text"]), None)
        stop = len(block) if text_at is None else text_at
        message.body = Struct(message.name, message.doc)
        if at < stop and block[at].words == ["fields"]:
            message.body.fields = self._fields(block[at + 1:stop])
        if text_at is not None:
            self.layouts[id(message)] = block[text_at + 1:]
        if message.name in self.structs:
            raise Wrong(f"{head.where}: {message.name} is described twice")
        self.structs[message.name] = message.body
        self.messages.append(message)

    # ---- checks that need everything read --------------------------------------------------------------------------

    def _finish_message(self, message):
        if message.like:
            if message.like not in self.structs:
                raise Wrong(f"{message.where}: fields like {message.like}: there is no such struct")
            message.body.fields = self.structs[message.like].fields
        if id(message) in self.layouts:
            layout = Layout(self, message, self.layouts[id(message)])
            if len(layout.slots) > MAX_SLOTS:
                raise Wrong(f"{message.where}: {message.name} has {len(layout.slots)} structs, more than {MAX_SLOTS}")
            message.ops, message.slots = layout.ops, layout.slots

    def _check_structs(self):
        for struct in self.structs.values():
            names, numbers = set(), set()
            for f in struct.fields:
                problem = self._field_problem(f)
                if f.name in names:
                    problem = "is described twice"
                if f.number and f.number in numbers:
                    problem = f"has the number {f.number} of another field"
                if problem:
                    raise Wrong(f"struct {struct.name}: field {f.name} {problem}")
                names.add(f.name)
                numbers.add(f.number)

    def _field_problem(self, f):
        if f.element not in SCALARS and f.element not in self.structs:
            return f"has the unknown type {f.element}"
        if f.is_list and f.element in SCALARS and f.element not in LISTABLE:
            return f"cannot be a list of {f.element}"
        if f.enum and f.enum not in self.enums:
            return f"names the unknown enum {f.enum}"
        if not 0 <= f.number < 1000:
            return f"has the number {f.number}, out of range"
        return ""

    def _check_messages(self):
        ids, names = {}, {}
        for m in self.messages:
            other = ids.setdefault((m.direction, m.id), m)
            if other is not m:
                raise Wrong(f"{m.where}: {m.name} has the id {m.id} of {other.name}")
            for name in [m.name, *m.aliases]:
                other = names.setdefault((m.direction, name.lower()), m)
                if other is not m:
                    raise Wrong(f"{m.where}: the name {name} of {m.name} is also one of {other.name}")
            for word, version in (("since", m.since), ("protobuf", m.protobuf)):
                if version and not FIRST_VERSION <= version <= LAST_VERSION:
                    raise Wrong(f"{m.where}: {word} {version} is outside {FIRST_VERSION}..{LAST_VERSION}")
            if m.ops is None and not m.protobuf:
                raise Wrong(f"{m.where}: {m.name} has neither a text layout nor a protobuf version")
            if m.direction == "out" and m.kind not in KINDS:
                raise Wrong(f"{m.where}: request {m.name} needs a kind: {', '.join(KINDS)}")
        for m in self.messages:
            m.answers = [self._related(m, n, w, "in") for n, w in m.answers]
            m.ends = [self._related(m, n, w, "in") for n, w in m.ends]
            if m.cancel:
                m.cancel = self._related(m, *m.cancel, "out")
            for end in m.ends:
                if end not in m.answers:
                    raise Wrong(f"{m.where}: {end} ends {m.name} but is not among its answers")

    def _related(self, message, name, where, direction):
        if self.message(name, direction) is None:
            raise Wrong(f"{where}: {message.name} names {name}, which is no '{direction}' message")
        return name


class Layout:
    """A text block, resolved into ops over slots (schema.h)."""

    COMPARES = {"==": "Equal", "!=": "NotEqual", "<": "Less", "<=": "LessEqual", ">": "Greater", ">=": "GreaterEqual",
                "in": "Equal"}

    def __init__(self, description, message, lines):
        self.description, self.message = description, message
        self.slots = [Slot(0, None, message.body)]
        self.ops, rest = self._block(lines, 0, 0, nested=False)
        assert rest == len(lines)

    def _block(self, lines, at, base, nested):
        ops = []
        while at < len(lines):
            line = lines[at]
            if line.words[0] == "}":
                if not nested:
                    raise Wrong(f"{line.where}: a }} too many")
                return ops, at
            made, at = self._statement(lines, at, base)
            ops += made
        if nested:
            raise Wrong(f"{lines[-1].where}: a {{ is not closed in message {self.message.name}")
        return ops, at

    def _statement(self, lines, at, base):
        line = lines[at]
        word, words, where = line.words[0], line.words, line.where
        if words[-1] == "{":
            return self._opens(lines, at, base)
        if word == "use":
            if len(words) not in (2, 4) or words[1] not in self.description.groups:
                raise Wrong(f"{where}: use GROUP [in path]; there is no group {words[1] if len(words) > 1 else ''}")
            inner = self._struct_slot(words[3], base, where) if len(words) == 4 else base
            return self._block(self.description.groups[words[1]], 0, inner, nested=False)[0], at + 1
        ops = {"version": self._version, "constant": self._constant, "variant": self._variant,
               "tags": self._tags, "mask": self._mask, "list": self._list,
               "repeated": self._echo}.get(word, self._plain)(line, base)
        return ops, at + 1

    def _opens(self, lines, at, base):
        line = lines[at]
        words, where = line.words, line.where
        word = words[0]
        if word == "in" and len(words) == 3:
            body, end = self._block(lines, at + 1, self._struct_slot(words[1], base, where), nested=True)
            return body, end + 1
        if word == "with" and len(words) == 3:
            slot = self._struct_slot(words[1], base, where)
            body, end = self._block(lines, at + 1, slot, nested=True)
            return [Op("With", where, self.slots[slot].field, self.slots[slot].parent, slot, body=body)], end + 1
        if word == "repeat":
            again = words[1] == "again"
            slot, f = self._field(words[2 if again else 1], base, where)
            if not f.is_list or f.element not in self.description.structs:
                raise Wrong(f"{where}: repeat needs a list of structs, {f.name} is {f.type}")
            self.slots.append(Slot(slot, f, self.description.structs[f.element]))
            element = len(self.slots) - 1
            body, end = self._block(lines, at + 1, element, nested=True)
            return [Op("Again" if again else "Repeat", where, f, slot, element, body=body)], end + 1
        if word == "if":
            op = Op("If", where, conditions=self._conditions(words[1:-1], base, where))
            op.body, end = self._block(lines, at + 1, base, nested=True)
            if lines[end].words == ["}", "else", "{"]:
                op.otherwise, end = self._block(lines, end + 1, base, nested=True)
            return [op], end + 1
        raise Wrong(f"{where}: expected in, with, repeat or if before {{, found {line.text}")

    # ---- statements ------------------------------------------------------------------------------------------------

    @staticmethod
    def _range(words, where):
        """Splits off 'since N' and 'until N'."""
        since = until = 0
        words = list(words)
        while len(words) >= 2 and words[-2] in ("since", "until"):
            version = integer(words[-1], where)
            if not FIRST_VERSION <= version <= LAST_VERSION:
                raise Wrong(f"{where}: {words[-2]} {version} is outside {FIRST_VERSION}..{LAST_VERSION}")
            if words[-2] == "since":
                since = version
            else:
                until = version
            words = words[:-2]
        if since and until and since >= until:
            raise Wrong(f"{where}: since {since} until {until} is never true")
        return words, since, until

    def _version(self, line, base):
        words, since, until = self._range(line.words, line.where)
        return [Op("Version", line.where, number=integer(words[1], line.where), since=since, until=until)]

    def _constant(self, line, base):
        words, since, until = self._range(line.words, line.where)
        return [Op("Constant", line.where, literal=unquote(words[1], line.where), since=since, until=until)]

    def _variant(self, line, base):
        words = line.words
        if len(words) != 6 or words[2:5] != ["when", "remaining", "=="]:
            raise Wrong(f'{line.where}: a variant is: variant "text" when remaining == N')
        return [Op("Variant", line.where, literal=unquote(words[1], line.where), number=integer(words[5], line.where))]

    def _tags(self, line, base):
        words, since, until = self._range(line.words, line.where)
        slot, f = self._field(words[1], base, line.where)
        if f.type != "TagValue[]":
            raise Wrong(f"{line.where}: tags needs a TagValue[], {f.name} is {f.type}")
        return [Op("Tags", line.where, f, slot, since=since, until=until)]

    def _mask(self, line, base):
        bits = [self._field(w, base, line.where) for w in line.words[2:-1]]
        if line.words[1] != "(" or not bits or any(f.type != "bool" for _, f in bits):
            raise Wrong(f"{line.where}: a mask is: mask (bool_field bool_field ...), lowest bit first")
        if len({slot for slot, _ in bits}) != 1:
            raise Wrong(f"{line.where}: the bits of a mask are in one struct")
        return [Op("Mask", line.where, slot=bits[0][0], mask=[f for _, f in bits])]

    def _list(self, line, base):
        words, since, until = self._range(line.words, line.where)
        slot, f = self._field(words[1], base, line.where)
        if not f.is_list or f.element not in SCALARS:
            raise Wrong(f"{line.where}: list needs a list of scalars, {f.name} is {f.type}")
        return [Op("RepeatScalar", line.where, f, slot, since=since, until=until)]

    def _echo(self, line, base):
        op = self._scalar(line.words[1], base, line.where)
        op.code = "Echo"
        return [op]

    def _plain(self, line, base):
        words, since, until = self._range(line.words, line.where)
        ops = []
        for word in words:
            op = self._scalar(word, base, line.where)
            op.since, op.until = since, until
            ops.append(op)
        return ops

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

    def _conditions(self, words, base, where):
        made, part = [], []
        for word in [*words, "and"]:
            if word != "and":
                part.append(word)
                continue
            made.append(self._condition(part, base, where))
            part = []
        return made

    def _condition(self, words, base, where):
        if words[1:] == ["not", "empty"]:
            slot, f = self._field(words[0], base, where)
            if not f.is_list:
                raise Wrong(f"{where}: {f.name} is no list")
            return Condition("NotEmptyList", "Greater", slot, f)
        if len(words) < 3 or words[1] not in self.COMPARES:
            raise Wrong(f"{where}: a condition is: server|version|field ==|!=|<|<=|>|>=|in value, found {' '.join(words)}")
        compare, values = self.COMPARES[words[1]], [w for w in words[2:] if w not in "()"]
        if words[0] in ("server", "version"):
            code = "ServerVersion" if words[0] == "server" else "MessageVersion"
            return Condition(code, compare, number=integer(values[0], where))
        slot, f = self._field(words[0], base, where)
        if f.type == "string":
            return Condition("Text", compare, slot, f, texts=[unquote(v, where) for v in values])
        if f.type in ("double", "decimal"):
            number = float("inf") if values[0] == "infinity" else float(integer(values[0], where))
            return Condition("Number", compare, slot, f, number)
        if f.type in ("int32", "bool"):
            return Condition("Integer", compare, slot, f, integers=[integer(v, where) for v in values])
        raise Wrong(f"{where}: a condition on {f.name}, a {f.type}, is not possible")
