#!/usr/bin/env python3
"""Requests: what a real client sends for random arguments is what we decode, write back and make of the same arguments.

A user's program would see the difference as a request that the proxy cannot show, a replay that finds no match, or an
order that a client of ours places with other values.

    PYTHONPATH=<directory of the client> requests.py --toolkit PROGRAM --client NAME [--cases N] [--seed N]

Ends with the report as one line of JSON.
"""

import inspect
import random

import excused
from clients import Refused, open_client
from report import Report, arguments_of_part, versions_to_visit
from toolkit import ToolkitError, wire_at, write_json
from values import Values, letters, object_json, to_json

# Methods that are not called like a message or one of its other names.
METHODS = {
    "cancelMktData": "CancelMarketData",
    "cancelMktDepth": "CancelMarketDepth",
    "cancelTickByTickData": "CancelTickByTick",
    "cancelCalculateImpliedVolatility": "CancelCalculateImpliedVolatility",
    "cancelCalculateOptionPrice": "CancelCalculateOptionPrice",
    "cancelFundamentalData": "CancelFundamentalsData",
    "reqFundamentalData": "FundamentalsDataRequest",
    "startApi": "StartApiRequest",
    "verifyRequest": "VerifyRequest",
    "verifyAndAuthRequest": "VerifyAndAuthRequest",
}

# Parameters that are not called like the field: the path of the field. "." is the message itself.
PARAMETERS = {
    "tickerId": "req_id",
    "mktDataOptions": "market_data_options",
    "mktDepthOptions": "market_depth_options",
    "implVolOptions": "implied_volatility_options",
    "optPrcOptions": "option_price_options",
    "fundamentalDataOptions": "fundamentals_data_options",
    "orderCancel": "order_cancel",
    "manualCancelOrderTime": "order_cancel.manual_order_cancel_time",
    "execFilter": "execution_filter",
    "subscription": "scanner_subscription",
    "scannerSubscriptionOptions": "scanner_subscription.scanner_subscription_options",
    "scannerSubscriptionFilterOptions": "scanner_subscription.scanner_subscription_filter_options",
    "faData": "fa_data_type",
    "cxml": "xml",
    "bAutoBind": "auto_bind",
    "allMsgs": "all_messages",
    "durationStr": "duration",
    "conid": "con_id",
    "groupName": "group",
    "wshEventData": ".",
    "data": ".",
    "optionalCapabilities": "optional_capabilities",
    ("exerciseOptions", "reqId"): "order_id",
}

# Request methods that stand for no message of ours.
NOT_MESSAGES = {"setConnState", "setConnectOptions", "setConnectionOptions", "setOptionalCapabilities", "updateReqId"}
PREFIXES = ("req", "cancel", "place", "calc", "exercise", "set", "query", "subscribe", "unsubscribe", "update", "verify", "replace", "start")


# A version at which so many calls were all refused counts as a difference.
ENOUGH_TO_JUDGE = 10

# What a program passes where it has nothing to say.
NOTHING = {"bool": False, "string": "", "int32": 0}


class Method:
    """One request method of a client, bound to our message."""

    def __init__(self, name, parameters, message, structs):
        self.name = name
        self.message = message
        self.parameters = [(p, *self._field(p, structs)) for p in parameters]

    def _field(self, parameter, structs):
        """(path, the field's entry of the schema) for a parameter."""
        path = PARAMETERS.get((self.name, parameter)) or PARAMETERS.get(parameter)
        body = self.message["body"]
        if path == ".":
            return path, {"name": "", "kind": "struct", "type": "WshEventData"}
        if path is None:
            path = next((f for f in structs[body] if letters(f) == letters(parameter)), None)
        if path is None:
            raise SystemExit(f"{self.name}: no field for the parameter {parameter}")
        *outer, last = path.split(".")
        for name in outer:
            body = structs[body][name]["type"]
        return path, structs[body][last]


def methods_of(client, toolkit):
    by_name = {}
    for (direction, _), message in toolkit.messages.items():
        if direction == "out":
            for name in [message["name"], *message["aliases"]]:
                by_name[letters(name)] = message
    found = []
    for name, method in inspect.getmembers(client.client_class, inspect.isfunction):
        if not name.startswith(PREFIXES) or name.endswith("ProtoBuf") or name in NOT_MESSAGES:
            continue
        message = by_name.get(letters(METHODS.get(name, name)))
        if message is None:
            raise SystemExit(f"{name}: no message of ours for this method")
        parameters = ["clientId", "optionalCapabilities"] if name == "startApi" else list(inspect.signature(method).parameters)[1:]
        found.append(Method(name, parameters, message, toolkit.structs))
    return found


