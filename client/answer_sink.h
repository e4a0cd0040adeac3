// AnswerSink: where the answers to one request go. The router tells it; a call or a stream stands behind it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "client/call.h"
#include "client/error.h"
#include "client/rows.h"
#include "client/stream.h"
#include "protocol/message.h"

namespace ibkr::client {

/// I/O thread only. After done() or fail() nothing follows.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  /// False: it takes no more of them, and has failed; the request is to be given up.
  virtual bool row(protocol::Message message) = 0;
  virtual void end_of_batch() {}
  /// It is over as it should be.
  virtual void done() = 0;
  virtual void fail(const Error& error) = 0;
  virtual void remark(const Error&) {}
  virtual void gap(const Error&) {}
  virtual void resumed() {}
};

/// A command: done when it was sent.
class SentSink final : public AnswerSink {
 public:
  explicit SentSink(std::shared_ptr<CallState<Done>> call) : call_(std::move(call)) {}
  bool row(protocol::Message) override { return true; }
  void done() override { call_->complete(Done{}); }
  void fail(const Error& error) override { call_->complete(Unexpected(error)); }

 private:
  std::shared_ptr<CallState<Done>> call_;
};

/// One answer.
template <class Row>
class OneSink final : public AnswerSink {
 public:
  explicit OneSink(std::shared_ptr<CallState<Row>> call) : call_(std::move(call)) {}
  bool row(protocol::Message message) override {
    if (auto row = row_of<Row>(std::move(message))) call_->complete(std::move(*row));
    return true;
  }
  /// Where the server version has no answer, the row is an empty one.
  void done() override { call_->complete(Row{}); }
  void fail(const Error& error) override { call_->complete(Unexpected(error)); }

 private:
  std::shared_ptr<CallState<Row>> call_;
};

/// Rows up to an end.
template <class Row>
class ListSink final : public AnswerSink {
 public:
  static constexpr std::size_t kMostRows = 1'000'000;

  explicit ListSink(std::shared_ptr<CallState<std::vector<Row>>> call) : call_(std::move(call)) {}
  bool row(protocol::Message message) override {
    if (rows_.size() >= kMostRows) {
      Error error(Reason::Rejected, Concern::Request, Severity::Reject,
                  "there are more than " + std::to_string(kMostRows) + " answers");
      error.suggestion = "Subscribe, and take them one by one";
      fail(error);
      return false;
    }
    if (auto row = row_of<Row>(std::move(message))) rows_.push_back(std::move(*row));
    return true;
  }
  void done() override { call_->complete(std::move(rows_)); }
  void fail(const Error& error) override { call_->complete(Unexpected(error)); }

 private:
  std::shared_ptr<CallState<std::vector<Row>>> call_;
  std::vector<Row> rows_;
};

/// A stream. An end that says nothing is no row of it.
template <class Row>
class StreamSink final : public AnswerSink {
 public:
  explicit StreamSink(std::shared_ptr<EventFeed> feed) : feed_(std::move(feed)) {}
  bool row(protocol::Message message) override {
    if (holds_row<Row>(message.type())) feed_->push({StreamEventKind::Row, std::move(message)});
    return true;
  }
  void end_of_batch() override { feed_->push({StreamEventKind::EndOfBatch}); }
  void done() override { feed_->close({StreamEventKind::Closed}); }
  void fail(const Error& error) override {
    feed_->close({StreamEventKind::Closed, std::nullopt, std::make_shared<Error>(error)});
  }
  void remark(const Error& error) override {
    feed_->push({StreamEventKind::Remark, std::nullopt, std::make_shared<Error>(error)});
  }
  void gap(const Error& error) override {
    feed_->push({StreamEventKind::Gap, std::nullopt, std::make_shared<Error>(error)});
  }
  void resumed() override { feed_->push({StreamEventKind::Resumed}); }

 private:
  std::shared_ptr<EventFeed> feed_;
};

}  // namespace ibkr::client
