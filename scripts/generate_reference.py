#!/usr/bin/env python3
"""Makes docs/protocol/: the reference of the TWS API that protocol/messages/*.tws describe, one page per domain.

    generate_reference.py            writes the pages
    generate_reference.py --check    says which pages are not what would be written; status 1 when any
"""

import argparse
import sys
from pathlib import Path

from protocol_description import PROTOBUF_OFFSET, Description, Wrong
from protocol_lines import FIRST_VERSION, LAST_VERSION
from reference_layout import cancel_told, end_told, layout_lines, statement_told, statement_told

ROOT = Path(__file__).resolve().parents[1]
MESSAGES = ROOT / "protocol" / "messages"
OUT = ROOT / "docs" / "protocol"
NOTE = "<!-- Made by scripts/generate_reference.py from protocol/messages/*.tws. Do not edit. -->\n"

TITLES = {"session": "Session", "market_data": "Market data", "orders": "Orders and executions",
          "account": "Account and positions", "contracts": "Contracts", "historical_data": "Historical data",
          "news": "News and events", "config": "Configuration"}
KINDS = {"command": "command: it has no answer of its own", "one-shot": "one-shot: one answer",
         "finite": "finite: answers up to an end", "stream": "stream: answers until it is cancelled"}
RULES = {"alone": "alone: its answers are nobody else's, and come in turn",
         "joined": "joined: alone, but asked again too soon it may get no answer of its own",
         "keyed": "keyed: the answer repeats its key",
         "family": "family: other requests have these answers; one at a time",
         "counted": "counted: one subscription per connection, ended with its last user",
         "command": "command: nothing comes back that is its own"}
EFFECTS = {"ends": "refused, or over: nothing more follows, nor an end message",
           "notice": "information; nothing failed",
           "warning": "goes on, but not quite as asked",
           "either": "the text decides whether it goes on"}