class Case:
    """One call with random arguments: what the client is given, and the same as our JSON."""

    def __init__(self, client, toolkit, method, version, seed, *, only_layout, options):
        self.values = Values(
            random.Random(seed), toolkit.structs, client.classes, excused.AVOIDED.get(client.name, ()), only_ascii=client.name != "ib_async"
        )
        self.structs = toolkit.structs
        self.method = method
        self.wire = wire_at(method.message, version)
        self.layout = toolkit.layout(method.message, version)
        self.only_layout = only_layout
        self.options = options
        self.unable = excused.unable(client.name, version, self.wire)
        self.arguments = {parameter: self._argument(path, field) for parameter, path, field in method.parameters}
        if "order" in self.arguments and "contract" in self.arguments:
            self.values.leg_prices(self.arguments["contract"], self.arguments["order"])
            excused.prepare_order(client.name, version, self.arguments["order"])

    def _allowed(self, path):
        """Clients refuse values that the server version has no place for; a few are tried all the same."""
        if path in self.unable:
            return False
        return self.wire == "protobuf" or path in self.layout or (not self.only_layout and self.values.chance(3)) or self._within(path)

    def _within(self, path):
        return any(known.startswith(path + ".") for known in self.layout)

    def _argument(self, path, field):
        if field["type"] == "TagValue":
            return self.values.tags() if self.options and self._allowed(path) else None
        if field["kind"] != "struct":
            return self.values.scalar(field) if self._allowed(path) else NOTHING[field["kind"]]
        if path == ".":
            return self.values.fill(self.values.classes["WshEventData"](), self.method.message["body"], "", self._allowed)
        return self.values.made(field["type"], path + ".", self._allowed)

    def json(self):
        """What was given, made from the arguments alone. Take it after the call: ib_async changes an order while sending."""
        fields = {}
        for parameter, path, field in self.method.parameters:
            value = self.arguments[parameter]
            if path == ".":
                fields |= object_json(value, self.method.message["body"], self.structs, self.wire)
                continue
            value = to_json(value, field, self.structs, self.wire)
            if value is None or (value is False and self.wire == "protobuf"):
                continue
            *outer, last = path.split(".")
            at = fields
            for name in outer:
                at = at.setdefault(name, {})
            at[last] = value
        if "order" in self.arguments:
            self._spread_order(fields)
        return {"name": self.method.message["name"], "wire": self.wire, "fields": fields}

    def _spread_order(self, fields):
        """An order object also holds what belongs elsewhere: the prices of the contract's legs, and attached orders."""
        order = self.arguments["order"]
        for leg, priced in zip(fields["contract"].get("combo_legs", []), order.orderComboLegs or []):
            price = to_json(priced.price, self.structs["ComboLeg"]["per_leg_price"], self.structs, self.wire)
            if price is not None:
                leg["per_leg_price"] = price
        if hasattr(order, "slOrderId"):
            fields["attached_orders"] = object_json(order, "AttachedOrders", self.structs, self.wire)


def send(client, toolkit, method, version, seed):
    """A case and the payload that the client sends for it. Clients refuse values that the server version has no place
    for, and some refuse any option lists in text."""
    for only_layout, options in ((False, True), (True, True), (True, False)):
        case = Case(client, toolkit, method, version, seed, only_layout=only_layout, options=options)
        try:
            return case, client.request(version, method.name, case.arguments)
        except Refused as refused:
            last = refused
    raise last


def run_case(client, toolkit, report, method, version, seed):
    """One comparison. Raises Refused."""
    case, payload = send(client, toolkit, method, version, seed)
    message = case.json()
    excused.adapt_request(message)
    name = message["name"]
    example = f"{client.name}.{method.name} at {version}, seed {seed!r}"
    report.count(name, version)
    try:
        if message["wire"] == "protobuf":
            _, theirs = toolkit.decode("out", version, payload)
            in_order_of(theirs["fields"], message["fields"])
        result = toolkit.compare("out", version, payload, write_json(message))
    except ToolkitError as error:
        report.differs(name, f"error {str(error)[:120]}", f"{example}: {payload!r} {write_json(message)}")
        return
    if not result["reencoded"]:
        report.differs(name, "decoded and encoded again it is another payload", f"{example}: {payload!r}")
    if result["same"]:
        return
    for path, theirs, ours in result["differences"]:
        excused.judge(report, client.name, name, version, path, "value", f"{theirs!r} from the client, {ours!r} from us", example)
    for path, text in result["spelled"]:
        excused.judge(report, client.name, name, version, path, "spelling", f"spelled {text!r} by the client", example)
    if result["trailing"]:
        report.differs(name, "more fields than we know", f"{example}: {payload!r}")
    if not result["differences"] and not result["only_spelled"]:
        report.differs(name, "same values, other bytes", f"{example}: {payload!r} ours {bytes.fromhex(result['ours'])!r}")


def in_order_of(theirs, ours):
    """Sorts our option lists as the payload has them: protobuf's maps come in any order."""
    for name, value in ours.items():
        other = theirs.get(name)
        if isinstance(value, dict) and isinstance(other, dict):
            in_order_of(other, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict) and "tag" in value[0]:
            places = {pair["tag"]: place for place, pair in enumerate(other or [])}
            value.sort(key=lambda pair: places.get(pair["tag"], 0))


def run_method(client, toolkit, report, method, options):
    for version, cases in versions_to_visit(toolkit, method.message, client.first, client.last, options.cases):
        refused = []
        for number in range(cases):
            try:
                run_case(client, toolkit, report, method, version, f"{options.seed}/{method.name}/{version}/{number}")
            except Refused as reason:
                refused.append(str(reason))
        report.refused += len(refused)
        if len(refused) == cases >= ENOUGH_TO_JUDGE:
            excused.judge(report, client.name, method.message["name"], version, "", "refusal", refused[0], f"{method.name} at {version}")


def main():
    options, toolkit = arguments_of_part(__doc__)
    client = open_client(options.client)
    report = Report("requests", client.name)
    methods = methods_of(client, toolkit)
    for method in methods:
        if options.only in (None, method.message["name"]):
            run_method(client, toolkit, report, method, options)
    driven = {m.message["name"] for m in methods}
    report.not_driven = sorted(name for (direction, name) in toolkit.messages if direction == "out" and name not in driven)
    print(report.to_json())


if __name__ == "__main__":
    main()
