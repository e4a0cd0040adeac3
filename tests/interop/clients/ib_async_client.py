"""A small trading program on ib_async that tells what it saw: one JSON object a line on stdout.

    python ib_async_client.py HOST PORT CLIENT_ID [SYMBOL]

It asks for the same things in every run (nothing is computed from the clock), so that two runs against the same session
tell the same story up to ids and times. Each line has `request` (what it belongs to) and `event` (what happened).
Ids start at a thousand times the client id: a replay must serve other ids than it recorded.
Exit status: 0 done, 1 an answer did not come or the server refused something.
"""

import asyncio
import json
import logging
import sys

from ib_async import IB, LimitOrder, MarketOrder, Stock

ANSWER_SECONDS = 30
QUOTES = 20
PRICE_TICKS = {1: "bid", 2: "ask", 4: "last", 6: "high", 7: "low", 9: "close", 14: "open"}
SUMMARY_TAGS = {"NetLiquidation", "TotalCashValue", "BuyingPower"}


def tell(request, event, **fields):
    print(json.dumps({"request": request, "event": event, **fields}, default=str), flush=True)


async def answer(awaitable, what):
    try:
        return await asyncio.wait_for(awaitable, ANSWER_SECONDS)
    except asyncio.TimeoutError:
        raise SystemExit(f"no answer within {ANSWER_SECONDS} s: {what}") from None


