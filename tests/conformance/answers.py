#!/usr/bin/env python3
"""Answers: random messages that we encode reach a real client's callbacks with the values that we encoded.

A user's program would see the difference as a wrong price, a lost field or a connection that ends, whenever it talks to
our replay server or mock instead of TWS.

    PYTHONPATH=<directory of the client> answers.py --toolkit PROGRAM --client NAME [--cases N] [--seed N]

Values are compared by name: a field with the parameter or attribute of the same name, in whichever callback or object it
arrives. Ends with the report as one line of JSON.
"""

import dataclasses
import math
from datetime import datetime
from decimal import Decimal
from enum import Enum

import excused
from clients import DidNotDecode, open_client
from report import Report, arguments_of_part, versions_to_visit
from sendable import TICK_BY_TICK_PARTS, make
from toolkit import wire_at
from values import UNSET, letters

# Structs that are called otherwise in clients.
CLASSES = {
    "HistoricalDataBar": "BarData",
    "HistogramDataEntry": "HistogramData",
    "DepthMarketDataDescription": "DepthMktDataDescription",
}

# Fields that are called otherwise in clients; the first name that arrived counts.
NAMES = {
    "req_id": ["reqId", "tickerId", "requestId"],
    "Contract.primary_exch": ["primaryExchange"],
    "ComboLeg.short_sales_slot": ["shortSaleSlot"],
    "ComboLeg.per_leg_price": ["OrderComboLeg.price"],
    "SoftDollarTier.value": ["val"],
    "OrderCondition.type": ["condType"],
    "OrderCondition.is_conjunction_connection": ["isConjunctionConnection", "conjunction"],
    "ContractDetails.puttable": ["putable"],
    "ContractDetails.bond_notes": ["notes"],
    "ContractDetails.fund_minimum_initial_purchase": ["fundMinimumInitialPurchase"],
    "ContractDetails.fund_minimum_subsequent_purchase": ["fundSubsequentMinimumPurchase"],
    "IneligibilityReason.id": ["id_", "id"],
    "Execution.is_liquidation": ["liquidation"],
    "Execution.is_price_revision_pending": ["pendingPriceRevision"],
    "OrderState.commission_and_fees": ["commissionAndFees", "commission"],
    "OrderState.min_commission_and_fees": ["minCommissionAndFees", "minCommission"],
    "OrderState.max_commission_and_fees": ["maxCommissionAndFees", "maxCommission"],
    "OrderState.commission_and_fees_currency": ["commissionAndFeesCurrency", "commissionCurrency"],
    "commission_and_fees": ["commissionAndFees", "commission"],
    "OrderBound perm_id": ["permId", "reqId"],
    "OrderBound client_id": ["clientId", "apiClientId"],
    "OrderBound order_id": ["orderId", "apiOrderId"],
    "NextValidId order_id": ["orderId", "reqId"],
    "OrderCondition.exchange": ["exchange", "exch"],
    "HistoricalDataBar.wap": ["wap", "average"],
    "HistogramDataEntry.size": ["size", "count"],
    "market_data_type": ["marketDataType", "marketDataId"],
    "key": ["key", "tag"],
    "con_id": ["conId", "DeltaNeutralContract.conId"],
    "delta": ["delta", "DeltaNeutralContract.delta"],
    "price": ["price", "DeltaNeutralContract.price"],
    "bond_yield": ["yield_", "bondYield"],
    "id": ["reqId"],
    "error_msg": ["errorString"],
    "value": ["value", "val"],
    "account_name": ["accountName", "account"],
    "fa_data_type": ["faDataType", "faData"],
    "xml": ["xml", "cxml", "faXmlData"],
    "accounts_list": ["accountsList"],
    "news_msg_id": ["msgId"],
    "news_msg_type": ["msgType", "newsType"],
    "news_message": ["newsMessage", "message"],
    "originating_exch": ["originExch", "origExchange"],
    "current_time": ["time", "time_"],
    "current_time_in_millis": ["timeInMillis"],
    "time_stamp": ["timeStamp"],
    "position": ["position", "pos", "posSize"],
    "start_date": ["start"],
    "end_date": ["end"],
    "start_date_str": ["start"],
    "end_date_str": ["end"],
    "timestamp": ["timestamp", "timeStamp"],
    "is_done": ["done"],
    "xyz_challenge": ["xyzChallange", "xyzChallenge"],
    "BondContractData Contract.last_trade_date_or_contract_month": ["ContractDetails.maturity"],
    "ScannerDataElement.market_name": ["ContractDetails.marketName"],
    "ScannerDataElement.combo_key": ["legsStr"],
    "FamilyCode.account_id": ["accountID"],
    "FamilyCode.family_code": ["familyCodeStr"],
    "NewsProvider.provider_code": ["code"],
    "NewsProvider.provider_name": ["name"],
    "HistoricalTickBidAsk.price_bid": ["priceBid", "bidPrice"],
    "HistoricalTickBidAsk.price_ask": ["priceAsk", "askPrice"],
    "HistoricalTickBidAsk.size_bid": ["sizeBid", "bidSize"],
    "HistoricalTickBidAsk.size_ask": ["sizeAsk", "askSize"],
}


