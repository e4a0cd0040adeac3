"""What belongs to which request: answers, what ends and cancels it, where ids stand, and how answers find a request
without an id. Called by Description; raises Wrong."""

from dataclasses import dataclass, field as member

from protocol_layout import Scope
from protocol_lines import Wrong, expect, version_range

ENDS_USAGE = ("ends Name ... [since V] [until V] [if condition and ...], or batch Name ... [then Name ...] likewise, in an "
              "'out' message")
CANCEL_USAGE = "cancel Name, or cancel of its own Name if condition and ..., in an 'out' message"
ID_ROLES = ("request_id", "order_id", "request_or_order_id", "perm_id", "client_id", "account", "exec_id")
RULES = ("alone", "joined", "keyed", "family", "counted", "command")
MAX_ENDS = 32  # kMaxEnds in protocol/schema.h
ENDED = ("one-shot", "finite")


@dataclass
class End:
    """One way in which an answer ends a request; see End in protocol/schema.h."""
    answer: str
    where: str
    batch: bool
    since: int
    until: int
    conditions: list = member(default_factory=list)  # on the request
    slots: list = member(default_factory=list)  # what these conditions' slots are
    answer_conditions: list = member(default_factory=list)
    answer_slots: list = member(default_factory=list)
    then: list = member(default_factory=list)  # names of what follows a batch

    @property
    def always(self):
        return not (self.since or self.until or self.conditions or self.answer_conditions)


@dataclass
class IdPath:
    """Where a message has an id: the fields that lead to it, itself last."""
    role: str
    fields: list  # of (Struct, Field)

    @property
    def in_list(self):
        return any(f.is_list for _, f in self.fields)


class Relation(Scope):
    """Conditions of a relation between messages, on the fields of one of them."""

    def _condition(self, line, words, base):
        if words[:1] in (["server"], ["version"]):
            raise Wrong(f"{line.where}: what ends a request depends on the server version by since and until, "
                        f"and on its fields")
        return super()._condition(line, words, base)

    def conditions(self, line, words):
        """The conditions that are joined with `and`; none when there are no words."""
        made = self._conditions(line, words, 0) if words else []
        self._check_slots()
        return made


def finish_relations(description):
    """Checks the relations of all messages and puts names, Ends and IdPaths in the place of lines."""
    cancels = {}
    for m in description.messages:
        m.id_paths = sorted(_id_paths(description, m.body, []), key=lambda path: len(path.fields))
    for m in description.messages:
        m.answers = _related(description, m, m.answers, "in")
        slots = Relation(description, m)
        m.ends = [end for line in m.end_lines for end in _ends(description, m, slots, line)]
        _check_ends(m)
        if m.cancel_line:
            _finish_cancel(description, m, cancels)
        if m.cancel_all:
            [m.cancel_all] = _related(description, m, [m.cancel_all], "out")
            other = description.message(m.cancel_all, "out")
            if _own_id(other) or not _own_id(m):
                raise Wrong(f"{m.where}: {m.cancel_all} cancels all of {m.name}: that has an id, and the cancel has none")
    for m in description.messages:
        _check_rule(description, m)


def _related(description, message, relations, direction):
    names = []
    for name, where in relations:
        if description.message(name, direction) is None:
            raise Wrong(f"{where}: {message.name} names {name}, which is no '{direction}' message")
        if name in names:
            raise Wrong(f"{where}: {message.name} names {name} twice")
        names.append(name)
    return names


# ---- ends ----------------------------------------------------------------------------------------------------------


def _split(line, usage):
    """The words before `if`, and the conditions behind it as lists of words."""
    words = line.words[1:]
    at = words.index("if") if "if" in words else len(words)
    expect(line, at > 0 and words[-1] != "if", usage)
    conditions = [[]]
    for word in words[at + 1:]:
        if word == "and":
            conditions.append([])
        else:
            conditions[-1].append(word)
    return words[:at], conditions if at < len(words) else []


def _joined(conditions):
    return " and ".join(" ".join(words) for words in conditions).split()