class Program:
    def __init__(self):
        self.ib = IB()
        self.ib.RaiseRequestErrors = True
        self.labels = {}  # order id: what our transcript calls the order
        self.ib.errorEvent += self.on_error
        self.ib.openOrderEvent += self.on_open_order
        self.ib.orderStatusEvent += self.on_order_status
        self.ib.execDetailsEvent += self.on_execution
        self.ib.commissionReportEvent += self.on_commission

    def label(self, trade):
        return self.labels.get(trade.order.orderId, "earlier orders")

    def on_error(self, request_id, code, text, contract):
        request = "notices" if request_id == -1 else self.labels.get(request_id, "a request")
        tell(request, "error", code=code, text=text)

    def on_open_order(self, trade):
        order = trade.order
        tell(self.label(trade), "openOrder", order_id=order.orderId, perm_id=order.permId, action=order.action,
             type=order.orderType, quantity=order.totalQuantity, limit=order.lmtPrice)

    def on_order_status(self, trade):
        status = trade.orderStatus
        tell(self.label(trade), "orderStatus", order_id=trade.order.orderId, status=status.status, filled=status.filled,
             remaining=status.remaining, average=status.avgFillPrice, last=status.lastFillPrice)

    def on_execution(self, trade, fill):
        execution = fill.execution
        tell(self.label(trade), "execDetails", order_id=execution.orderId, exec_id=execution.execId,
             client_id=execution.clientId, side=execution.side, shares=execution.shares, price=execution.price,
             cumulative=execution.cumQty, account=execution.acctNumber, time=execution.time)

    def on_commission(self, trade, fill, report):
        tell(self.label(trade), "commissionReport", exec_id=report.execId, commission=report.commission,
             currency=report.currency, realized=report.realizedPNL)

    async def until(self, event, done, what):
        """Waits for `done()`, looked at now and after each emission of the ib_async event."""
        while not done():
            await answer(event, what)

    async def connect(self, host, port, client_id):
        await answer(self.ib.connectAsync(host, port, client_id, timeout=ANSWER_SECONDS), "connect")
        self.ib.client.updateReqId(1000 * client_id)
        tell("connect", "connected", server_version=self.ib.client.serverVersion(), accounts=self.ib.managedAccounts())

    async def contract(self, symbol):
        found = await answer(self.ib.reqContractDetailsAsync(Stock(symbol, "SMART", "USD")), "contract details")
        for details in found:
            contract = details.contract
            tell("contract", "contractDetails", con_id=contract.conId, symbol=contract.symbol, kind=contract.secType,
                 exchange=contract.exchange, currency=contract.currency, min_tick=details.minTick, name=details.longName)
        return found[0].contract

    async def bars(self, contract):
        bars = await answer(self.ib.reqHistoricalDataAsync(
            contract, endDateTime="", durationStr="1 D", barSizeSetting="1 hour", whatToShow="TRADES", useRTH=True), "bars")
        for bar in bars:
            tell("bars", "historicalData", date=bar.date, open=bar.open, high=bar.high, low=bar.low, close=bar.close,
                 volume=bar.volume, wap=bar.average, count=bar.barCount)
        tell("bars", "historicalDataEnd", bars=len(bars))

    async def quotes(self, contract):
        seen = []
        ticker = self.ib.reqMktData(contract)
        def take(ticker):
            seen.extend(tick for tick in ticker.ticks if tick.tickType in PRICE_TICKS)
        ticker.updateEvent += take
        await self.until(ticker.updateEvent, lambda: len(seen) >= QUOTES, f"{QUOTES} quotes")
        ticker.updateEvent -= take
        self.ib.cancelMktData(contract)
        for tick in seen[:QUOTES]:
            tell("quotes", "tickPrice", type=PRICE_TICKS[tick.tickType], price=tick.price)

    async def positions(self, request):
        for position in await answer(self.ib.reqPositionsAsync(), "positions"):
            tell(request, "position", account=position.account, con_id=position.contract.conId, position=position.position,
                 average=position.avgCost)
        tell(request, "positionEnd")

    async def summary(self):
        for value in await answer(self.ib.accountSummaryAsync(), "account summary"):
            if value.tag in SUMMARY_TAGS:
                tell("summary", "accountSummary", account=value.account, tag=value.tag, value=value.value, currency=value.currency)

    def place(self, request, contract, order):
        order.orderId = self.ib.client.getReqId()
        self.labels[order.orderId] = request
        return self.ib.placeOrder(contract, order)

    async def market_order(self, contract):
        trade = self.place("market order", contract, MarketOrder("BUY", 100))
        await self.until(self.ib.commissionReportEvent,
                         lambda: sum(f.execution.shares for f in trade.fills if f.commissionReport.execId) == 100, "commission")
        await self.until(trade.statusEvent, trade.isDone, "the fill")

    async def limit_order(self, contract):
        order = LimitOrder("BUY", 10, 10.00)
        trade = self.place("limit order", contract, order)
        await self.until(trade.statusEvent, lambda: trade.orderStatus.status == "Submitted", "the limit order's Submitted")
        order.lmtPrice = 11.00
        self.ib.placeOrder(contract, order)
        await self.until(trade.statusEvent, lambda: trade.log[-1].message == "Modified", "the modification's status")
        for opened in await answer(self.ib.reqOpenOrdersAsync(), "open orders"):
            tell("open orders", "openOrder", order_id=opened.order.orderId, perm_id=opened.order.permId,
                 limit=opened.order.lmtPrice, quantity=opened.order.totalQuantity)
        tell("open orders", "openOrderEnd")
        self.ib.cancelOrder(order)
        await self.until(trade.statusEvent, lambda: trade.orderStatus.status == "Cancelled", "the cancellation")


async def main(host, port, client_id, symbol):
    program = Program()
    await program.connect(host, port, client_id)
    contract = await program.contract(symbol)
    await program.bars(contract)
    await program.quotes(contract)
    await program.positions("positions")
    await program.summary()
    await program.market_order(contract)
    await program.limit_order(contract)
    await program.positions("positions after")
    await answer(program.ib.reqCurrentTimeAsync(), "current time")  # everything sent before it has arrived
    program.ib.disconnect()
    tell("connect", "disconnected")


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)  # what ib_async cannot decode it only logs
    host, port, client_id, symbol = (*sys.argv[1:], "AAPL")[:4]
    asyncio.run(main(host, int(port), int(client_id), symbol))
