"""Random messages as `ibkr encode` takes them, made from the description; values that decide a layout come up often."""

import string

WORDS = ("AAPL", "SMART", "ES", "20261123 09:30:00 US/Eastern", "caf\u00e9", "\u6771\u4eac", "a b,c", "x\"y", "\U0001f4c8 up", "back\\slash", "1/2")


def conditions_of(ops, found=None):
    """Values that conditions compare a field with, by the field's name."""
    found = {} if found is None else found
    for op in ops or []:
        for c in op.conditions:
            if c.field:
                values = c.texts or c.integers or ([c.number] if c.code == "Number" else [])
                found.setdefault(c.field.name, []).extend(values)
        conditions_of(op.body, found)
        conditions_of(op.otherwise, found)
    return found


class Maker:
    def __init__(self, description, random):
        self._description, self._random = description, random

    def fields(self, message):
        deciding = conditions_of(message.ops)
        return self._struct(self._description.structs[message.name], deciding, self._random.choice((0.3, 0.7, 0.95)))

    def _struct(self, struct, deciding, density):
        made = {}
        for f in struct.fields:
            if self._random.random() > density:
                continue
            value = self._value(f, deciding, density, struct)
            if value != []:
                made[f.name] = value
        return made

    def _value(self, f, deciding, density, struct):
        if f.is_list:
            return [self._one(f, {}, density, struct) if f.element not in self._description.structs else
                    self._struct(self._description.structs[f.element], deciding, density) for _ in range(self._random.randrange(4))]
        if f.element in self._description.structs:
            return self._struct(self._description.structs[f.element], deciding, density)
        return self._one(f, deciding, density, struct)

    def _one(self, f, deciding, density, struct):
        pick = self._random.choice
        if deciding.get(f.name) and self._random.random() < 0.6:
            value = pick(deciding[f.name])
            if f.type == "bool":
                return bool(value)
            return value if value != float("inf") else "Infinity"
        kind = f.element
        if kind == "bool":
            return pick((True, False))
        if kind == "int32":
            return pick(self._enum(f) or (0, 1, -1, self._random.randrange(10**6), -2**31, 2**31 - 2))
        if kind == "int64":
            return pick((0, 7, -1, 1790000000123, 2**53 + 1, -2**62, self._random.randrange(2**62)))
        if kind == "double":
            return pick((0, 1, -1, 0.1, 150.25, 1e-7, 1.5e300, -3.125, self._random.uniform(-1e6, 1e6)))
        if kind == "decimal":
            return pick((0, 100, -5, 0.5, 1234567.25))
        if f.wire == "double":
            return pick(("100", "0.1", "5000"))
        if struct.name == "TagValue":
            return "".join(self._random.choices(string.ascii_letters, k=5))
        known = [value for value, _ in self._description.texts[f.texts][1]] if f.texts else []
        return pick(known or WORDS) if self._random.random() < 0.8 else pick(WORDS)

    def _enum(self, f):
        return [value for value, _, _ in self._description.enums[f.enum][1]] if f.enum else None
