"""An ib_insync program with two client ids, one of which reconnects; it tells what it saw: one JSON object a line.

    python ib_insync_client.py HOST PORT CLIENT_ID [LIMIT]

The trader (CLIENT_ID) places an order that rests, at LIMIT (10.00), loses its connection on purpose, connects again,
cancels what it finds and buys at the market. The watcher (CLIENT_ID + 1) asks for contract, bars and quotes meanwhile.
Nothing is computed from the clock. Each line has `request` (what it belongs to) and `event` (what happened).
Exit status: 0 done, 1 an answer did not come or the server refused something.
"""

import json
import logging
import sys
import time

from ib_insync import IB, LimitOrder, MarketOrder, Stock

ANSWER_SECONDS = 30
QUOTES = 5


def tell(request, event, **fields):
    print(json.dumps({"request": request, "event": event, **fields}, default=str), flush=True)


class Refused(Exception):
    """The server said no."""


class App:
    """One client id with its connection."""

    def __init__(self, name, host, port, client_id):
        self.name, self.host, self.port, self.client_id = name, host, port, client_id
        self.ib = IB()
        self.ib.RaiseRequestErrors = True
        self.refusal = None
        self.ib.errorEvent += self.on_error

    def on_error(self, request_id, code, text, contract):
        tell("notices" if request_id == -1 else f"{self.name}'s request", "error", code=code, text=text)
        if request_id != -1 and code != 202:  # 202 confirms a cancel
            self.refusal = f"{code}: {text}"

    def connect(self):
        self.ib.connect(self.host, self.port, clientId=self.client_id, timeout=ANSWER_SECONDS)
        tell(f"{self.name} connects", "connected", server_version=self.ib.client.serverVersion(), accounts=self.ib.managedAccounts(),
             positions=sorted((p.contract.symbol, p.position) for p in self.ib.positions()), open_orders=len(self.ib.openTrades()))

    def disconnect(self):
        self.ib.disconnect()
        tell(f"{self.name} connects", "disconnected")

    def until(self, done, what):
        """Handles what arrives until `done()`."""
        late = time.monotonic() + ANSWER_SECONDS
        while not done():
            if self.refusal:
                raise Refused(f"{what}: {self.refusal}")
            if time.monotonic() > late or not self.ib.isConnected():
                raise Refused(f"no answer, or the connection is gone: {what}")
            self.ib.waitOnUpdate(timeout=1)

    def statuses(self, trade, label):
        for entry in trade.log:
            if not entry.message:
                tell(label, "status", status=entry.status)


def watch(watcher):
    stock = Stock("AAPL", "SMART", "USD")
    contract = watcher.ib.reqContractDetails(stock)[0].contract
    tell("contract", "contractDetails", con_id=contract.conId, symbol=contract.symbol)
    for bar in watcher.ib.reqHistoricalData(contract, endDateTime="", durationStr="1 D", barSizeSetting="1 hour",
                                            whatToShow="TRADES", useRTH=True):
        tell("bars", "historicalData", open=bar.open, high=bar.high, low=bar.low, close=bar.close, volume=bar.volume)
    prices = []
    ticker = watcher.ib.reqMktData(contract)
    ticker.updateEvent += lambda t: prices.extend(tick.price for tick in t.ticks if tick.tickType == 1)
    watcher.until(lambda: len(prices) >= QUOTES, "bids")
    watcher.ib.cancelMktData(contract)
    for price in prices[:QUOTES]:
        tell("quotes", "bid", price=price)
    return contract


def main(host, port, client_id, limit):
    trader, watcher = App("trader", host, port, client_id), App("watcher", host, port, client_id + 1)
    trader.connect()
    watcher.connect()
    contract = watch(watcher)

    resting = trader.ib.placeOrder(contract, LimitOrder("BUY", 10, limit))
    trader.until(lambda: resting.orderStatus.status == "Submitted", "the resting order")
    trader.statuses(resting, "resting order")
    trader.disconnect()

    trader.connect()
    found = trader.ib.openTrades()
    for trade in found:
        tell("after the reconnect", "openOrder", limit=trade.order.lmtPrice, quantity=trade.order.totalQuantity)
        trader.ib.cancelOrder(trade.order)
        trader.until(trade.isDone, "the cancel")
        tell("after the reconnect", "status", status=trade.orderStatus.status)
    bought = trader.ib.placeOrder(contract, MarketOrder("BUY", 100))
    trader.until(lambda: bought.isDone() and sum(f.execution.shares for f in bought.fills if f.commissionReport.execId) == 100,
                 "the fill")
    for fill in bought.fills:
        tell("market order", "execDetails", order_id=fill.execution.orderId, shares=fill.execution.shares,
             price=fill.execution.price, commission=fill.commissionReport.commission)
    trader.disconnect()
    watcher.disconnect()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)  # what ib_insync cannot decode it only logs
    host, port, client_id, limit = (*sys.argv[1:], "10.00")[:4]
    try:
        main(host, int(port), int(client_id), float(limit))
    except (Refused, ConnectionError, TimeoutError, OSError) as problem:
        sys.exit(f"{type(problem).__name__}: {problem}")
