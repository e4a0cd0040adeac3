"""Reads and checks protocol/messages/*.tws; the language is told in protocol/messages/LANGUAGE.md.

Everything that is generated from the description (C++ tables, reference pages, dissector) starts from Description.
A wrong description raises Wrong with one line: file, line number, what is wrong.
"""

import re
from dataclasses import dataclass, field as member

from protocol_errors import check_errors, read_errors
from protocol_layout import NUMBERS, SCALARS, SPELLINGS, FieldConditions, Layout
from protocol_lines import FIRST_VERSION, Wrong, doc, expect, integer, is_text, read_lines, server_version, unquote
from protocol_relations import CANCEL_USAGE, ENDED, ENDS_USAGE, RULES, finish_relations

__all__ = ["SPELLINGS", "Description", "Wrong"]

LISTABLE = ("int32", "double", "string")
ROLES = {"request_id": ("int32",), "order_id": ("int32",), "request_or_order_id": ("int32",), "perm_id": ("int64",),
         "client_id": ("int32",), "account": ("string",), "exec_id": ("string",), "stamp": ("string", "int64"),
         "when": ("string", "int32"), "user": ("string",), "secret": ("string",), "tag": ("string",), "text": ("string",)}
ID_ROLES = ("request_id", "order_id", "request_or_order_id", "perm_id", "client_id", "exec_id")  # one each, never lists
FLAGS = ("key", "telling", "ignorable", "always", "refers")
KEY_TYPES = ("int32", "string")
CLOCKS = {"s": "Seconds", "ms": "Milliseconds"}
KINDS = ("command", "one-shot", "finite", "stream")
WIRES = {"string": ("double",)}  # protobuf types that a field of another type may have
PROTOBUF_OFFSET = 200  # ids below it; on the wire it is added to them
MAX_NUMBER = 999  # of a protobuf field; tables are that long
FIELD_USAGE = 'NUMBER|- name type [role [beside=]] [key] [telling] [wire=] [enum=] [texts=] [since=] [ignorable] [always] [refers] [clock=] [default=] [if condition] "text"'
GENERATED = ("info", "offset_of", "presence", "table", "unknown_fields")  # members that the generator adds to structs
KEYWORDS = frozenset("""and and_eq asm auto bitand bitor bool break case catch char class compl concept const continue
    default delete do double else enum explicit export extern false float for friend goto if inline int long mutable
    namespace new noexcept not not_eq nullptr operator or or_eq private protected public register requires return short
    signed sizeof static struct switch template this throw true try typedef typeid typename union unsigned using virtual
    void volatile while xor xor_eq""".split())


@dataclass
class Field:
    where: str  # "file:line", for errors
    name: str
    type: str  # "int32", "Contract", "ComboLeg[]", ...
    number: int  # protobuf field number, 0 when text only
    doc: str
    role: str = ""
    beside: tuple = ()  # (field, its values): the role counts only where that field of the same struct has one of them
    key: bool = False  # ties a request without an id to its answers
    telling: bool = False  # belongs into one line about the message that holds its struct
    wire: str = ""  # protobuf scalar type where it is not the type's own
    enum: str = ""
    texts: str = ""
    since: int = 0  # first server version whose protobuf has it, 0 when as old as its message
    ignorable: bool = False
    always: bool = False
    refers: bool = False
    clock: str = ""  # what a stamp counts
    default: str = ""  # the value that says no more than unset does; "none" when none does; zero where nothing is said
    line: object = None  # of the condition, for errors
    condition_words: list = member(default_factory=list)
    conditions: list = member(default_factory=list)  # it says something only where these hold

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
    where: str
    fields: list = member(default_factory=list)

    def find(self, name):
        return next((f for f in self.fields if f.name == name), None)


@dataclass
class Group:
    where: str
    lines: list


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
    setting: bool = False
    kind: str = ""
    answers: list = member(default_factory=list)
    ends: list = member(default_factory=list)  # of End
    end_lines: list = member(default_factory=list)
    cancel: str = ""
    cancel_conditions: list = member(default_factory=list)  # on the cancel
    cancel_slots: list = member(default_factory=list)  # that they look into
    cancel_line: object = None
    cancel_all: str = ""
    rule: str = ""  # of a request without an id
    id_paths: list = member(default_factory=list)
    body: Struct = None
    like: str = ""
    lines: list = None  # of the text block, None when protobuf only
    ops: list = None  # text layout, None when protobuf only
    slots: list = member(default_factory=list)


