"""Seeded random values for a client's own objects, and the same values as our JSON.

Nothing here knows a client: an object's attribute is the field of the same name (letters compared, `primaryExchange`
and its like listed below), and its value is read back from the object after filling, so that the JSON says what the
program said, defaults included.
"""

import math
from decimal import Decimal

UNSET = {2**31 - 1, 2**63 - 1, 1.7976931348623157e308, Decimal(2**127 - 1)}

# Attributes and parameters that are not called like the field.
OTHER_NAMES = {
    ("Contract", "primary_exch"): "primaryExchange",
    ("ComboLeg", "short_sales_slot"): "shortSaleSlot",
    ("SoftDollarTier", "value"): "val",
    ("OrderCondition", "type"): "condType",
}
IN_IB_ASYNC = {("OrderCondition", "is_conjunction_connection"): "conjunction"}  # the text's own "a" or "o"

# Values that layouts ask for; each comes up often.
TELLING = {
    "sec_type": ["STK", "BAG", "OPT", "FUND"],
    "exchange": ["SMART", "IBKRATS"],
    "order_type": ["LMT", "PEG BENCH", "PEGBENCH", "PEG BEST", "PEGBEST", "PEG MID", "PEGMID", "VOL"],
    "multiplier": ["100", "0.5", "1000"],
    "compete_against_best_offset": [math.inf, 0.01],
    "what_to_show": ["TRADES", "SCHEDULE"],
    "bar_size_setting": ["1 min", "1 day"],
}

# Integers on the wire that are a yes, a no or nothing in every client.
THREE_STATES = {"use_price_mgmt_algo", "seek_price_improvement", "route_marketable_to_bbo"}

WORDS = ["AAPL", "USD", "DU1234567", "20261218", "20261218 10:00:00 US/Eastern", "a b", "x", "1", "0", "-", "1.5", "IB", "<xml/>", "{}"]

CONDITION_TYPES = [1, 3, 4, 5, 6, 7]


def letters(name):
    return name.replace("_", "").lower()


def attribute_of(target, struct, field):
    """The attribute of a client's object that holds a field, or None."""
    wanted = letters(OTHER_NAMES.get((struct, field), field))
    names = _attributes(type(target), target)
    return names.get(wanted) or names.get(letters(IN_IB_ASYNC.get((struct, field), "")))


_ATTRIBUTES = {}


def _attributes(cls, target):
    if cls not in _ATTRIBUTES:
        _ATTRIBUTES[cls] = {letters(name): name for name in getattr(target, "__dict__", None) or target._fields}
    return _ATTRIBUTES[cls]


