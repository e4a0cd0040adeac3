"""A small trading program on IBKR's own Python client (9.81 and 10.51) that tells what it saw: one JSON object a line.

    python ibapi_client.py HOST PORT CLIENT_ID [SYMBOL]

It asks for the same things in every run (nothing is computed from the clock), so that two runs against the same session
tell the same story up to ids and times. Each line has `request` (what it belongs to) and `event` (what happened).
Ids start at a thousand times the client id: a replay must serve other ids than it recorded.
Exit status: 0 done, 1 an answer did not come or the server refused something.
"""

import json
import logging
import os
import sys
import threading
import traceback

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

try:
    from ibapi.order_cancel import OrderCancel  # 10.x
except ImportError:
    OrderCancel = None

ANSWER_SECONDS = 30
QUOTES = 20
SUMMARY_TAGS = "NetLiquidation,TotalCashValue,BuyingPower"


class Program(EWrapper, EClient):
    def __init__(self, client_id):
        EClient.__init__(self, self)
        base = 1000 * client_id
        self.contract_id, self.bars_id, self.quotes_id, self.summary_id = range(base, base + 4)
        self.labels = dict(zip(range(base, base + 4), ("contract", "bars", "quotes", "summary")))
        self.first_order_id = base + 100
        self.position_request = "positions"
        self.listing_open_orders = False
        self.events = []
        self.changed = threading.Condition()

    def tell(self, request, event, **fields):
        with self.changed:
            told = {"request": request, "event": event, **fields}
            if request == "quotes" and self.count("quotes", "tickPrice") == QUOTES:
                return
            self.events.append(told)
            print(json.dumps(told, default=str), flush=True)
            self.changed.notify_all()

    def count(self, request, event, **fields):
        wanted = {"request": request, "event": event, **fields}
        return sum(wanted.items() <= told.items() for told in self.events)

    def wait(self, request, event, times=1, **fields):
        with self.changed:
            def arrived():
                return self.count(request, event, **fields) >= times
            refusable = request in ("contract", "bars", "quotes", "summary")
            self.changed.wait_for(lambda: arrived() or refusable and self.count(request, "error"), ANSWER_SECONDS)
            if not arrived():
                raise SystemExit(f"refused, or no answer within {ANSWER_SECONDS} s: {request}: {event} {fields}")

    # What the server says, called on the thread of run().

    def error(self, request_id, *details):  # (code, text) in 9.81; (time, code, text, ...) in 10.x
        code, text = details[:2] if isinstance(details[1], str) else details[1:3]
        self.tell(self.labels.get(request_id, "notices"), "error", code=code, text=text)

    def nextValidId(self, order_id):
        self.next_order_id = max(order_id, self.first_order_id)
        self.tell("connect", "nextValidId")

    def managedAccounts(self, accounts):
        self.tell("connect", "managedAccounts", accounts=accounts)

    def currentTime(self, time):
        self.tell("current time", "currentTime", time=time)

    def contractDetails(self, request_id, details):
        self.contract = details.contract
        self.tell(self.labels[request_id], "contractDetails", con_id=details.contract.conId, symbol=details.contract.symbol,
                  kind=details.contract.secType, exchange=details.contract.exchange, currency=details.contract.currency,
                  min_tick=details.minTick, name=details.longName)

    def contractDetailsEnd(self, request_id):
        self.tell(self.labels[request_id], "contractDetailsEnd")

    def historicalData(self, request_id, bar):
        self.tell(self.labels[request_id], "historicalData", date=bar.date, open=bar.open, high=bar.high, low=bar.low,
                  close=bar.close, volume=bar.volume, wap=getattr(bar, "wap", None) or bar.average, count=bar.barCount)

    def historicalDataEnd(self, request_id, start, end):
        self.tell(self.labels[request_id], "historicalDataEnd", start=start, end=end)

    def tickPrice(self, request_id, tick_type, price, attributes):
        self.tell(self.labels[request_id], "tickPrice", type=tick_type, price=price)

    def position(self, account, contract, position, average):
        self.tell(self.position_request, "position", account=account, con_id=contract.conId, position=position, average=average)

    def positionEnd(self):
        self.tell(self.position_request, "positionEnd")

    def accountSummary(self, request_id, account, tag, value, currency):
        self.tell(self.labels[request_id], "accountSummary", account=account, tag=tag, value=value, currency=currency)

    def accountSummaryEnd(self, request_id):
        self.tell(self.labels[request_id], "accountSummaryEnd")

    def openOrder(self, order_id, contract, order, state):
        request = "open orders" if self.listing_open_orders else self.labels.get(order_id, "earlier orders")
        self.tell(request, "openOrder", order_id=order_id, perm_id=order.permId, client_id=order.clientId,
                  action=order.action, type=order.orderType, quantity=order.totalQuantity, limit=order.lmtPrice,
                  status=state.status)

    def openOrderEnd(self):
        self.tell("open orders", "openOrderEnd")

    def orderStatus(self, order_id, status, filled, remaining, average, perm_id, parent_id, last, client_id, why_held, cap):
        request = "open orders" if self.listing_open_orders else self.labels.get(order_id, "earlier orders")
        self.tell(request, "orderStatus", order_id=order_id, perm_id=perm_id, client_id=client_id, status=status,
                  filled=filled, remaining=remaining, average=average, last=last)

    def execDetails(self, request_id, contract, execution):
        self.tell(self.labels.get(execution.orderId, "earlier orders"), "execDetails", order_id=execution.orderId,
                  perm_id=execution.permId, exec_id=execution.execId, client_id=execution.clientId, side=execution.side,
                  shares=execution.shares, price=execution.price, cumulative=execution.cumQty, account=execution.acctNumber,
                  time=execution.time)

    def commissionReport(self, report):  # 9.81
        self.tell("market order", "commissionReport", exec_id=report.execId, commission=report.commission,
                  currency=report.currency)

    def commissionAndFeesReport(self, report):  # 10.x
        self.tell("market order", "commissionReport", exec_id=report.execId, commission=report.commissionAndFees,
                  currency=report.currency)

    # What we do, on the main thread.

    def place(self, request, order_id, kind, quantity, limit=0.0):
        order = Order()
        order.action, order.orderType, order.totalQuantity, order.lmtPrice = "BUY", kind, quantity, limit
        order.eTradeOnly = order.firmQuoteOnly = False  # 9.81 sends both by default and TWS refuses them
        if self.serverVersion() < 111:
            order.cashQty = 0.0  # its unset value counts as one that this server does not know
        self.labels[order_id] = request
        self.placeOrder(order_id, self.contract, order)

    def trade(self):
        market, limit = self.next_order_id, self.next_order_id + 1
        self.place("market order", market, "MKT", 100)
        self.wait("market order", "orderStatus", status="Filled")
        self.wait("market order", "commissionReport", times=self.count("market order", "execDetails"))
        self.place("limit order", limit, "LMT", 10, 10.0)
        self.wait("limit order", "orderStatus", status="Submitted")
        self.place("limit order", limit, "LMT", 10, 11.0)
        self.wait("limit order", "openOrder", limit=11.0)
        self.wait("limit order", "orderStatus", times=2, status="Submitted")
        self.listing_open_orders = True
        self.reqOpenOrders()
        self.wait("open orders", "openOrderEnd")
        self.listing_open_orders = False
        self.cancelOrder(limit, *([OrderCancel()] if OrderCancel else []))
        self.wait("limit order", "orderStatus", status="Cancelled")

    def ask(self, symbol):
        self.wait("connect", "nextValidId")
        stock = Contract()
        stock.symbol, stock.secType, stock.exchange, stock.currency = symbol, "STK", "SMART", "USD"
        self.reqContractDetails(self.contract_id, stock)
        self.wait("contract", "contractDetailsEnd")
        self.reqHistoricalData(self.bars_id, self.contract, "", "1 D", "1 hour", "TRADES", 1, 1, False, [])
        self.wait("bars", "historicalDataEnd")
        self.reqMktData(self.quotes_id, self.contract, "", False, False, [])
        self.wait("quotes", "tickPrice", times=QUOTES)
        self.cancelMktData(self.quotes_id)
        self.list_positions("positions")
        self.reqAccountSummary(self.summary_id, "All", SUMMARY_TAGS)
        self.wait("summary", "accountSummaryEnd")
        self.cancelAccountSummary(self.summary_id)

    def list_positions(self, request):
        self.position_request = request
        self.reqPositions()
        self.wait(request, "positionEnd")
        self.cancelPositions()

    def finish(self):
        self.list_positions("positions after")
        self.reqCurrentTime()
        self.wait("current time", "currentTime")  # everything sent before it has arrived
        self.disconnect()


def main(host, port, client_id, symbol):
    program = Program(client_id)
    program.connect(host, port, client_id)
    threading.Thread(target=program.run, daemon=True).start()
    program.ask(symbol)
    program.trade()
    program.finish()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    host, port, client_id, symbol = (*sys.argv[1:], "AAPL")[:4]
    status = 1
    try:
        main(host, int(port), int(client_id), symbol)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # its reader thread would keep the process alive
