// Rows: messages as the types that a request's answers have (protocol/answers.h).
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "protocol/answers.h"
#include "protocol/message.h"

namespace ibkr::client {

template <class Row>
struct RowOf {
  static bool holds(const protocol::MessageInfo& type) { return &type == &Row::info; }
  static std::optional<Row> take(protocol::Message&& message) {
    if (auto* body = message.get_if<Row>()) return std::move(*body);
    return std::nullopt;
  }
};
template <>
struct RowOf<protocol::Message> {
  static bool holds(const protocol::MessageInfo&) { return true; }
  static std::optional<protocol::Message> take(protocol::Message&& message) { return std::move(message); }
};
template <class... Types>
struct RowOf<std::variant<Types...>> {
  static bool holds(const protocol::MessageInfo& type) { return ((&type == &Types::info) || ...); }
  static std::optional<std::variant<Types...>> take(protocol::Message&& message) {
    std::optional<std::variant<Types...>> row;
    (try_type<Types>(message, row), ...);
    return row;
  }

 private:
  template <class T>
  static void try_type(protocol::Message& message, std::optional<std::variant<Types...>>& row) {
    if (row) return;
    if (auto* body = message.get_if<T>()) row.emplace(std::move(*body));
  }
};

/// Whether messages of a type can be such a row.
template <class Row>
bool holds_row(const protocol::MessageInfo& type) {
  return RowOf<Row>::holds(type);
}

/// The message as a row: its body, or all of it where Row is Message. None where it is of no type that Row can hold.
template <class Row>
std::optional<Row> row_of(protocol::Message message) {
  return RowOf<Row>::take(std::move(message));
}

}  // namespace ibkr::client
