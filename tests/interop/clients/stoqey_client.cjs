// A small trading program on @stoqey/ib that tells what it saw: one JSON object a line on stdout.
//
//     NODE_PATH=.../node_modules node stoqey_client.cjs HOST PORT CLIENT_ID [SYMBOL]
//
// It asks for the same things in every run (nothing is computed from the clock), so that two runs against the same
// session tell the same story up to ids and times. Each line has `request` (what it belongs to) and `event`.
// Ids start at a thousand times the client id: a replay must serve other ids than it recorded.
// Exit status: 0 done, 1 an answer did not come or the server refused something.
"use strict";

const { EventName, IBApi, OrderAction, OrderType, SecType, WhatToShow } = require("@stoqey/ib");

const ANSWER_MS = 30000;
const QUOTES = 20;
const [host, port, clientId, symbol] = [process.argv[2], +process.argv[3], +process.argv[4], process.argv[5] ?? "AAPL"];

const ids = { contract: 1000 * clientId, bars: 1000 * clientId + 1, quotes: 1000 * clientId + 2, summary: 1000 * clientId + 3 };
const labels = new Map(Object.entries(ids).map(([request, id]) => [id, request]));
const label = (id) => labels.get(id) ?? "earlier orders";

const events = [];
const waiting = new Set();
let positionRequest = "positions";
let listingOpenOrders = false;

function count(request, event, fields = {}) {
  const wanted = Object.entries({ request, event, ...fields });
  return events.filter((told) => wanted.every(([key, value]) => told[key] === value)).length;
}

function tell(request, event, fields = {}) {
  if (request === "quotes" && count("quotes", "tickPrice") === QUOTES) return;
  const told = { request, event, ...fields };
  events.push(told);
  console.log(JSON.stringify(told));
  for (const look of [...waiting]) look();
}

function answer(request, event, { times = 1, ...fields } = {}) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      waiting.delete(look);
      reject(new Error(`no answer within ${ANSWER_MS} ms: ${request}: ${event} ${JSON.stringify(fields)}`));
    }, ANSWER_MS);
    const look = () => {
      const arrived = count(request, event, fields) >= times;
      const refused = request in ids && count(request, "error") > 0;
      if (!arrived && !refused) return;
      waiting.delete(look);
      clearTimeout(late);
      arrived ? resolve() : reject(new Error(`refused: ${request}`));
    };
    waiting.add(look);
    look();
  });
}

const ib = new IBApi({ host, port, clientId });
let contract;
let nextOrderId;

ib.on(EventName.error, (error, code, id) => tell(labels.get(id) ?? "notices", "error", { code, text: error.message }));
ib.on(EventName.nextValidId, (id) => { nextOrderId = Math.max(id, 1000 * clientId + 100); tell("connect", "nextValidId"); });
ib.on(EventName.managedAccounts, (accounts) => tell("connect", "managedAccounts", { accounts }));
ib.on(EventName.currentTime, (time) => tell("current time", "currentTime", { time }));
ib.on(EventName.contractDetails, (id, details) => {
  contract = details.contract;
  tell(label(id), "contractDetails", { con_id: contract.conId, symbol: contract.symbol, kind: contract.secType,
    exchange: contract.exchange, currency: contract.currency, min_tick: details.minTick, name: details.longName });
});
ib.on(EventName.contractDetailsEnd, (id) => tell(label(id), "contractDetailsEnd"));
ib.on(EventName.historicalData, (id, date, open, high, low, close, volume, bars, wap) => {
  const end = String(date).startsWith("finished");
  tell(label(id), end ? "historicalDataEnd" : "historicalData", { date, open, high, low, close, volume, bars, wap });
});
ib.on(EventName.tickPrice, (id, type, price) => tell(label(id), "tickPrice", { type, price }));
ib.on(EventName.position, (account, held, position, average) =>
  tell(positionRequest, "position", { account, con_id: held.conId, position, average }));
