"""Random answers that a real server could have sent: our random messages without what clients rightly stumble over."""

import re
import zlib
from decimal import Decimal

import excused
from toolkit import write_json


def make(client, toolkit, message, wire, version, seed):
    """A random message that the real server could have sent: its payload and fields."""
    payload, sent = toolkit.random(message, wire, version, zlib.crc32(seed.encode()))
    as_made = write_json(sent)
    tame(message["name"], version, sent["fields"])
    if client.name in STRICT:
        whole = client.name == "ibapi_9_81" or message["name"] == "HistogramData"
        be_strict(sent["fields"], message["body"], toolkit.structs, whole)
    tamed = write_json(sent)
    if tamed != as_made:
        payload = toolkit.encode("in", version, tamed)
        _, sent = toolkit.decode("in", version, payload)
    if wire == "text":
        payload = each_its_own(payload, version)
        _, sent = toolkit.decode("in", version, payload)
    return payload, sent["fields"]


def each_its_own(payload, version):
    """Gives every price and size of a text payload a value of its own. Where a payload says one field twice, the two then
    differ, and which of them counts is seen."""
    head = 4 if version >= RAW_IDS else payload.index(b"\0") + 1
    fields = payload[head:].split(b"\0")
    for i, text in enumerate(fields):
        if re.fullmatch(rb"-?\d+\.\d+", text) and float(text) != 0:  # layouts ask whether some are 0
            fields[i] = (b"-" if text.startswith(b"-") else b"") + b"%d.25" % (i + 1)
    return payload[:head] + b"\0".join(fields)


RAW_IDS = 201  # from here on the message id is four bytes
PROTOBUF_CONTRACTS = 205  # from here on contract details are protobuf

# What each type of condition has besides its type and its conjunction.
CONDITION_FIELDS = {
    1: {"is_more", "con_id", "exchange", "price", "trigger_method"},
    3: {"is_more", "time"},
    4: {"is_more", "percent"},
    5: {"sec_type", "exchange", "symbol"},
    6: {"is_more", "con_id", "exchange", "volume"},
    7: {"is_more", "con_id", "exchange", "change_percent"},
}
TICK_BY_TICK_PARTS = {1: "historical_tick_last", 2: "historical_tick_last", 3: "historical_tick_bid_ask", 4: "historical_tick_mid_point"}


# Clients that take no fraction of a share (9.81) and no time that is none (ib_async).
STRICT = {"ibapi_9_81", "ib_async"}


def be_strict(fields, body, structs, whole):
    for name, field in structs[body].items():
        value = fields.get(name)
        if field["kind"] == "decimal" and value is not None and whole:
            fields[name] = int(Decimal(value))
        elif field["kind"] == "struct" and value is not None:
            be_strict(value, field["type"], structs, whole)
        elif field["kind"] == "struct[]":
            for element in value or []:
                be_strict(element, field["type"], structs, whole)
    if body.startswith("HistoricalTick") and "time" in fields:
        fields["time"] = abs(fields["time"]) % 2**31
    if body == "DepthMarketDataDescription":
        fields.setdefault("agg_group", 1)
    if body == "Execution":
        fields["time"] = "20260105 10:00:00"
    if body == "ContractDetails" and "coupon" in fields:
        fields["coupon"] = float(round(fields["coupon"]) % 10**9)
    if fields.get("order_type") == "PEGBENCH":
        fields["order_type"] = "PEG BENCH"  # the only spelling that 9.81 knows


CLIENTS_DECIMALS = {"min_algo_size", "last_price_precision", "last_size_precision"}  # texts in protobuf


def each_tag_once(fields):
    """Option lists are maps in protobuf and in programs."""
    for name, value in fields.items():
        if isinstance(value, dict):
            each_tag_once(value)
        elif isinstance(value, list) and value and isinstance(value[0], dict) and "tag" in value[0]:
            fields[name] = list({pair["tag"]: pair for pair in value if "tag" in pair}.values())


def tame(name, version, fields):
    """Replaces random values that no server sends and that clients stumble over."""
    details = fields.get("contract_details", {})
    if version < PROTOBUF_CONTRACTS and "ev_multiplier" in details:  # in text, Python's clients read a whole number
        details["ev_multiplier"] = float(round(details["ev_multiplier"]) % 10**9)
    for path, since in excused.PROTOBUF_SINCE.items():
        part, _, field = path.partition(".")
        if version < since:
            fields.get(part, {}).pop(field, None)
    for part in [fields, *fields.get("scanner_data_element", [])]:
        if " " in part.get("contract", {}).get("last_trade_date_or_contract_month", ""):  # clients cut it at blanks
            part["contract"]["last_trade_date_or_contract_month"] = "20261218"
    for decimal in CLIENTS_DECIMALS & fields.get("contract_details", {}).keys():
        fields["contract_details"][decimal] = "0.5"
    for reason in fields.get("contract_details", {}).get("ineligibility_reason_list", []):
        reason.setdefault("id", "1")
        reason.setdefault("description", "closed")
    for element in fields.get("scanner_data_element", []):
        element.setdefault("contract", {"symbol": "AAPL"})
    each_tag_once(fields)
    if "yield_redemption_date" in fields:
        fields["yield_redemption_date"] = "20261218"
    for condition in fields.get("order", {}).get("conditions", []):
        kind = condition["type"] = condition.get("type") if condition.get("type") in CONDITION_FIELDS else 3
        condition.setdefault("is_conjunction_connection", False)
        for field in condition.keys() - CONDITION_FIELDS[kind] - {"type", "is_conjunction_connection"}:
            del condition[field]
    if name == "TickByTickData":
        kind = fields["tick_type"] = fields.get("tick_type") if fields.get("tick_type") in TICK_BY_TICK_PARTS else 4
        for part in set(TICK_BY_TICK_PARTS.values()) - {TICK_BY_TICK_PARTS[kind]}:
            fields.pop(part, None)
    if name == "TickPrice":
        fields["attr_mask"] = fields.get("attr_mask", 0) & (1 if version < 109 else 3 if version < 132 else 7)
    for number, component in enumerate(fields.get("smart_components", [])):
        component["bit_number"] = number  # the key of clients' maps
