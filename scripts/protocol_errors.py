"""The `errors` block of the description language: the numbers that error messages carry, and what they do to requests."""

import re
from dataclasses import dataclass, field as member

from protocol_lines import Wrong, doc, expect, integer

AREAS = ("account", "client", "connection", "connectivity", "contract", "depth", "farm", "fundamental", "historical",
         "market_data", "order", "request", "scanner", "system", "tick_by_tick", "time")
EFFECTS = ("ends", "notice", "warning", "either")
RELATIONS = ("refuses", "confirms", "concerns")
USAGE_OF_ADVICE = 'advice "text" once, below a code'
USAGE = f'CODE area {"|".join(EFFECTS)} [refuses (Name ...)] [confirms (Name ...)] [concerns (Name ...)] "text"'


@dataclass
class ErrorCode:
    where: str  # "file:line", for errors
    code: int
    area: str
    effect: str
    doc: str
    advice: str = ""  # what to do about it
    refuses: list = member(default_factory=list)   # names of cancels
    confirms: list = member(default_factory=list)
    concerns: list = member(default_factory=list)  # names of requests without an id


def read_errors(block, known):
    """The error codes of a block's lines. `known` has the codes of earlier blocks and gets these."""
    made = None
    for line in block:
        if line.words[0] == "advice":
            expect(line, made and not made.advice and len(line.words) == 2, USAGE_OF_ADVICE)
            made.advice = doc(line.words[1], line.where)
            continue
        made = _error_code(line)
        if made.code in known:
            raise Wrong(f"{line.where}: error {made.code} is described twice")
        known[made.code] = made


def check_errors(codes, message):
    """Cancels are requests that take something back; `message(name)` is the description's `out` message, or None."""
    for made in codes.values():
        for name in [*made.refuses, *made.confirms, *made.concerns]:
            if message(name) is None:
                raise Wrong(f"{made.where}: error {made.code} names {name}, which is no 'out' message")
        for name in made.concerns:
            if not message(name).rule:
                raise Wrong(f"{made.where}: error {made.code} concerns {name}, which has an id that the error carries")


def _error_code(line):
    words = line.words
    expect(line, len(words) >= 4 and re.fullmatch(r"\d+", words[0]), USAGE)
    made = ErrorCode(line.where, integer(words[0], line.where), words[1], words[2], doc(words[-1], line.where))
    if made.area not in AREAS:
        raise Wrong(f"{line.where}: unknown area {made.area}; areas are {', '.join(AREAS)}")
    if made.effect not in EFFECTS:
        raise Wrong(f"{line.where}: unknown effect {made.effect}; effects are {', '.join(EFFECTS)}")
    rest = words[3:-1]
    while rest:
        relation, close = rest[0], rest.index(")") if ")" in rest else 0
        expect(line, relation in RELATIONS and close > 2 and rest[1] == "(" and not getattr(made, relation), USAGE)
        setattr(made, relation, rest[2:close])
        rest = rest[close + 1:]
    return made