class Values:
    """Random values from one generator; `classes` maps struct names to the client's classes."""

    def __init__(self, random, structs, classes, avoid=(), *, only_ascii=True):
        """`avoid`: strings that this client would treat in its own way. Official clients refuse all but ASCII."""
        self.random = random
        self.structs = structs
        self.classes = classes
        self.avoid = avoid
        self.words = WORDS if only_ascii else [*WORDS, "caf\u00e9", "\u4e2d\u6587"]

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def integer(self):
        return self.random.choice([0, 1, 2, -1, self.random.randrange(100), self.random.randrange(-(10**9), 2 * 10**9)])

    def scalar(self, field):
        name, kind = field["name"], field["kind"]
        if name in TELLING and self.chance(60):
            return self.random.choice([value for value in TELLING[name] if value not in self.avoid])
        if name in THREE_STATES:
            return self.chance(50)
        if kind == "int32":
            return self.integer()
        if kind == "int64":
            return self.integer() * self.random.choice([1, 1000003])
        if kind == "bool":
            return self.chance(50)
        if kind == "double":
            return self.random.choice([0.0, float(self.integer()), self.integer() / 100, self.integer() * 1e-9, 12345678901234567.0])
        if kind == "decimal":
            return Decimal(self.integer()).scaleb(-self.random.randrange(6))
        if kind == "string":
            return self.random.choice(TELLING["multiplier"] if name == "multiplier" else self.words)
        if kind == "int32[]":
            return [self.integer() for _ in range(self.random.randrange(3))]
        raise ValueError(f"no random value for {field}")

    def tags(self):
        make = self.classes["TagValue"]
        tags = self.random.sample("abc", self.random.randrange(4))
        return [make(tag, self.random.choice(["1", "x y", ""])) for tag in tags]

    def fill(self, target, struct, prefix, allowed):
        """Sets about two thirds of the object's attributes. `allowed`: a test on the path of a field."""
        for field in self.structs[struct].values():
            attribute, path = attribute_of(target, struct, field["name"]), prefix + field["name"]
            if attribute is None or not allowed(path):
                continue
            if field["kind"] == "struct":
                self._struct(target, attribute, field, path, allowed)
            elif field["type"] == "TagValue":
                setattr(target, attribute, self.tags())
            elif field["type"] == "ComboLeg":
                setattr(target, attribute, [self.made("ComboLeg", path + ".", allowed) for _ in range(self.random.randrange(3))])
            elif field["type"] == "OrderCondition":
                setattr(target, attribute, [self.condition() for _ in range(self.random.randrange(3))])
            elif self.chance(65):
                setattr(target, attribute, self.scalar(field))
        return target

    def made(self, struct, prefix, allowed):
        return self.fill(self.classes[struct](), struct, prefix, allowed)

    def _struct(self, target, attribute, field, path, allowed):
        inner = getattr(target, attribute)
        if inner is not None:
            self.fill(inner, field["type"], path + ".", allowed)
        elif self.chance(50):
            setattr(target, attribute, self.made(field["type"], path + ".", allowed))

    def condition(self):
        """Every attribute is set: a condition has no defaults that could be sent."""
        made = self.classes["OrderCondition"](self.random.choice(CONDITION_TYPES))
        for field in self.structs["OrderCondition"].values():
            attribute = attribute_of(made, "OrderCondition", field["name"])
            if attribute == "conjunction":
                setattr(made, attribute, self.random.choice("ao"))
            elif attribute and field["name"] != "type":
                setattr(made, attribute, self.scalar(field))
        return made

    def leg_prices(self, contract, order):
        """Prices of an order's combo legs: as many as there are legs, or fewer, the last one set. (A list that ends in
        unset prices cannot be told from a shorter one in protobuf, so our message does not tell them apart either.)"""
        prices = [self.classes["OrderComboLeg"]() for _ in range(self.random.randrange(len(contract.comboLegs or []) + 1))]
        for leg in prices:
            if leg is prices[-1] or self.chance(50):
                leg.price = self.integer() / 100
        order.orderComboLegs = prices


def to_json(value, field, structs, wire):
    """One attribute's value as our JSON has it; None when it is unset."""
    kind = field["kind"]
    if kind == "struct":
        return None if value is None else object_json(value, field["type"], structs, wire)
    if kind == "struct[]":
        return [object_json(element, field["type"], structs, wire) for element in value or []] or None
    if kind.endswith("[]"):
        return list(value or []) or None
    if value is None or value == "" or (not isinstance(value, (str, bool)) and value in UNSET):
        return None
    if kind == "bool":
        return value == "a" if isinstance(value, str) else bool(value)
    if kind in ("int32", "int64"):
        return int(value)
    if kind == "double":
        return float(value)
    if kind == "decimal":
        return Decimal(str(value))
    return str(value)


def object_json(target, struct, structs, wire):
    """A client's object as our JSON. Protobuf leaves a false out, except in conditions, where every client states it."""
    fields = {}
    for field in structs[struct].values():
        attribute = attribute_of(target, struct, field["name"])
        value = None if attribute is None else to_json(getattr(target, attribute), field, structs, wire)
        if value is not None and not (wire == "protobuf" and value is False and struct != "OrderCondition"):
            fields[field["name"]] = value
    return fields