def _ends(description, message, request, line):
    words, conditions = _split(line, ENDS_USAGE)
    batch = line.words[0] == "batch"
    names, since, until = version_range(line, words)
    follows = "then" in names
    at = names.index("then") if follows else len(names)
    names, then = names[:at], names[at + 1:]
    expect(line, names and follows == bool(then) and (batch or not follows), ENDS_USAGE)
    of_answer = [words for words in conditions if words and words[0].startswith("answer.")]
    of_request = [words for words in conditions if words not in of_answer]
    of_answer = [[words[0].removeprefix("answer."), *words[1:]] for words in of_answer]
    made = request.conditions(line, _joined(of_request))
    then = _related(description, message, [(name, line.where) for name in then], "in")
    for name in names:
        answer = description.message(name, "in")
        if answer is None:
            raise Wrong(f"{line.where}: {message.name} names {name}, which is no 'in' message")
        first = max(since, message.since, answer.since)
        if until and first >= until:
            raise Wrong(f"{line.where}: at no server version does this end it: {name} answers {message.name} "
                        f"from {first} on")
        scope = Relation(description, answer)
        yield End(name, line.where, batch, since, until, made, request.slots,
                  scope.conditions(line, _joined(of_answer)), scope.slots, then)


def _check_ends(m):
    if len(m.ends) > MAX_ENDS:
        raise Wrong(f"{m.where}: {m.name} has {len(m.ends)} ways to end, more than {MAX_ENDS}")
    for i, end in enumerate(m.ends):
        for name in [end.answer, *end.then]:
            if name not in m.answers:
                raise Wrong(f"{end.where}: {name} ends {m.name} but is not among its answers" if name == end.answer else
                            f"{end.where}: {name} follows in {m.name} but is not among its answers")
        same = [other for other in m.ends[:i] if other.answer == end.answer]
        if same and any(e.always for e in [end, *same]):
            raise Wrong(f"{end.where}: {end.answer} ends {m.name} in any case, so it is named once")


# ---- cancels -------------------------------------------------------------------------------------------------------


def _finish_cancel(description, m, cancels):
    line = m.cancel_line
    words, conditions = _split(line, CANCEL_USAGE)
    expect(line, len(words) == 1 and (not conditions or words[0] == m.name), CANCEL_USAGE)
    [m.cancel] = _related(description, m, [(words[0], line.where)], "out")
    other = cancels.setdefault(m.cancel, m)
    if other is not m or (m.cancel == m.name and not conditions):
        raise Wrong(f"{m.where}: {m.cancel} cannot cancel {m.name}: it cancels {other.name}, or is itself")
    scope = Relation(description, description.message(m.cancel, "out"))
    m.cancel_conditions, m.cancel_slots = scope.conditions(line, _joined(conditions)), scope.slots


# ---- ids -----------------------------------------------------------------------------------------------------------


def _id_paths(description, struct, above):
    """The ids that say what a message is about, in order of the description. What merely refers to something else (a
    parent order, a filter) is not among them."""
    for f in struct.fields:
        path = [*above, (struct, f)]
        if f.refers or f.beside:
            continue
        if f.role in ID_ROLES or f.key:
            yield IdPath(f.role, path)
        elif f.element in description.structs:
            yield from _id_paths(description, description.structs[f.element], path)


def _own_id(m):
    return any(path.role in ("request_id", "order_id") and not path.in_list for path in m.id_paths)


def _has_key(m):
    return any(path.fields[-1][1].key and len(path.fields) == 1 for path in m.id_paths)


# ---- requests without an id ----------------------------------------------------------------------------------------


def _check_rule(description, m):
    if m.direction == "in":
        return
    if _own_id(m):
        if m.rule:
            raise Wrong(f"{m.where}: {m.name} has an id, which says what belongs to it; it is not unnumbered")
        return
    if not m.rule:
        raise Wrong(f"{m.where}: {m.name} has no id, so it needs a rule: unnumbered {'|'.join(RULES)}")
    problem = _rule_problem(description, m)
    if problem:
        raise Wrong(f"{m.where}: {m.name} cannot be unnumbered {m.rule}: {problem}")


def _rule_problem(description, m):
    others = [other for other in description.messages if other.rule not in ("", "command") and other is not m]
    sharing = [other.name for other in others if set(other.answers) & set(m.answers)]
    if (m.rule == "command") != (m.kind == "command"):
        return f"its kind is {m.kind}"
    if m.rule == "counted" and m.kind != "stream":
        return f"its kind is {m.kind}, not stream"
    if m.rule in ("alone", "joined", "keyed") and m.kind not in ENDED:
        return f"its kind is {m.kind}, so nothing makes room for the next one"
    if m.rule == "family" and not sharing:
        return "nothing else has its answers"
    if m.rule in ("alone", "joined", "keyed", "counted") and sharing:
        return f"{sharing[0]} has answers of it"
    if m.rule == "keyed":
        ends = [description.message(end.answer, "in") for end in m.ends]
        for message in [m, *ends]:
            if not _has_key(message):
                return f"{message.name} has no key"
    return ""
