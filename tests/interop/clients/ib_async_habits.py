"""An ib_async program that does its work as recorded, or as programs do it in practice: otherwise.

    python ib_async_habits.py HOST PORT CLIENT_ID [HABIT]

    usual        contract, bars, the time POLLS times, an order that rests and is cancelled
    reordered    the same requests in another order, the order first
    polls-less   asks for the time once: at full speed, a clock strikes less often
    polls-more   asks for the time more often than was recorded
    twice        asks for the bars once more than was recorded
    no-order     leaves the order out
    no-cancel    leaves the order's cancel out
    leaves       asks for bars and closes the connection before they can come
    resets       the same with a reset instead of an end (SO_LINGER 0)
    dies         kills itself once the order is out, like kill -9

One JSON object a line on stdout tells each step. Exit status: 0 done, 1 an answer did not come or the server refused something.
"""

import asyncio
import json
import os
import signal
import socket
import struct
import sys

from ib_async import IB, LimitOrder, Stock

ANSWER_SECONDS = 30
POLLS = 5
STOCK = Stock("AAPL", "SMART", "USD")


def tell(request, event, **fields):
    print(json.dumps({"request": request, "event": event, **fields}), flush=True)


class Program:
    def __init__(self, host, port, client_id, habit):
        self.host, self.port, self.client_id, self.habit = host, port, client_id, habit
        self.ib = IB()
        self.ib.RaiseRequestErrors = True

    async def answer(self, awaitable):
        return await asyncio.wait_for(awaitable, ANSWER_SECONDS)

    async def contract(self):
        found = await self.answer(self.ib.reqContractDetailsAsync(STOCK))
        tell("contract", "contractDetails", con_id=found[0].contract.conId)

    async def bars(self):
        bars = await self.answer(self.ib.reqHistoricalDataAsync(
            STOCK, endDateTime="", durationStr="1 D", barSizeSetting="1 hour", whatToShow="TRADES", useRTH=True))
        if not bars:
            raise SystemExit("no bars")
        tell("bars", "historicalDataEnd", bars=len(bars))

    async def times(self, polls):
        for _ in range(polls):
            await self.answer(self.ib.reqCurrentTimeAsync())
        tell("times", "currentTime")

    async def order(self):
        trade = self.ib.placeOrder(STOCK, LimitOrder("BUY", 10, 10.00))  # writes at once
        if self.habit == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        while trade.orderStatus.status != "Submitted":
            await self.answer(trade.statusEvent)
            if trade.isDone():
                raise SystemExit(f"the order is {trade.orderStatus.status}")
        if self.habit != "no-cancel":
            self.ib.cancelOrder(trade.order)
            while not trade.isDone():
                await self.answer(trade.statusEvent)
        tell("order", "orderStatus", status=trade.orderStatus.status)

    async def leave(self):
        """Asks for the bars once more and is gone before they can come."""
        connection = self.ib.client.conn
        sent = connection.numMsgSent
        waits = asyncio.ensure_future(self.bars())
        while connection.numMsgSent == sent:
            await asyncio.sleep(0)
        waits.cancel()
        if self.habit == "resets":
            linger = struct.pack("ii", 1, 0)
            connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.transport.abort()
        self.ib.disconnect()
        await asyncio.sleep(0)

    def steps(self):
        polls = {"polls-less": 1, "polls-more": 3 * POLLS}.get(self.habit, POLLS)
        usual = [self.contract, self.bars, lambda: self.times(polls), self.order]
        match self.habit:
            case "reordered":
                return usual[::-1]
            case "twice":
                return [*usual[:2], self.bars, *usual[2:]]
            case "no-order":
                return usual[:-1]
            case "leaves" | "resets":
                return [self.contract, self.leave]
        return [*usual]

    async def run(self):
        await self.ib.connectAsync(self.host, self.port, self.client_id, timeout=ANSWER_SECONDS)
        for step in self.steps():
            await step()
        if self.ib.isConnected():
            self.ib.disconnect()
        tell("connect", "disconnected")


if __name__ == "__main__":
    host, port, client_id, habit = (*sys.argv[1:], "usual")[:4]
    asyncio.run(Program(host, int(port), int(client_id), habit).run())
