// The tables orders, order_status and executions.
#include "tests/journal/journal_files.h"

using namespace ibkr;
using namespace ibkr::journal;
using namespace ibkr::journal::test;

namespace {

protocol::Contract stock() {
  protocol::Contract contract;
  contract.con_id = 265598;
  contract.symbol = "AAPL";
  contract.sec_type = "STK";
  contract.exchange = "SMART";
  contract.currency = "USD";
  return contract;
}

std::string place(int id, double limit) {
  protocol::PlaceOrderRequest request;
  request.order_id = id;
  request.contract = stock();
  request.order.emplace();
  request.order->action = "BUY";
  request.order->total_quantity = 100;
  request.order->order_type = "LMT";
  request.order->lmt_price = limit;
  request.order->tif = "DAY";
  return encoded(request);
}

std::string status(int id, const char* word, int filled, int client = 7) {
  protocol::OrderStatus message;
  message.order_id = id;
  message.status = word;
  message.filled = filled;
  message.remaining = 100 - filled;
  message.avg_fill_price = 150.5;
  message.perm_id = 1234567890123;
  message.last_fill_price = 150.25;
  message.client_id = client;
  return encoded(message);
}

std::string execution(int id, const char* exec_id) {
  protocol::ExecutionDetails details;
  details.req_id = -1;
  details.contract = stock();
  details.execution.emplace();
  details.execution->order_id = id;
  details.execution->exec_id = exec_id;
  details.execution->time = "20261123 09:31:00 US/Eastern";
  details.execution->acct_number = "DU123";
  details.execution->side = "BOT";
  details.execution->shares = 100;
  details.execution->price = 150.25;
  details.execution->client_id = 7;
  return encoded(details);
}

std::string commission(const char* exec_id) {
  protocol::CommissionAndFeesReport report;
  report.exec_id = exec_id;
  report.commission_and_fees = 1.05;
  report.currency = "USD";
  return encoded(report);
}

}  // namespace

// Without it: "which orders did my app send, what became of them, what did they cost" needs a parser of frames.
TEST_CASE("orders, their statuses and executions are kept up as frames pass") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  const SessionId session = begin(*writer);
  protocol::StartApiRequest start;
  start.client_id = 7;
  writer->frame(session, Direction::Out, encoded(start), Stamp::now());
  writer->frame(session, Direction::In, text_payload("15|1|DU123,DU456|"), Stamp::now());
  writer->frame(session, Direction::Out, place(17, 150.0), {111, 1});
  writer->frame(session, Direction::In, status(17, "Submitted", 0), {112, 2});
  writer->frame(session, Direction::Out, place(17, 151.5), {113, 3});
  writer->frame(session, Direction::In, execution(17, "0001.01"), {114, 4});
  writer->frame(session, Direction::In, status(17, "Filled", 100), {115, 5});
  writer->frame(session, Direction::In, commission("0001.01"), {116, 6});
  writer->frame(session, Direction::In, commission("0002.01"), {117, 7});  // before its execution
  writer->frame(session, Direction::In, execution(17, "0002.01"), {118, 8});
  writer->end_session(session, EndStatus::Closed, "", Stamp::now());
  CHECK(writer->close().has_value());

  CHECK(query_one(path, "SELECT client_id, accounts FROM connection_sessions") == "7|DU123,DU456");
  CHECK(query(path,
              "SELECT client_id, order_id, perm_id, contract_symbol, action, quantity, order_type, limit_price,"
              " status, created_at, updated_at FROM orders") ==
        std::vector<std::string>{"7|17|1234567890123|AAPL|BUY|100.0|LMT|151.5|Filled|111|115"});
  CHECK(query(path,
              "SELECT order_id, status, filled_quantity, remaining_quantity, average_price, last_price, timestamp"
              " FROM order_status ORDER BY status_id") ==
        std::vector<std::string>{"17|Submitted|0.0|100.0|150.5|150.25|112", "17|Filled|100.0|0.0|150.5|150.25|115"});
  CHECK(query(path,
              "SELECT execution_id, order_id, symbol, side, quantity, price, commission, commission_currency"
              " FROM executions ORDER BY 1") == std::vector<std::string>{"0001.01|17|AAPL|BOT|100.0|150.25|1.05|USD",
                                                                         "0002.01|17|AAPL|BOT|100.0|150.25|1.05|USD"});
}

// Without it: tomorrow's order 17 overwrites today's, and another client's overwrites mine.
TEST_CASE("an order's key is its session, client and id") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  for (int i = 0; i < 2; ++i) {
    const SessionId session = begin(*writer);
    protocol::StartApiRequest start;
    start.client_id = 7;
    writer->frame(session, Direction::Out, encoded(start), Stamp::now());
    writer->frame(session, Direction::Out, place(17, 150.0 + i), Stamp::now());
    writer->frame(session, Direction::In, status(17, "Cancelled", 0, 8), Stamp::now());  // client 8's
  }
  CHECK(writer->close().has_value());
  CHECK(query(path, "SELECT session_id, client_id, order_id, limit_price, status FROM orders ORDER BY 1") ==
        std::vector<std::string>{"1|7|17|150.0|-", "2|7|17|151.0|-"});
}