INTRODUCTION = f"""\
# The TWS API, message by message

What an application and Interactive Brokers' TWS or IB Gateway say to each other over a TCP socket: every message of both
directions, server versions {FIRST_VERSION} to {LAST_VERSION}, on both wires. The same description drives `ibkr`'s decoders and encoders, which are
tested against the official clients. It is told in our own words and is not a document of Interactive Brokers.

`ibkr describe NAME` prints the same on a terminal, `ibkr errors CODE` an error's meaning.

## From the first byte

1. The app connects and says `API`, a NUL byte, and the versions that it speaks as a frame: `v100..226`.
2. TWS answers with a frame of two text fields: the **server version** (the highest that both know) and its time. What every
   later message looks like depends on that version.
3. The app sends [StartApiRequest](session.md#startapirequest) with its client id. TWS sends
   [NextValidId](session.md#nextvalidid) and [ManagedAccounts](account.md#managedaccounts); now the app may ask.

A frame is a 4-byte big-endian length and that many bytes of payload. A payload is a message id and a body:

| server version | id | body |
| --- | --- | --- |
| below 201 | decimal digits and a NUL | text |
| from 201 on, id up to 200 | 4 bytes, big endian | text |
| from 201 on, id above 200 | 4 bytes, big endian: the message's id and 200 | protobuf |

A **text** body is a sequence of fields, each ended by a NUL. They have no names: their order is the layout, and it differs
between server versions. A **protobuf** body carries the field numbers that the pages list. Each message says from which
version on it travels as protobuf.

## How to read a page

**Kind** of a request: a *command* has no answer of its own; *one-shot* has one; *finite* has answers up to an end; a *stream* goes
on until it is cancelled. An error can end each of them instead: see [error codes](errors.md). A request **without an id** says
how its answers find it.

**Fields**: the protobuf number (`-` where only text has the field), name, type, role and meaning. Every field can be unset.
A `decimal` is a number with its exact digits, which protobuf carries as a string. Roles:

| role | the value is |
| --- | --- |
| request_id | a number that the app chose for a request; answers carry it back |
| order_id | an order's id, unique per client id |
| request_or_order_id | one or the other, or -1 |
| perm_id | TWS's lasting id of an order |
| client_id | a connection's client id |
| account | an account number, or several joined with commas; with `beside`, only where another field has one of the values named |
| exec_id | an execution's id |
| stamp | when something happened |
| when | a moment or a date that the caller asks for |
| user | a person or a program, by name |
| secret | what must not leave the machine |
| key | what ties a request without an id to its answers |
| tag | free text that the app made up |
| text | prose, which may quote ids |

*Only if*: the field says something only where that holds in the same struct; elsewhere it does not count, whatever stands
there. *0 says something*, *-1 says nothing*: unset, 0, false and the empty text say nothing, but for these.
*Refers*: the id of something else than what the message is about, such as a parent order.
*Ignorable*: without it the message still means the same to a program. *From 223 on* and the like: the server version
that gave protobuf the field; others are as old as their message.

**Text layout**: the fields behind the message id, in order. `from 131 on` and the like are server versions. `version` is the
message's own version number, a field that many old messages begin with; we show the newest. `if` compares server version,
message version or fields that came before. `repeat` is a count and then the block for each element, `list` a count and
that many values, `with` a flag and, after a 1, the block. Booleans are 1 and 0 where nothing else is said.
"""


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def table(head, rows):
    return [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |", *(f"| {' | '.join(row)} |" for row in rows), ""]


class Reference:
    """Page name -> text."""

    def __init__(self, description):
        self.description = description
        self.page_of = {name: "values" for name in [*description.enums, *description.texts]}
        for struct in description.structs.values():
            page = struct.where.split(".")[0]
            self.page_of[struct.name] = page if page in TITLES else "structs"
        unknown = {m.where.split(".")[0] for m in description.messages} - TITLES.keys()
        if unknown:
            raise Wrong(f"{sorted(unknown)[0]}.tws:1: scripts/generate_reference.py has no title for this domain (TITLES)")

    def pages(self):
        made = {f"{page}.md": self.domain(page) for page in TITLES}
        return {**made, "README.md": self.index(), "structs.md": self.shared_structs(), "values.md": self.values(), "errors.md": self.errors()}

    # ---- links -----------------------------------------------------------------------------------------------------

    def link(self, name):
        return f"[{name}]({self.page_of[name]}.md#{name.lower()})"

    def links(self, names):
        return ", ".join(map(self.link, names))

    def messages(self, direction, page=None):
        found = [m for m in self.description.messages if m.direction == direction and page in (None, self.page_of[m.name])]
        return sorted(found, key=lambda m: m.id)

    # ---- pages -----------------------------------------------------------------------------------------------------

    def index(self):
        out = [INTRODUCTION, "## Pages", ""]
        for page, title in TITLES.items():
            counts = [len(self.messages(direction, page)) for direction in ("out", "in")]
            out.append(f"- [{title}]({page}.md): {counts[0]} {'request' if counts[0] == 1 else 'requests'}, {counts[1]} from TWS")
        out += ["- [Shared structs](structs.md): contracts, legs and what else several domains use",
                "- [Values](values.md): what numbers and texts of fields mean, from tick types to order types",
                "- [Error codes](errors.md)", ""]
        for direction, title in (("out", "To TWS"), ("in", "From TWS")):
            rows = [[str(m.id), self.link(m.name), self.aliases(m), self.versions(m), cell(m.doc)] for m in self.messages(direction)]
            out += [f"## {title}", "", *table(["id", "message", "known as", "server versions", "meaning"], rows)]
        return "\n".join(out)

    def domain(self, page):
        out = [f"# {TITLES[page]}", "", "[All messages](README.md) · how to read this page: [here](README.md#how-to-read-a-page)", ""]
        parts = [s for s in self.description.structs.values() if self.page_of[s.name] == page and not self.is_message(s)]
        for direction, title in (("out", "To TWS"), ("in", "From TWS")):
            listed = self.messages(direction, page)
            if listed:
                out += [f"{title}: {' · '.join(f'[{m.name}](#{m.name.lower()})' for m in listed)}", ""]
        if parts:
            out += [f"Structs: {' · '.join(f'[{s.name}](#{s.name.lower()})' for s in parts)}", ""]
        for message in [*self.messages("out", page), *self.messages("in", page)]:
            out += self.message(message)
        for struct in parts:
            out += self.struct(struct)
        return "\n".join(out)

    def shared_structs(self):
        out = ["# Shared structs", "", "Parts of messages of several [domains](README.md).", ""]
        for struct in self.description.structs.values():
            if self.page_of[struct.name] == "structs":
                out += self.struct(struct)
        return "\n".join(out)

    def values(self):
        out = ["# Values", "", "What the numbers and texts of fields mean. [All messages](README.md).", "", "## Numbers", ""]
        for name, (doc, values) in sorted(self.description.enums.items()):
            rows = [[str(number), word, cell(text)] for number, word, text in values]
            out += [f"### {name}", "", cell(doc), "", *table(["value", "name", "meaning"], rows)]
        out += ["## Texts", "", "Known values; others can occur.", ""]
        for name, (doc, values) in sorted(self.description.texts.items()):
            out += [f"### {name}", "", cell(doc), "", *table(["value", "meaning"], [[f"`{cell(v)}`", cell(text)] for v, text in values])]
        return "\n".join(out)

    def errors(self):
        out = ["# Error codes", "", f"Codes of {self.link('ErrorMessage')}. Others occur: then the text is all there is. An order's state comes",
               f"from {self.link('OrderStatus')} alone, whatever the code.", "",
               *table(["effect", "what becomes of the request, order or connection that it is about"],
                      [[effect, told] for effect, told in EFFECTS.items()])]
        rows = []
        for e in sorted(self.description.errors.values(), key=lambda e: e.code):
            answers = [f"{self.links(e.refuses)} where nothing is left to cancel"] if e.refuses else []
            answers += [f"{self.links(e.confirms)} that worked"] if e.confirms else []
            answers += [f"with the id -1: {self.links(e.concerns)}"] if e.concerns else []
            rows.append([str(e.code), e.area.replace("_", " "), e.effect, cell(e.doc), cell(e.advice), "; ".join(answers)])
        return "\n".join([*out, *table(["code", "area", "effect", "meaning", "what to do", "answers"], rows)])

    # ---- parts of pages --------------------------------------------------------------------------------------------

    def is_message(self, struct):
        return self.description.message(struct.name) is not None

    @staticmethod
    def aliases(m):
        return ", ".join(f"`{alias}`" for alias in m.aliases)

    @staticmethod
    def versions(m):
        if not m.protobuf:
            return f"text from {m.since} on"
        if m.ops is None:
            return f"protobuf from {m.protobuf} on"
        return f"text {m.since}..{m.protobuf - 1}, protobuf from {m.protobuf} on"

    def message(self, m):
        ids = f"id {m.id}" + (f", as protobuf {m.id + PROTOBUF_OFFSET}" if m.protobuf else "")
        known = f" · known as {self.aliases(m)}" if m.aliases else ""
        out = [f"## {m.name}", "", m.doc.replace("<", "&lt;"), "",
               f"**{'From' if m.direction == 'in' else 'To'} TWS**, {ids} · {self.versions(m)}{known}", ""]
        relations = [f"- {told}" for told in self.relations(m)]
        out += [*relations, ""] if relations else []
        out += self.fields(m.body)
        if m.ops is not None:
            out += self.layout(m)
        return out

    def relations(self, m):
        if m.kind:
            yield f"kind: {KINDS[m.kind]}"
        if m.answers:
            yield f"answers: {self.links(m.answers)}"
        for label, batch in (("ended by", False), ("first batch ends with", True)):
            ends = [end for end in m.ends if end.batch == batch]
            told = "; ".join(f"{self.link(end.answer)}{end_told(end)}{self.then(end)}" for end in ends)
            if ends and not any(end_told(end) or end.then for end in ends):
                told = self.links(end.answer for end in ends)
            if ends:
                yield f"{label}: {told}"
        if m.cancel:
            yield f"cancelled by: {self.link(m.cancel)}{cancel_told(m)}"
        if m.cancel_all:
            yield f"all are cancelled by: {self.link(m.cancel_all)}"
        for other in self.description.messages:
            if other.cancel == m.name:
                yield f"cancels: {self.link(other.name)}{cancel_told(other)}"
            if other.cancel_all == m.name:
                yield f"cancels all: {self.link(other.name)}"
        if m.rule:
            yield f"without an id: {RULES[m.rule]}"
        for relation, told in (("confirms", "worked: error"), ("refuses", "nothing left to cancel: error")):
            codes = [str(e.code) for e in self.description.errors.values() if m.name in getattr(e, relation)]
            if codes:
                yield f"{told} {', '.join(codes)} ([error codes](errors.md))"
        requests = [other.name for other in self.description.messages if m.name in other.answers]
        if requests:
            yield f"answer to: {self.links(requests)}"
        if m.pushed:
            yield "TWS sends it unasked, too"
        if m.setting:
            yield "holds for the connection: a new one needs it again"

    def then(self, end):
        return f", then {self.links(end.then)}" if end.then else ""

    def fields(self, struct):
        if not struct.fields:
            return ["No fields.", ""]
        rows = [[str(f.number or "-"), f"`{f.name}`", self.type_of(f), ", ".join(self.roles(f)), cell(f.doc)] for f in struct.fields]
        return table(["no.", "field", "type", "role", "meaning"], rows)

    def type_of(self, f):
        if f.element in self.description.structs:
            return self.link(f.element) + ("[]" if f.is_list else "")
        values = f.enum or f.texts
        return f.type + (f" {self.link(values)}" if values else "")

    @staticmethod
    def roles(f):
        beside = f"beside {f.beside[0]}={'/'.join(f.beside[1])}" if f.beside else ""
        return [word for word in (f.role, beside, "key" if f.key else "", "refers" if f.refers else "",
                             f"from {f.since} on" if f.since else "", "ignorable" if f.ignorable else "",
                             *statement_told(f)) if word]

    def layout(self, m):
        last = (m.protobuf or LAST_VERSION + 1) - 1
        lines = layout_lines(m)
        if not lines:
            return [f"Text layout, server versions {m.since} to {last}: the message id alone.", ""]
        return [f"Text layout, server versions {m.since} to {last}:", "", "```", *lines, "```", ""]

    def struct(self, struct):
        return [f"## {struct.name}", "", cell(struct.doc), "", *self.fields(struct)]


def stale(pages):
    """Names of pages that are not what they should be, or should not be there."""
    names = {path.name for path in OUT.glob("*.md")} | pages.keys()
    return [name for name in sorted(names)
            if not (OUT / name).is_file() or (OUT / name).read_text(encoding="utf-8") != pages.get(name)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--check", action="store_true", help="write nothing; compare")
    options = arguments.parse_args()
    try:
        made = Reference(Description(MESSAGES.glob("*.tws"))).pages()
    except Wrong as wrong:
        print(wrong, file=sys.stderr)
        return 1
    pages = {name: NOTE + text.rstrip("\n") + "\n" for name, text in made.items()}
    if options.check:
        wrong = stale(pages)
        if wrong:
            print(f"docs/protocol/ is not what the description says ({', '.join(wrong)}): run scripts/generate", file=sys.stderr)
        return 1 if wrong else 0
    OUT.mkdir(parents=True, exist_ok=True)
    for name in stale(pages):
        if name in pages:
            (OUT / name).write_text(pages[name], encoding="utf-8")
        else:
            (OUT / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