class Description:
    """All structs, groups, enumerations, error codes and messages, checked."""

    def __init__(self, paths):
        self.structs, self.enums, self.texts, self.groups, self.messages = {}, {}, {}, {}, []
        self.errors = {}
        self.used_groups = set()
        for path in sorted(paths):
            self._read(path)
        for message in self.messages:
            self._finish_fields(message)
        self._check_structs()
        self._check_messages()
        check_errors(self.errors, lambda name: self.message(name, "out"))
        for message in self.messages:
            self._finish_layout(message)
        for name, group in self.groups.items():
            if name not in self.used_groups:
                raise Wrong(f"{group.where}: group {name} is never used")

    def message(self, name, direction=None):
        return next((m for m in self.messages if m.name == name and direction in (None, m.direction)), None)

    # ---- blocks ----------------------------------------------------------------------------------------------------

    def _read(self, path):
        readers = {"struct": self._struct, "enum": self._enum, "texts": self._texts, "group": self._group,
                   "message": self._message, "errors": self._errors}
        lines = read_lines(path)
        at = 0
        while at < len(lines):
            head = lines[at]
            expect(head, head.words[0] in readers, "struct, enum, texts, group, errors or message")
            end = next((i for i in range(at + 1, len(lines)) if lines[i].words == ["end"] or
                        (lines[i].words[0] in readers and is_text(lines[i].words[-1]))), None)
            if end is None or lines[end].words != ["end"]:
                raise Wrong(f"{head.where}: '{' '.join(head.words[:2])}' has no 'end'")
            readers[head.words[0]](head, lines[at + 1:end])
            at = end + 1

    def _claim(self, head):
        """The name of a new struct, enumeration or message; they share one space, as generated languages need."""
        name = head.words[1]
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
            raise Wrong(f"{head.where}: names of blocks are like ThisOne, found {name}")
        if name in self.structs or name in self.enums or name in self.texts:
            raise Wrong(f"{head.where}: {name} is described twice")
        return name

    def _struct(self, head, block):
        expect(head, len(head.words) == 3, 'struct Name "text"')
        name = self._claim(head)
        self.structs[name] = Struct(name, doc(head.words[2], head.where), head.where, [self._field(l) for l in block])

    def _enum(self, head, block):
        expect(head, len(head.words) == 3, 'enum Name "text"')
        name = self._claim(head)
        values, numbers, names = [], set(), set()
        for line in block:
            expect(line, len(line.words) == 3, 'NUMBER name "text"')
            number, value = integer(line.words[0], line.where), line.words[1]
            expect(line, re.fullmatch(r"[a-z][a-z0-9_]*", value), 'a name in snake_case')
            if number in numbers or value in names:
                raise Wrong(f"{line.where}: {name} has {number} or {value} twice")
            numbers.add(number)
            names.add(value)
            values.append((number, value, doc(line.words[2], line.where)))
        expect(head, values, "values in the enum")
        self.enums[name] = (doc(head.words[2], head.where), values)

    def _texts(self, head, block):
        expect(head, len(head.words) == 3, 'texts Name "text"')
        name = self._claim(head)
        values = {}
        for line in block:
            expect(line, len(line.words) == 2, '"VALUE" "text"')
            value = unquote(line.words[0], line.where)
            if value in values or not value:
                raise Wrong(f'{line.where}: {name} has "{value}" twice, or an empty value')
            values[value] = doc(line.words[1], line.where)
        expect(head, values, "values in the texts")
        self.texts[name] = (doc(head.words[2], head.where), list(values.items()))

    def _errors(self, head, block):
        expect(head, len(head.words) == 2, 'errors "text"')
        doc(head.words[1], head.where)
        expect(head, block, "codes in the errors")
        read_errors(block, self.errors)

    def _group(self, head, block):
        expect(head, len(head.words) == 2 and re.fullmatch(r"[a-z][a-z0-9_]*", head.words[1]), "group name")
        if head.words[1] in self.groups:
            raise Wrong(f"{head.where}: group {head.words[1]} is described twice")
        self.groups[head.words[1]] = Group(head.where, block)

    # ---- fields ----------------------------------------------------------------------------------------------------

    def _field(self, line):
        words = line.words
        expect(line, len(words) >= 4, f"a field: {FIELD_USAGE}")
        number = 0 if words[0] == "-" else integer(words[0], line.where)
        if words[0] != "-" and not 1 <= number <= MAX_NUMBER:
            raise Wrong(f"{line.where}: field numbers are 1 to {MAX_NUMBER}, or - for text only; found {words[0]}")
        made = Field(line.where, words[1], words[2], number, doc(words[-1], line.where))
        if not re.fullmatch(r"[a-z][a-z0-9_]*", made.name):
            raise Wrong(f"{line.where}: field names are snake_case, found {made.name}")
        if made.name in KEYWORDS or made.name in GENERATED:
            raise Wrong(f"{line.where}: the field name {made.name} is taken by the generated code")
        given = words[3:-1]
        if "if" in given:
            given, made.condition_words = given[:given.index("if")], given[given.index("if") + 1:]
            expect(line, made.condition_words, f"a field: {FIELD_USAGE}")
            made.line = line
        for word in given:
            key, equals, value = word.partition("=")
            if word in ROLES:
                key, value = "role", word
            elif word in FLAGS:
                value = True
            elif key == "beside":
                value = self._beside(value, line.where)
            elif not equals or not value or key not in ("wire", "enum", "texts", "since", "clock", "default"):
                raise Wrong(f"{line.where}: unknown word {word} on field {made.name}; roles are {', '.join(ROLES)}")
            if getattr(made, key):
                raise Wrong(f"{line.where}: field {made.name} has two of {key}")
            setattr(made, key, server_version(value, line.where) if key == "since" else value)
        if made.since and not number:
            raise Wrong(f"{line.where}: field {made.name} has no protobuf number; its layout says since when text has it")
        return made

    @staticmethod
    def _beside(text, where):
        """(field, its values) of beside=FIELD:VALUE|VALUE."""
        name, _, values = text.partition(":")
        values = tuple(values.split("|"))
        if not name or not all(values):
            raise Wrong(f"{where}: beside names a field and its values, as in beside=key:AccountCode|AccountOrGroup")
        return name, values

    def _check_structs(self):
        for struct in self.structs.values():
            names, numbers = set(), set()
            for f in struct.fields:
                problem = self._field_problem(f) or self._beside_problem(struct, f)
                if f.name in names:
                    problem = "is described twice"
                if f.number and f.number in numbers:
                    problem = f"has the number {f.number} of another field"
                if problem:
                    raise Wrong(f"{f.where}: field {f.name} of {struct.name} {problem}")
                names.add(f.name)
                numbers.add(f.number)
        for struct in self.structs.values():
            self._check_not_inside_itself(struct, [])
            for f in struct.fields:
                if f.condition_words:
                    f.conditions = FieldConditions(self, struct, f).conditions

    def _field_problem(self, f):
        if f.element not in SCALARS and f.element not in self.structs:
            return f"has the unknown type {f.element}"
        if f.is_list and f.element in SCALARS and f.element not in LISTABLE:
            return f"cannot be a list of {f.element}"
        if f.enum and f.enum not in self.enums:
            return f"names the unknown enum {f.enum}"
        if f.texts and f.texts not in self.texts:
            return f"names the unknown texts {f.texts}"
        if f.enum and f.type != "int32":
            return f"has an enum, but is a {f.type} instead of an int32"
        if f.texts and f.element != "string":
            return f"has texts, but is a {f.type} instead of a string"
        if f.role and (f.element not in ROLES[f.role] or f.is_list and f.role in ID_ROLES):
            return f"cannot be {f.role}: it is a {f.type}"
        if f.key and f.type not in KEY_TYPES:
            return f"cannot be a key: it is a {f.type}, where {' and '.join(KEY_TYPES)} can"
        if f.clock and (f.clock not in CLOCKS or f.role != "stamp" or f.type != "int64"):
            return f"cannot have clock={f.clock}: a stamp that is an int64 counts {' or '.join(CLOCKS)}"
        if f.default and not self._can_be_default(f):
            return f"cannot have default={f.default}: it is a {f.type}, and left out means 0"
        if f.wire and (not f.number or f.wire not in WIRES.get(f.type, ())):
            return f"cannot have wire={f.wire}: only a numbered string can be a double on the wire"
        if f.always and (not f.number or f.type != "string"):
            return "cannot be always: only numbered strings can"
        return ""

    @staticmethod
    def _can_be_default(f):
        if f.type in NUMBERS:
            return f.default == "none" or re.fullmatch(r"-?[1-9]\d*", f.default)
        return f.type == "string" and f.default != "none"

    @staticmethod
    def _beside_problem(struct, f):
        if not f.beside:
            return ""
        name = f.beside[0]
        other = struct.find(name)
        if not f.role:
            return "has beside, but no role that it could decide"
        if other is None or other is f or other.type != "string":
            return f"has beside={name}, which is no other string of {struct.name}"
        return ""

    def _check_not_inside_itself(self, struct, outer):
        if struct.name in outer:
            raise Wrong(f"{struct.where}: struct {struct.name} holds itself: {' > '.join([*outer, struct.name])}")
        for f in struct.fields:
            if f.element in self.structs:
                self._check_not_inside_itself(self.structs[f.element], [*outer, struct.name])

    # ---- messages --------------------------------------------------------------------------------------------------

    def _message(self, head, block):
        words = head.words
        expect(head, len(words) == 5 and words[2] in ("in", "out"), 'message Name in|out ID "text"')
        name = self._claim(head)
        message = Message(name, words[2], integer(words[3], head.where), doc(words[4], head.where), head.where)
        at, given = 0, set()
        while at < len(block) and block[at].words not in (["fields"], ["text"]):
            word = block[at].words[0]
            if word in given and word not in ("ends", "batch"):
                raise Wrong(f"{block[at].where}: {word} is given twice")
            given.add(word)
            self._property(message, block[at])
            at += 1
        text_at = next((i for i in range(at, len(block)) if block[i].words == ["text"]), len(block))
        message.body = Struct(name, message.doc, head.where)
        if at < text_at:
            expect(block[at], not message.like, "no fields after fields like")
            message.body.fields = [self._field(line) for line in block[at + 1:text_at]]
        if text_at < len(block):
            message.lines = block[text_at + 1:]
        self.structs[name] = message.body
        self.messages.append(message)

    def _property(self, message, line):
        word, *rest = line.words
        if word == "fields":
            expect(line, len(rest) == 2 and rest[0] == "like", "fields, or fields like Name")
            message.like = rest[1]
        elif word == "aka":
            expect(line, rest, "aka NAME ...")
            message.aliases = rest
        elif word in ("since", "protobuf"):
            expect(line, len(rest) == 1, f"{word} VERSION")
            setattr(message, word, server_version(rest[0], line.where))
        elif word == "pushed":
            expect(line, not rest and message.direction == "in", "pushed, in an 'in' message")
            message.pushed = True
        elif word == "setting":
            expect(line, not rest and message.direction == "out", "setting, in an 'out' message")
            message.setting = True
        elif word == "kind":
            expect(line, len(rest) == 1 and rest[0] in KINDS and message.direction == "out",
                   f"kind {'|'.join(KINDS)}, in an 'out' message")
            message.kind = rest[0]
        elif word == "answers":
            expect(line, rest and message.direction == "out", "answers Name ..., in an 'out' message")
            message.answers = [(name, line.where) for name in rest]
        elif word in ("ends", "batch"):
            expect(line, rest and message.direction == "out", ENDS_USAGE)
            message.end_lines.append(line)
        elif word == "cancel":
            expect(line, rest and message.direction == "out", CANCEL_USAGE)
            message.cancel_line = line
        elif word == "cancel_all":
            expect(line, len(rest) == 1 and message.direction == "out", "cancel_all Name, in an 'out' message")
            message.cancel_all = (rest[0], line.where)
        elif word == "unnumbered":
            expect(line, len(rest) == 1 and rest[0] in RULES and message.direction == "out",
                   f"unnumbered {'|'.join(RULES)}, in an 'out' message")
            message.rule = rest[0]
        else:
            raise Wrong(f"{line.where}: unknown word {word} in message {message.name}")

    def _finish_fields(self, message):
        if not message.like:
            return
        like = self.message(message.like)
        if message.like not in self.structs or (like and like.like):
            raise Wrong(f"{message.where}: fields like {message.like}: there is no such struct with fields of its own")
        message.body.fields = self.structs[message.like].fields

    def _finish_layout(self, m):
        if m.lines is None:
            if not m.protobuf:
                raise Wrong(f"{m.where}: {m.name} has neither a text layout nor a protobuf version")
            if m.protobuf > m.since:
                raise Wrong(f"{m.where}: {m.name} has no text layout for the versions from {m.since} to "
                            f"{m.protobuf - 1}")
            return
        if m.protobuf and m.protobuf <= m.since:
            raise Wrong(f"{m.where}: {m.name} has a text layout, but is protobuf from its first version on")
        layout = Layout(self, m, m.lines)
        m.ops, m.slots = layout.ops, layout.slots

    def _check_messages(self):
        ids, names = {}, {}
        for m in self.messages:
            if not 0 < m.id < PROTOBUF_OFFSET:
                raise Wrong(f"{m.where}: {m.name} has the id {m.id}; ids are 1 to {PROTOBUF_OFFSET - 1}")
            other = ids.setdefault((m.direction, m.id), m)
            if other is not m:
                raise Wrong(f"{m.where}: {m.name} has the id {m.id} of {other.name}")
            for name in [m.name, *m.aliases]:
                other = names.setdefault((m.direction, name.lower()), m)
                if other is not m:
                    raise Wrong(f"{m.where}: the name {name} of {m.name} is also one of {other.name}")
            if m.protobuf and m.protobuf < m.since:
                raise Wrong(f"{m.where}: {m.name} is protobuf from {m.protobuf} on, but known only since {m.since}")
            if m.direction == "out" and not m.kind:
                raise Wrong(f"{m.where}: request {m.name} needs a kind: {', '.join(KINDS)}")
            if m.kind in ENDED and not m.end_lines:
                raise Wrong(f"{m.where}: {m.name} is {m.kind}, so it needs ends")
        finish_relations(self)
