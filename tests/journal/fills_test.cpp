// Fills that count once, and the queries that our pages show.
#include <algorithm>
#include <map>
#include <random>
#include <string_view>

#include "protocol/exec_id.h"
#include "tests/journal/journal_files.h"

using namespace ibkr;
using namespace ibkr::journal;
using namespace ibkr::journal::test;

namespace {

std::string execution(const std::string& exec_id, int shares, double price) {
  protocol::ExecutionDetails details;
  details.req_id = -1;
  details.contract.emplace();
  details.contract->symbol = "AAPL";
  details.execution.emplace();
  details.execution->order_id = 17;
  details.execution->exec_id = exec_id;
  details.execution->time = "20261123 09:31:00 US/Eastern";
  details.execution->acct_number = "DU0000001";
  details.execution->side = "BOT";
  details.execution->shares = shares;
  details.execution->price = price;
  details.execution->client_id = 7;
  return encoded(details);
}

std::string commission(const std::string& exec_id, double amount) {
  protocol::CommissionAndFeesReport report;
  report.exec_id = exec_id;
  report.commission_and_fees = amount;
  report.currency = "USD";
  return encoded(report);
}

void start(Writer& writer, SessionId session) {
  writer.frame(session, Direction::Out, text_payload("71|2|7||"), Stamp::now());
}

/// A session that is told of these, in order.
SessionId told(Writer& writer, const std::vector<std::string>& payloads) {
  const SessionId session = begin(writer);
  start(writer, session);
  for (const std::string& payload : payloads) writer.frame(session, Direction::In, payload, Stamp::now());
  writer.end_session(session, EndStatus::Closed, "", Stamp::now());
  return session;
}

const char* const kFills = "SELECT execution_id, session_id, quantity, price, commission FROM v_fills ORDER BY 1";

/// The statements of a page: in ```sql blocks, or given to the sqlite3 command.
/// What stands between the two marks, each time.
std::vector<std::string> between(std::string_view text, std::string_view before, std::string_view after) {
  std::vector<std::string> found;
  for (std::size_t at = text.find(before); at != text.npos; at = text.find(before, at)) {
    at += before.size();
    const std::size_t end = text.find(after, at);
    if (end == text.npos) break;
    found.emplace_back(text.substr(at, end - at));
    at = end + after.size();
  }
  return found;
}

/// A query in the shell's double quotes has \$ for $.
std::string unquoted(std::string sql) {
  for (std::size_t at = sql.find("\\$"); at != sql.npos; at = sql.find("\\$", at)) sql.erase(at++, 1);
  return sql;
}

std::vector<std::string> queries_of(const std::string& page) {
  const std::string text = slurp(std::string(IBKR_SOURCE_DIR) + "/" + page);
  std::vector<std::string> found;
  for (const std::string& sql : between(text, "sqlite3 sessions.db \"", "\"")) found.push_back(unquoted(sql));
  for (const std::string& block : between(text, "```sql\n", "```")) {
    for (const std::string& sql : between(block, "", ";")) found.push_back(sql);
  }
  return found;
}

}  // namespace

// Without it: an app that asks for executions at every connect doubles its volume in the journal with each.
TEST_CASE("a fill that several sessions were told of counts once, in the first") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  {
    auto writer = open_writer(path);
    told(*writer, {execution("00025b46.63f8f39c.01.01", 100, 150.25), commission("00025b46.63f8f39c.01.01", 1.05)});
    told(*writer, {execution("00025b46.63f8f39c.01.01", 100, 150.25)});
    CHECK(writer->close().has_value());
  }
  auto writer = open_writer(path);
  told(*writer, {execution("00025b46.63f8f39c.01.01", 100, 150.25), commission("00025b46.63f8f39c.01.01", 1.25),
                 execution("00025b46.63f8f39d.01.01", 50, 151)});
  CHECK(writer->close().has_value());
  CHECK(query(path, kFills) == std::vector<std::string>{"00025b46.63f8f39c.01.01|1|100.0|150.25|1.25",
                                                        "00025b46.63f8f39d.01.01|3|50.0|151.0|-"});
}

