"""Where a real client and we differ on purpose: by message and field, with the reason. The suite prints what it used.

Everything that is not in here is a failure.
"""

import fnmatch


class Excuse:
    """Differences of one client's messages and fields. Patterns as in file names."""

    def __init__(self, clients, messages, paths, kind, reason, versions=range(0, 1000)):
        self.clients, self.messages, self.paths, self.kind = clients, messages, paths, kind
        self.versions = versions
        self.reason = reason

    def covers(self, client, message, version, path, kind):
        return (
            kind == self.kind
            and version in self.versions
            and fnmatch.fnmatchcase(client, self.clients)
            and any(fnmatch.fnmatchcase(message, m) for m in self.messages.split())
            and any(fnmatch.fnmatchcase(path, p) for p in self.paths.split())
        )


# Fields of a client's objects that it never sends in protobuf; TWS fills them in answers.
NEVER_SENT = {
    "contract": ["last_trade_date"],
    "order": ["order_id", "auto_cancel_date", "filled_quantity", "ref_futures_con_id", "shareholder", "parent_perm_id"],
}

# Values that a client treats in its own way.
AVOIDED = {"ibapi_9_81": {"PEGBENCH"}}  # it knows the spelling with a space only

_RFQ_VERSIONS = range(187, 190)


# Protobuf fields that came after their message: below, servers do not send them, and clients refuse them.
PROTOBUF_SINCE = {
    "order.deactivate": 216,
    "order.post_only": 216,
    "order.allow_pre_open": 216,
    "order.ignore_open_auction": 216,
    "order.route_marketable_to_bbo": 217,
    "order.seek_price_improvement": 217,
    "order.what_if_type": 217,
    "order.hedge_max_size": 223,
    "order.conditions_include_overnight": 226,
}


def unable(client, version, wire):
    """Paths that a client cannot send: it refuses, raises, or has no such argument in its own structs."""
    if client == "ibapi_10_37" and wire == "protobuf":
        return {"contract.primary_exch"}  # sets a protobuf field that does not exist, and raises
    if wire == "protobuf":
        return {path for path, since in PROTOBUF_SINCE.items() if version < since}
    if version in _RFQ_VERSIONS:  # the slots are there, every client sends them empty
        return {"order.manual_order_indicator", "order_cancel.ext_operator", "order_cancel.manual_order_indicator"}
    return set()


def prepare_order(client, version, order):
    """Official clients take an unset cash quantity for a wanted one and refuse the order below 111, and cut a quantity
    down to whole shares below 101."""
    if client.startswith("ibapi") and version < 111:
        order.cashQty = 0.0
    if client.startswith("ibapi") and version < 101:
        order.totalQuantity = int(order.totalQuantity)


_COUNTED = "counts the options before it lists them; TWS takes both forms, ours is the newest clients'"
_EMPTY = "unset is the empty field, in the official clients the largest number; TWS takes both"

REQUESTS = [
    Excuse("ibapi*", "PlaceOrderRequest", "order.discretionary_amt", "spelling", "its default is the integer 0, ours is 0.0"),
    Excuse("*", "FundamentalsDataRequest", "variant", "spelling", _COUNTED),
    Excuse("ibapi_10_37", "Calculate*Request", "variant", "spelling", _COUNTED),
    Excuse("ibapi_9_81", "Calculate*Request", "variant", "spelling", _COUNTED),
    Excuse("ib_async", "Calculate*Request", "variant", "spelling", _COUNTED),
    Excuse(
        "ib_async",
        "PlaceOrderRequest",
        "order.trigger_price order.lmt_price_offset order.adjusted_stop_price order.adjusted_stop_limit_price "
        "order.adjusted_trailing_amount order.cash_qty order.duration order.post_to_ats",
        "spelling",
        _EMPTY,
    ),
    Excuse("ib_async", "PlaceOrderRequest", "order.compete_against_best_offset", "spelling", "writes Infinite for Infinity; TWS takes Infinity"),
    Excuse("ibapi_10_37", "HistoricalNewsRequest", "historical_news_options*", "value", "the client drops the options"),
    Excuse("ibapi_9_81", "HistoricalNewsRequest", "historical_news_options*", "value", "the client drops the options"),
    Excuse("ibapi_10_37", "PlaceOrderRequest", "order.client_id", "value", "its protobuf order has no client id"),
    Excuse("ibapi_10_37", "PlaceOrderRequest", "order.route_marketable_to_bbo", "value", "a bool in its protobuf, never sent when false"),
    Excuse("ibapi*", "TickByTickRequest", "*", "refusal", "asks for server 140 whatever the arguments", range(137, 140)),
]


# Messages of ours that share another one's protobuf type.
OTHER_PROTOBUF_NAMES = {"BondContractData": "ContractData"}

# Clients that stand in as the reference only for what newer ones no longer have.
REFERENCE = {"ibapi_10_46": ("FundamentalsData", "FundamentalsDataRequest", "CancelFundamentalsData")}

# Answers that reach a program as protobuf objects only (reference.py compares those), or not at all.
_CONFIG = ("ConfigResponse", "UpdateConfigResponse")
NO_CALLBACK = {
    "ibapi_10_51": {*_CONFIG, "FundamentalsData"},  # fundamentals left the client in 10.47
    "ibapi_10_46": {*_CONFIG},
    "ib_async": {  # its wrapper has no method for them
        *("VerifyMessageApi", "VerifyCompleted", "VerifyAndAuthMessageApi", "VerifyAndAuthCompleted", "ReplaceFAEnd"),
        *("DisplayGroupList", "DisplayGroupUpdated", "RerouteMarketDataRequest", "RerouteMarketDepthRequest"),
    },
}