def attributes_of(value):
    """{name: value} of a client's object, or None for a plain value."""
    if isinstance(value, (Enum, Decimal, datetime, str, int, float)) or value is None:
        return None
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return value._asdict() if hasattr(value, "_asdict") else getattr(value, "__dict__", None)


# Parts of a list's elements that clients make up when they are missing.
MADE_UP = {"Contract", "TickAttribLast", "TickAttribBidAsk"}


def owner_of(struct, attribute, fields=()):
    """What values are filed under: the struct; for options also the list they are in."""
    if struct == "TagValue":
        return f"{struct}:{letters(attribute)}"
    return "OrderCondition" if "condType" in fields else struct


class Arrived:
    """What the callbacks delivered: values in order of arrival, by class and attribute. Parameters have the class ""."""

    def __init__(self, message, calls, structs):
        self.values = {}
        self._message = message
        self._structs = {field["type"] for fields in structs.values() for field in fields.values()} | {"OrderComboLeg"}
        for name, parameters in calls:
            for parameter, value in parameters.items():
                self._take("", parameter, value)

    def _take(self, owner, name, value):
        fields = attributes_of(value)
        if fields is None and isinstance(value, (list, tuple, set)):
            for element in value:
                self._take(owner, name, element)
        elif isinstance(value, dict):
            self._take(owner, name, list(value.values()))
        elif fields is not None:
            owner = owner_of(type(value).__name__, name, fields)
            for inner, content in fields.items():
                self._take(owner, inner, content)
        else:
            self.values.setdefault(letters(name), {}).setdefault(owner, []).append(value)

    def find(self, struct, field):
        """The values of a field, or None when nothing of that name arrived."""
        path = f"{struct}.{field}" if struct else field
        for name in NAMES.get(f"{self._message} {path}") or NAMES.get(path, [field]):
            owner, _, attribute = name.rpartition(".")
            owners = self.values.get(letters(attribute), {})
            for wanted in (owner or CLASSES.get(struct, struct), ""):
                if wanted in owners:
                    return owners[wanted]
            if not owner and len(owners) == 1 and not struct.startswith("TagValue") and not owners.keys() & self._structs:
                return next(iter(owners.values()))
        return None


class Encoded:
    """What we encoded, by struct and field, in order of the message. Unset is None."""

    def __init__(self, message, body, structs, layout):
        self.values = {}
        self._structs = structs
        self._layout = layout  # None: everything counts
        self._walk("", body, message, "", False)

    def _walk(self, owner, struct, values, prefix, in_list):
        for name, field in self._structs[struct].items():
            value, path = values.get(name), prefix + name
            if field["kind"] == "struct":
                if value is not None or (in_list and field["type"] in MADE_UP):
                    self._walk(field["type"], field["type"], value or {}, path + ".", in_list)
            elif field["kind"] == "struct[]":
                for element in value or []:
                    self._walk(owner_of(field["type"], name), field["type"], element, path + ".", True)
            elif field["kind"].endswith("[]"):
                for element in value or []:
                    self.values.setdefault((owner, name), []).append(element)
            elif self._layout is None or path in self._layout:
                self.values.setdefault((owner, name), []).append(value)


def plain(value):
    """A value without the client's and our ways to say unset, zero, false and empty."""
    if isinstance(value, Enum):
        if value.name == "NoneItem":
            return None
        value = value.value[0] if isinstance(value.value, tuple) else value.value
    if isinstance(value, datetime):
        value = int(value.timestamp())
    if isinstance(value, float) and math.isnan(value):
        return None
    return None if not value or value in UNSET else value


def same(ours, theirs):
    if isinstance(ours, bool) and isinstance(theirs, str):
        return theirs in (("1", "true", "a") if ours else ("0", "false", "o", ""))
    if isinstance(theirs, bool):
        return bool(ours) == theirs
    if isinstance(theirs, str) != isinstance(ours, str) and ours is not None:
        ours, theirs = as_number(ours), as_number(theirs)
    if is_zero(ours) and (theirs is None or theirs in UNSET):
        return False  # a zero must not become nothing
    ours, theirs = plain(ours), plain(theirs)
    if ours is None or theirs is None:
        return ours is theirs or (theirs is None and ours == "0") or (ours is None and theirs in (-1, "0", " "))
    if isinstance(ours, str) and isinstance(theirs, str):
        # Clients unescape more than TWS escapes: bytes beyond ASCII come out as Latin-1.
        return ours == theirs or ours.encode().decode("unicode-escape") == theirs
    return ours == theirs or (not isinstance(ours, str) and not isinstance(theirs, str) and float(ours) == float(theirs))


def is_zero(value):
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool) and value == 0


def as_number(value):
    """One side is a text, as official clients keep margins and we keep multipliers."""
    if not isinstance(value, str):
        return value
    try:
        return float(value or 0)
    except ValueError:
        return value