ib.on(EventName.positionEnd, () => tell(positionRequest, "positionEnd"));
ib.on(EventName.accountSummary, (id, account, tag, value, currency) =>
  tell(label(id), "accountSummary", { account, tag, value, currency }));
ib.on(EventName.accountSummaryEnd, (id) => tell(label(id), "accountSummaryEnd"));
ib.on(EventName.openOrder, (id, _contract, order, state) =>
  tell(listingOpenOrders ? "open orders" : label(id), "openOrder", { order_id: id, perm_id: order.permId,
    client_id: order.clientId, action: order.action, type: order.orderType, quantity: order.totalQuantity,
    limit: order.lmtPrice, status: state.status }));
ib.on(EventName.openOrderEnd, () => tell("open orders", "openOrderEnd"));
ib.on(EventName.orderStatus, (id, status, filled, remaining, average, permId, _parent, last, client) =>
  tell(listingOpenOrders ? "open orders" : label(id), "orderStatus", { order_id: id, perm_id: permId, client_id: client,
    status, filled, remaining, average, last }));
ib.on(EventName.execDetails, (_id, _contract, done) =>
  tell(label(done.orderId), "execDetails", { order_id: done.orderId, perm_id: done.permId, exec_id: done.execId,
    client_id: done.clientId, side: done.side, shares: done.shares, price: done.price, cumulative: done.cumQty,
    account: done.acctNumber, time: done.time }));
ib.on(EventName.commissionReport, (report) =>
  tell("market order", "commissionReport", { exec_id: report.execId, commission: report.commission,
    currency: report.currency }));

async function listPositions(request) {
  positionRequest = request;
  ib.reqPositions();
  await answer(request, "positionEnd");
  ib.cancelPositions();
}

async function ask() {
  ib.connect();
  await answer("connect", "nextValidId");
  ib.reqContractDetails(ids.contract, { symbol, secType: SecType.STK, exchange: "SMART", currency: "USD" });
  await answer("contract", "contractDetailsEnd");
  ib.reqHistoricalData(ids.bars, contract, "", "1 D", "1 hour", WhatToShow.TRADES, 1, 1, false);
  await answer("bars", "historicalDataEnd");
  ib.reqMktData(ids.quotes, contract, "", false, false);
  await answer("quotes", "tickPrice", { times: QUOTES });
  ib.cancelMktData(ids.quotes);
  await listPositions("positions");
  ib.reqAccountSummary(ids.summary, "All", "NetLiquidation,TotalCashValue,BuyingPower");
  await answer("summary", "accountSummaryEnd");
  ib.cancelAccountSummary(ids.summary);
}

function place(request, id, orderType, totalQuantity, lmtPrice) {
  labels.set(id, request);
  ib.placeOrder(id, contract, { action: OrderAction.BUY, orderType, totalQuantity, lmtPrice, transmit: true });
}

async function trade() {
  const [market, limit] = [nextOrderId, nextOrderId + 1];
  place("market order", market, OrderType.MKT, 100);
  await answer("market order", "orderStatus", { status: "Filled" });
  await answer("market order", "commissionReport", { times: count("market order", "execDetails") });
  place("limit order", limit, OrderType.LMT, 10, 10.0);
  await answer("limit order", "orderStatus", { status: "Submitted" });
  place("limit order", limit, OrderType.LMT, 10, 11.0);
  await answer("limit order", "openOrder", { limit: 11.0 });
  await answer("limit order", "orderStatus", { times: 2, status: "Submitted" });
  listingOpenOrders = true;
  ib.reqOpenOrders();
  await answer("open orders", "openOrderEnd");
  listingOpenOrders = false;
  ib.cancelOrder(limit);
  await answer("limit order", "orderStatus", { status: "Cancelled" });
}

async function finish() {
  await listPositions("positions after");
  ib.reqCurrentTime();
  await answer("current time", "currentTime"); // everything sent before it has arrived
  ib.disconnect();
}

ask().then(trade).then(finish).then(
  () => process.exit(0),
  (error) => { console.error(error.message); process.exit(1); },
);