_PROTOBUF = range(201, 1000)
_DEAD = "a slot that every client skips"
_CALLBACK = "the callback has no parameter for it"
_NOT_READ = "the client's protobuf decoder does not read it"

ANSWERS = [
    Excuse("*", "OpenOrder", "Order.shares_allocation Order.e_trade_only Order.firm_quote_only Order.nbbo_price_cap", "lost", _DEAD),
    Excuse("*", "OpenOrder CompletedOrder", "Order.fa_profile", "lost", "clients without the removed profiles skip it"),
    Excuse("*", "HistoricalData", "HistoricalDataBar.has_gaps", "lost", _DEAD),
    Excuse("*", "MarketDepthExchanges", "DepthMarketDataDescription.is_l2", "lost", _DEAD),
    Excuse("*", "ContractData BondContractData", "ContractDetails.md_size_multiplier ContractDetails.size_min_tick", "lost", _DEAD),
    Excuse("*", "TickPrice", "size", "lost", "clients tell it for bid, ask and last only"),
    Excuse("*", "TickByTickData", "tick_type HistoricalTick.size", "lost", _CALLBACK),
    Excuse("*", "TickReqParams", "last_price_precision last_size_precision", "lost", _CALLBACK),
    Excuse("*", "MarketDepth", "MarketDepthData.market_maker MarketDepthData.is_smart_depth", "lost", _CALLBACK),
    Excuse("ib_async", "TickPrice", "attr_mask", "lost", _CALLBACK),
    Excuse("ib_async", "ContractData BondContractData", "ContractDetails.md_size_multiplier", "answer", _DEAD),
    Excuse("ib_async", "ErrorMessage", "error_msg advanced_order_reject_json", "answer", "the client leaves \\uXXXX as it is"),
    Excuse("ib_async", "OpenOrder", "Order.duration", "answer", "the client reads it from 159 on, TWS sends it from 158", range(158, 159)),
    Excuse("ib_async", "OpenOrder CompletedOrder", "Order.scale_price_increment", "answer", "the client takes a zero for unset"),
    Excuse("ib_async", "ExecutionDetails", "Execution.time", "answer", "a moment in the client's time zone"),
    Excuse("ibapi*", "*", "Contract.sec_id_type Contract.sec_id Contract.include_expired", "answer", _NOT_READ, _PROTOBUF),
    Excuse("ibapi*", "*", "ComboLeg.per_leg_price", "lost", "clients keep it in orders, not in contracts", _PROTOBUF),
    Excuse(
        "ibapi*",
        "OpenOrder CompletedOrder",
        "Order.mifid2_* Order.manual_order_time Order.scale_table Order.transmit Order.advanced_error_override Order.algo_id "
        "Order.hedge_max_size Order.hedge_param Order.override_percentage_constraints Order.order_id",
        "answer",
        _NOT_READ,
        _PROTOBUF,
    ),
    Excuse("ibapi*", "OpenOrder CompletedOrder", "TagValue:ordermiscoptions.*", "lost", _NOT_READ, _PROTOBUF),
    Excuse("ibapi*", "OpenOrder CompletedOrder", "TagValue:algoparams.*", "lost", "the client reads it only with its strategy set", _PROTOBUF),
    Excuse("ibapi_10_46", "ContractData BondContractData", "ContractDetails.settlement_method", "lost", "came to the client in 10.49"),
    Excuse(
        "ibapi_10_37",
        "OpenOrder ExecutionDetails",
        "ComboLeg.short_sales_slot Contract.issuer_id Contract.last_trade_date Contract.description Contract.primary_exch "
        "Order.active_* Order.auto_cancel_date Order.filled_quantity Order.shareholder Order.ref_futures_con_id Order.parent_perm_id "
        "Order.route_marketable_to_bbo Order.delta_neutral_* OrderState.completed_*",
        "answer",
        "the first protobuf decoders read less",
        _PROTOBUF,
    ),
    Excuse(
        "ibapi*",
        "ContractData BondContractData ExecutionDetails",
        "ContractDetails.fund_distribution_policy_indicator ContractDetails.fund_asset_type Execution.opt_exercise_or_lapse_type",
        "answer",
        "an enumeration in the client; codes that it does not know are lost",
    ),
]


def not_needed(reasons):
    """Reasons in this file that are not among those of a whole run."""
    return sorted({excuse.reason for excuse in REQUESTS + ANSWERS} - set(reasons))


def judge(report, client, message, version, path, kind, what, example):
    """Counts a difference as excused or as a failure."""
    for excuse in REQUESTS + ANSWERS:
        if excuse.covers(client, message, version, path, kind):
            report.excuse(f"{message}.{path}: {excuse.reason}")
            return
    report.differs(message, f"{kind} of {path}", f"{what}; {example}")


def adapt_request(message):
    """Takes out of our JSON what a client was given and never sends."""
    if message["wire"] == "protobuf":
        for part, names in NEVER_SENT.items():
            for name in names:
                message["fields"].get(part, {}).pop(name, None)