# What an option computation says in place of a value that TWS has not computed.
NOT_COMPUTED = {"implied_vol": -1, "delta": -2, "opt_price": -1, "pv_dividend": -1, "gamma": -2, "vega": -2, "theta": -2, "und_price": -1}


def all_same(message, struct, field, ours, theirs):
    if struct.startswith("TagValue"):  # protobuf's maps have no order
        return sorted(map(str, ours)) == sorted(map(str, theirs)) or all(map(same, ours, theirs))
    if field in ("expirations", "strikes"):  # official clients make sets of them
        return set(map(str, ours)) == set(theirs) if field == "expirations" else set(map(float, ours)) == set(map(float, theirs))
    if field == "per_leg_price":  # unset ones at the end need not be sent
        while len(ours) > len(theirs) and ours[-1] is None:
            ours = ours[:-1]
    if message == "TickOptionComputation" and theirs == [None]:
        value = plain(ours[0]) or 0
        return value in (0, NOT_COMPUTED.get(field)) or (field == "implied_vol" and value < 0)
    return len(ours) == len(theirs) and all(map(same, ours, theirs))


def judge_values(report, client, message, version, encoded, arrived, example):
    for (struct, field), ours in encoded.values.items():
        path = f"{struct}.{field}" if struct else field
        theirs = arrived.find(struct, field)
        if theirs is None:
            if any(plain(value) is not None for value in ours):
                excused.judge(report, client, message, version, path, "lost", f"{ours!r} did not arrive", example)
            continue
        if len(ours) == 1 and len(theirs) > 1:
            theirs = theirs[:1] if all(value == theirs[0] for value in theirs) else theirs
        if struct == "OrderCondition":  # each kind of condition has attributes of its own
            if field == "is_conjunction_connection":
                theirs = [value in (True, "a") for value in theirs]
            ours, theirs = ([v for v in values if plain(v) is not None] for values in (ours, theirs))
        if not all_same(message, struct, field, ours, theirs):
            excused.judge(report, client, message, version, path, "answer", f"{ours!r} became {theirs!r}", example)


def views(name, version, calls):
    """Callbacks whose values cannot be compared by name, made comparable."""
    for callback, parameters in calls:
        if callback == "tickPrice":
            bits = [("canAutoExecute", 1), ("pastLimit", 2), ("preOpen", 4)]
            attributes = parameters.pop("attrib", None)
            parameters["attrMask"] = sum(bit for name, bit in bits if getattr(attributes, name, False))
        elif callback == "tickSize" and name == "TickPrice":
            parameters = {"size": parameters["size"]}
        elif callback == "tickByTickMidPoint":
            parameters["price"] = parameters.pop("midPoint")
        elif callback == "smartComponents" and isinstance(parameters.get("smartComponentMap"), dict):
            entries = parameters.pop("smartComponentMap")
            parameters["bitNumber"] = list(entries)
            parameters["exchange"], parameters["exchangeLetter"] = map(list, zip(*entries.values())) if entries else ([], [])
        yield callback, parameters


def says_nothing(message, fields, wire, structs):
    """True for a message that gives a client nothing to call: a list without elements, or parts that are missing."""
    parts = structs[message["body"]].values()
    if message["name"] == "TickByTickData" and wire == "protobuf":
        return TICK_BY_TICK_PARTS[fields["tick_type"]] not in fields
    missing = [p for p in parts if p["kind"].startswith("struct") and p["name"] not in fields]
    return any(p["kind"] == "struct[]" or wire == "protobuf" for p in missing)


def run_case(client, toolkit, report, message, version, seed):
    name = message["name"]
    wire = wire_at(message, version)
    payload, fields = make(client, toolkit, message, wire, version, seed)
    example = f"{client.name} at {version}, seed {seed!r}, {payload!r}"
    report.count(name, version)
    try:
        calls = client.callbacks(version, payload)
    except DidNotDecode as error:
        excused.judge(report, client.name, name, version, "*", "decode", str(error), example)
        return
    calls = [call for call in calls if not call[0].endswith("ProtoBuf")]
    if not calls:
        if not says_nothing(message, fields, wire, toolkit.structs):
            excused.judge(report, client.name, name, version, "*", "silence", "no callback", example)
        return
    layout = toolkit.layout(message, version) if wire == "text" else None
    encoded = Encoded(fields, message["body"], toolkit.structs, layout)
    judge_values(report, client.name, name, version, encoded, Arrived(name, views(name, version, calls), toolkit.structs), example)


def main():
    options, toolkit = arguments_of_part(__doc__)
    client = open_client(options.client)
    report = Report("answers", client.name)
    for (direction, name), message in toolkit.messages.items():
        if direction == "out" or options.only not in (None, name):
            continue
        if name in excused.NO_CALLBACK.get(client.name, ()):
            report.not_driven.append(name)
            continue
        for version, cases in versions_to_visit(toolkit, message, client.first, client.last, options.cases):
            for number in range(cases):
                run_case(client, toolkit, report, message, version, f"{options.seed}/{name}/{version}/{number}")
    print(report.to_json())


if __name__ == "__main__":
    main()
