"""A message's text layout as lines for people: what each field is, at which server versions, and how it is spelled."""

from protocol_layout import NUMBERS, Slot
from protocol_lines import LAST_VERSION

COMPARES = {"Equal": "==", "NotEqual": "!=", "Less": "<", "LessEqual": "<=", "Greater": ">", "GreaterEqual": ">="}
SPELLED = {"?": "empty when unset", "!": "the type's largest number when unset", "~": "outside ASCII as \\uXXXX from 153 on",
           "~~": "outside ASCII as \\uXXXX", ":true": "true or false", ":ao": "a (and) or o (or)",
           ":whole": "without .0 when whole, empty when unset"}


def layout_lines(message):
    """Aligned lines: what, when, note."""
    rows = list(_rows(message, message.ops, 0))
    widths = [max((len(row[i]) for row in rows if row[1] or row[2]), default=0) for i in range(2)]  # not of conditions
    return [f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip() for row in rows]


def _rows(message, ops, depth):
    indent = "  " * depth
    for op in ops:
        when = _when(message, op)
        if op.code == "If":
            yield f"{indent}if {' and '.join(_condition(message.slots, c) for c in op.conditions)}", "", ""
            yield from _rows(message, op.body, depth + 1)
            if op.otherwise:
                yield f"{indent}else", "", ""
                yield from _rows(message, op.otherwise, depth + 1)
            continue
        what, note = _told(message, op)
        yield indent + what, when, note
        yield from _rows(message, op.body, depth + 1)


def _told(message, op):
    name = _path(message.slots, op.slot, op.field) if op.field else ""
    if op.code == "Field":
        return name, SPELLED.get(op.spelling, "0 when unset" if op.field.type in NUMBERS else "")
    if op.code == "Mask":
        names = " ".join(_path(message.slots, op.slot, f) for f in op.mask)
        return f"mask ({names})", "one number of bits, the first name lowest"
    return {
        "Version": (f"version {op.number}", "the message's own version"),
        "Constant": (f'"{op.literal}"', "a dead slot"),
        "Variant": (f'"{op.literal}"', f"only some clients send it: there when {op.number} fields are left"),
        "Tags": (f"tags {name}", "tag=value;tag=value;"),
        "Echo": (name, "sent once more; the last one that is set counts"),
        "Repeat": (f"repeat {name}", "a count, then for each:"),
        "Again": (f"repeat again {name}", "a count, then for each of the same:"),
        "RepeatScalar": (f"list {name}", "a count, then that many"),
        "With": (f"with {name}", "1 or 0, and after a 1:"),
    }[op.code]


def end_told(end):
    """When the end counts: " up to 195, if keep_up_to_date == 0"; "" where always."""
    when = _versions(end.since, end.until)
    condition = " and ".join([*(_condition(end.slots, c) for c in end.conditions),
                              *("answer." + _condition(end.answer_slots, c) for c in end.answer_conditions)])
    return (f" {when}" if when else "") + (f", if `{condition}`" if condition else "")


def statement_told(f):
    """What decides whether a field says something: "only if `hedge_type != ""`", "-1 says nothing", "0 says something"."""
    told = []
    if f.conditions:
        told.append("only if `" + " and ".join(_condition([Slot(0, None, None)], c) for c in f.conditions) + "`")
    if f.default:
        told.append("0 says something" if f.default == "none" else f"{f.default} says nothing")
    return told


def cancel_told(message):
    """When a cancel is one: ", if `subscribe == 0`"; "" where always. `message` is what it cancels."""
    condition = " and ".join(_condition(message.cancel_slots, c) for c in message.cancel_conditions)
    return f", if `{condition}`" if condition else ""


def _when(message, op):
    last = (message.protobuf or LAST_VERSION + 1) - 1
    return _versions(op.since if op.since > message.since else 0, op.until if op.until and op.until <= last else 0)


def _versions(since, until):
    if since and until:
        return f"{since}..{until - 1}"
    return f"from {since} on" if since else f"up to {until - 1}" if until else ""


def _condition(slots, c):
    """`slots`: those that the condition counts in."""
    compare = COMPARES[c.compare]
    if c.code == "ServerVersion":
        return f"server {compare} {c.number}"
    if c.code == "MessageVersion":
        return f"version {compare} {c.number}"
    name = _path(slots, c.slot, c.field)
    if c.code == "NotEmptyList":
        return f"{name} not empty"
    if c.code == "Number":
        return f"{name} {compare} {'infinity' if c.number == float('inf') else f'{c.number:g}'}"
    values = [f'"{text}"' for text in c.texts] or [str(number) for number in c.integers]
    return f"{name} {compare} {values[0]}" if len(values) == 1 else f"{name} in ({', '.join(values)})"


def _path(slots, slot, f):
    """From the message, or from the element of the innermost repeat."""
    names = [f.name]
    while slot and not slots[slot].field.is_list:
        names.append(slots[slot].field.name)
        slot = slots[slot].parent
    return ".".join(reversed(names))
