"""A program on ib_async that lives through one of the mock's bad days, and says what that client made of it: one JSON object a
line on stdout.

    python ib_async_bad_days.py HOST PORT CLIENT_ID DAY

Exit status: 0 it saw what the day is to bring, 1 it did not.
"""

import asyncio
import json
import sys

from ib_async import IB, LimitOrder, MarketOrder, Stock

ANSWER_SECONDS = 30
STOCK = Stock("AAPL", "SMART", "USD", conId=265598)
DELAYED = 3


def tell(event, **fields):
    print(json.dumps({"request": "day", "event": event, **fields}, default=str), flush=True)


def check(holds, what):
    if not holds:
        raise SystemExit(f"not so: {what}")


class BadDay:
    def __init__(self, address):
        self.address = address
        self.ib = IB()
        self.ib.RaiseRequestErrors = True
        self.errors = []  # (request id, code, text)
        self.ib.errorEvent += self.on_error

    def on_error(self, request_id, code, text, _):
        self.errors.append((request_id, code, text))
        tell("error", code=code, id=request_id)

    async def connect(self):
        await self.ib.connectAsync(*self.address, timeout=ANSWER_SECONDS)

    async def until(self, holds, what):
        """Waits until it holds; looks whenever the client has had an event."""
        for _ in range(ANSWER_SECONDS * 100):
            if holds():
                return
            await asyncio.sleep(0.01)
        raise SystemExit(f"did not come: {what}")

    async def error(self, code):
        await self.until(lambda: any(error[1] == code for error in self.errors), code)
        return next(error for error in self.errors if error[1] == code)

    async def link_lost(self):
        """1100 for a while, then 1102: quotes go on in the same subscription, and the fill of the gap arrives."""
        await self.connect()
        ticker = self.ib.reqMktData(STOCK)
        await self.error(1100)
        trade = self.ib.placeOrder(STOCK, MarketOrder("BUY", 10))
        check(not trade.fills, "a fill before 1102")
        await self.error(1102)
        await self.until(lambda: trade.fills and trade.orderStatus.status == "Filled", "the fill of the gap")
        before = ticker.time
        await self.until(lambda: ticker.time != before, "quotes after 1102")
        check(self.ib.isConnected(), "connected all the time")

    async def cut(self):
        """The connection ends while an answer is waited for: the call fails, and the client says that it is disconnected."""
        gone = asyncio.Event()
        await self.connect()
        self.ib.disconnectedEvent += gone.set
        try:
            await asyncio.wait_for(self.ib.reqContractDetailsAsync(STOCK), ANSWER_SECONDS)
        except (ConnectionError, asyncio.CancelledError) as lost:
            tell("lost", error=type(lost).__name__)
        else:
            raise SystemExit("an answer came, the connection was not cut")
        await asyncio.wait_for(gone.wait(), ANSWER_SECONDS)
        await self.connect()
        check(await self.ib.reqContractDetailsAsync(STOCK), "contract details after the reconnect")

    async def reject(self):
        await self.connect()
        trade = self.ib.placeOrder(STOCK, LimitOrder("BUY", 10, 100.00))
        request_id, _, text = await self.error(201)
        check(request_id == trade.order.orderId and "Insufficient margin" in text, f"201 says why: {text}")
        await self.until(lambda: trade.orderStatus.status in ("Inactive", "Cancelled"), "the order's end")
        check(not trade.fills, "no fills")

    async def delayed(self):
        await self.connect()
        refused = self.ib.reqMktData(STOCK)
        await self.error(354)
        check(refused.bid != refused.bid, "no bid of live data")
        self.ib.cancelMktData(STOCK)
        self.ib.reqMarketDataType(DELAYED)
        ticker = self.ib.reqMktData(STOCK)
        await self.error(10167)
        await self.until(lambda: ticker.bid > 0 and ticker.ask > 0 and ticker.last > 0, "delayed bid, ask and last")
        check(ticker.marketDataType == DELAYED, f"market data type {ticker.marketDataType}")

    async def orders(self):
        """In parts, told twice and backwards, executions first, commissions late: still one order that is filled."""
        reports = []
        self.ib.commissionReportEvent += lambda *_: reports.append(1)
        await self.connect()
        trade = self.ib.placeOrder(STOCK, MarketOrder("BUY", 100))
        await self.until(lambda: sum(fill.execution.shares for fill in trade.fills) == 100, "all parts")
        check(len(trade.fills) == 3, f"{len(trade.fills)} fills")
        await self.until(lambda: len(reports) == 3, "commissions")

    async def run(self, day):
        await {"link-lost": self.link_lost, "cut": self.cut, "reject": self.reject, "delayed": self.delayed,
               "orders": self.orders}[day]()
        self.ib.disconnect()
        tell("survived")


if __name__ == "__main__":
    host, port, client_id, day = sys.argv[1:]
    asyncio.run(BadDay((host, int(port), int(client_id))).run(day))