// Without it: a corrected fill counts twice, once at the price that was wrong.
TEST_CASE("a correction replaces its fill, in whatever order and session it comes") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  told(*writer, {execution("a.b.01.01", 100, 150), commission("a.b.01.01", 1), execution("a.b.01.02", 90, 149),
                 commission("a.b.01.02", 2), execution("a.b.02.10", 1, 10), execution("a.b.02.9", 1, 9)});
  told(*writer, {execution("a.b.01.01", 100, 150), execution("a.b.01.02", 90, 149)});
  CHECK(writer->close().has_value());
  CHECK(query(path, kFills) == std::vector<std::string>{"a.b.01.02|1|90.0|149.0|2.0", "a.b.02.10|1|1.0|10.0|-"});
}

// Without it: fills with ids of another form swallow each other, or a commission that came alone hides a fill.
TEST_CASE("ids without a revision are fills of their own, and a commission alone waits for its fill") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  told(*writer, {execution("plain", 1, 1), execution("x.y", 2, 2), execution("x.z", 3, 3), execution("x.", 4, 4),
                 execution("77", 5, 5), commission("late.01", 6)});
  told(*writer, {execution("late.01", 7, 7)});
  CHECK(writer->close().has_value());
  CHECK(query(path, kFills) == std::vector<std::string>{"77|1|5.0|5.0|-", "late.01|2|7.0|7.0|6.0", "plain|1|1.0|1.0|-",
                                                        "x.|1|4.0|4.0|-", "x.y|1|2.0|2.0|-", "x.z|1|3.0|3.0|-"});
}

// Without it: the journal and the client's order book count the fills of one day differently.
TEST_CASE("the view and protocol/exec_id.h take ids apart alike") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  std::mt19937_64 random(7);
  const std::vector<std::string> parts = {".", ".", ".", "0", "1", "9", "10", "a", "-", "99999999999999999999", " "};
  std::vector<std::string> ids = {"a.01.01", "a.01.02", "a.01.2", "x.", "x.1", ".5", "."};
  for (int i = 0; i < 200; ++i) {
    std::string id;
    for (std::uint64_t n = 1 + random() % 5; n > 0; --n) id += parts[random() % parts.size()];
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  std::vector<std::string> told_of;
  for (const std::string& id : ids) told_of.push_back(execution(id, 1, 1));
  told(*writer, told_of);
  CHECK(writer->close().has_value());

  std::map<std::string, std::pair<std::int64_t, std::string>> standing;
  for (const std::string& id : ids) {
    const auto [fill, revision] = protocol::revision_of(id);
    const auto at = standing.find(std::string(fill));
    if (at == standing.end() || at->second.first < revision) standing[std::string(fill)] = {revision, id};
  }
  std::vector<std::string> expected;
  for (const auto& [fill, one] : standing) expected.push_back(one.second);
  std::sort(expected.begin(), expected.end());
  CHECK(query(path, "SELECT execution_id FROM v_fills ORDER BY 1") == expected);
}

// Without it: what we tell people to type gives an error or nothing.
TEST_CASE("the queries that our pages show run and find something") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  protocol::PlaceOrderRequest place;
  place.order_id = 17;
  place.order.emplace();
  place.order->action = "BUY";
  protocol::OrderStatus status;
  status.order_id = 17;
  status.status = "Submitted";
  protocol::OpenOrder open;
  open.order_id = 17;
  open.order.emplace();
  for (int i = 0; i < 3; ++i) {
    told(*writer, {tick_price(9001, 150), text_payload("4|2|17|201|Order rejected||"), encoded(status), encoded(open),
                   execution("a.b.01.01", 100, 150), commission("a.b.01.01", 1)});
  }
  CHECK(writer->close().has_value());
  change(path, "INSERT INTO events(session_id, timestamp, mono_ns, kind, text, count) VALUES (1, 1, 1, 'gap', '', 1)");
  const auto count = [&](const std::string& page) {
    const auto queries = queries_of(page);
    for (const std::string& sql : queries) {
      CAPTURE(sql);
      CHECK_FALSE(query(path, sql).empty());
    }
    return queries.size();
  };
  CHECK(count("journal/FORMAT.md") >= 8);
  CHECK(count("docs/guide.md") >= 4);
  CHECK(count("README.md") >= 1);
  CHECK(query(path, "SELECT sum(quantity), sum(commission) FROM v_fills") == std::vector<std::string>{"100.0|1.0"});
}
