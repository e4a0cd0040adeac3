#include "protocol/json_value.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include "protocol/numbers.h"
#include "protocol/unicode.h"

namespace ibkr::protocol {
namespace {

constexpr int kMaxDepth = 32;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Expected<JsonValue, std::string> parse() {
    JsonValue value;
    if (!read(value, 0)) return Unexpected(reason_ + " at byte " + std::to_string(at_));
    skip_blanks();
    if (at_ != text_.size()) return Unexpected("text after the end of the JSON value at byte " + std::to_string(at_));
    return value;
  }

 private:
  bool fail(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool word(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return fail("not JSON");
    at_ += expected.size();
    return true;
  }

  bool read(JsonValue& value, int depth) {
    if (depth > kMaxDepth) return fail("nested more than 32 levels deep");
    skip_blanks();
    switch (peek()) {
      case '{':
        return object(value, depth);
      case '[':
        return array(value, depth);
      case '"':
        value.type = JsonValue::Type::String;
        return string(value.text);
      case 't':
        value.type = JsonValue::Type::Bool;
        value.boolean = true;
        return word("true");
      case 'f':
        value.type = JsonValue::Type::Bool;
        return word("false");
      case 'n':
        return word("null");
      default:
        return number(value);
    }
  }

  bool object(JsonValue& value, int depth) {
    value.type = JsonValue::Type::Object;
    ++at_;
    skip_blanks();
    if (peek() == '}') return ++at_, true;
    for (;;) {
      skip_blanks();
      auto& [key, element] = value.members.emplace_back();
      if (peek() != '"') return fail("expected a quoted key");
      if (!string(key)) return false;
      skip_blanks();
      if (peek() != ':') return fail("expected ':'");
      ++at_;
      if (!read(element, depth + 1)) return false;
      skip_blanks();
      if (peek() == '}') return ++at_, true;
      if (peek() != ',') return fail("expected ',' or '}'");
      ++at_;
    }
  }

  bool array(JsonValue& value, int depth) {
    value.type = JsonValue::Type::Array;
    ++at_;
    skip_blanks();
    if (peek() == ']') return ++at_, true;
    for (;;) {
      if (!read(value.elements.emplace_back(), depth + 1)) return false;
      skip_blanks();
      if (peek() == ']') return ++at_, true;
      if (peek() != ',') return fail("expected ',' or ']'");
      ++at_;
    }
  }

  bool number(JsonValue& value) {
    const std::size_t end = text_.find_first_not_of("+-.0123456789eE", at_);
    value.type = JsonValue::Type::Number;
    value.text = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
    double checked = 0;
    if (read_double(value.text, checked) == Reading::Bad) return fail("expected a JSON value");
    at_ += value.text.size();
    return true;
  }

  std::optional<std::uint32_t> unit() {
    std::uint32_t value = 0;
    if (text_.size() - at_ < 4) return std::nullopt;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, value, 16);
    if (error != std::errc() || end != text_.data() + at_ + 4) return std::nullopt;
    at_ += 4;
    return value;
  }

  bool escape(std::string& out) {
    const char kind = peek();
    ++at_;
    switch (kind) {
      case '"':
      case '\\':
      case '/':
        out += kind;
        return true;
      case 'b':
        out += '\b';
        return true;
      case 'f':
        out += '\f';
        return true;
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'u':
        break;
      default:
        return fail("unknown escape in a string");
    }
    auto code = unit();
    if (!code) return fail("\\u needs four hex digits");
    if (*code >= 0xDC80 && *code <= 0xDCFF) {
      out += static_cast<char>(*code - 0xDC00);
      return true;
    }
    if (*code >= 0xD800 && *code < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
      at_ += 2;
      const auto low = unit();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return fail("half of a surrogate pair");
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    }
    if (*code >= 0xD800 && *code < 0xE000) return fail("half of a surrogate pair");
    append_utf8(out, *code);
    return true;
  }

  bool string(std::string& out) {
    for (++at_; at_ < text_.size();) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
      if (c != '\\') {
        out += c;
      } else if (!escape(out)) {
        return false;
      }
    }
    return fail("a string that does not end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string reason_;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}

Expected<JsonValue, std::string> parse_json(std::string_view text) { return Parser(text).parse(); }

}  // namespace ibkr::protocol
