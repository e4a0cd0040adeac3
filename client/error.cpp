#include "client/error.h"

#include <cassert>
#include <utility>

#include "protocol/error_codes.h"
#include "protocol/identity.h"
#include "protocol/messages.h"

namespace ibkr::client {
namespace {

using protocol::ErrorCodeInfo;
using protocol::ErrorEffect;

Concern concern_of(const protocol::Message& request) {
  return protocol::has_role(request.type(), protocol::Role::OrderId) ? Concern::Order : Concern::Request;
}

Severity severity_of(const ErrorCodeInfo* code, bool ends) {
  if (ends) return Severity::Reject;
  if (code == nullptr) return Severity::Warning;
  switch (code->effect) {
    case ErrorEffect::Notice:
      return code->area == "farm" ? Severity::Farm : Severity::Information;
    case ErrorEffect::Ends:
      return Severity::Reject;
    case ErrorEffect::Warning:
    case ErrorEffect::Either:
      break;
  }
  return Severity::Warning;
}

/// Of an error that is about no request: the table's area decides.
Concern concern_of(const ErrorCodeInfo* code) {
  if (code == nullptr) return Concern::System;
  if (code->area == "farm" || code->area == "connection" || code->area == "connectivity") return Concern::Connection;
  if (code->area == "order") return Concern::Order;
  return Concern::System;
}

}  // namespace

Error::Error(Reason why, Concern what_about, Severity how_bad, std::string words)
    : reason(why), concern(what_about), severity(how_bad), text(std::move(words)) {}

std::string Error::to_string() const {
  std::string whole = request;
  if (id != -1) whole += (whole.empty() ? "id " : " ") + std::to_string(id);
  if (!whole.empty()) whole += ": ";
  whole += text;
  if (code != 0) whole += " (" + std::to_string(code) + ")";
  if (!suggestion.empty()) whole += ". " + suggestion;
  return whole;
}

void raise(Error error) {
  error.whole_ = error.to_string();
  switch (error.reason) {
    case Reason::Rejected:
    case Reason::Remark:
      throw RequestError(std::move(error));
    case Reason::TimedOut:
      throw Timeout(std::move(error));
    case Reason::NotConnected:
    case Reason::Lost:
    case Reason::Reconnecting:
    case Reason::GivenUp:
    case Reason::Closed:
    case Reason::ConnectFailed:
      throw Disconnected(std::move(error));
    case Reason::Cancelled:
    case Reason::CannotEncode:
    case Reason::Misuse:
      throw UsageError(std::move(error));
    case Reason::UserCode:
      break;
  }
  throw Error(std::move(error));
}

Error error_of(const protocol::Message& message, const protocol::Message* request, bool ends) {
  const auto& said = message.as<protocol::ErrorMessage>();
  const std::int32_t number = said.error_code.value_or(0);
  const ErrorCodeInfo* code = protocol::find_error_code(number);
  Error error(ends ? Reason::Rejected : Reason::Remark, request != nullptr ? concern_of(*request) : concern_of(code),
              severity_of(code, ends), said.error_msg.value_or(""));
  error.code = number;
  error.id = said.id.value_or(-1);
  if (request != nullptr) error.request = request->name();
  if (code != nullptr) error.suggestion = code->advice;
  error.details = said.advanced_order_reject_json.value_or("");
  return error;
}

Error error_about(Reason reason, const protocol::Message& request, std::string text, std::string suggestion) {
  Error error(reason, concern_of(request), Severity::Reject, std::move(text));
  if (is_about_connection(error)) {
    error.concern = Concern::Connection;
    error.severity = Severity::Fatal;
  }
  error.request = request.name();
  error.id = protocol::error_id(request);
  error.suggestion = std::move(suggestion);
  return error;
}

bool is_about_connection(const Error& error) {
  switch (error.reason) {
    case Reason::NotConnected:
    case Reason::Lost:
    case Reason::Reconnecting:
    case Reason::GivenUp:
    case Reason::Closed:
    case Reason::ConnectFailed:
      return true;
    case Reason::Rejected:
    case Reason::Remark:
    case Reason::TimedOut:
    case Reason::Cancelled:
    case Reason::CannotEncode:
    case Reason::Misuse:
    case Reason::UserCode:
      break;
  }
  return false;
}

}  // namespace ibkr::client
