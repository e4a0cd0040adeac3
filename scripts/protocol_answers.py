"""Which answers a request has, as C++ types: the generated header protocol/answers.h."""

ANSWERS_HEAD = """\
// What a request brings, as types: AnswersOf<ContractDataRequest>::shape and ::Row.
#pragma once

#include <cstdint>
#include <type_traits>
#include <variant>

#include "protocol/messages.h"

namespace ibkr::protocol {

/// How many answers a request has.
enum class Shape : std::uint8_t {
  Nothing,  ///< a command
  One,      ///< one, and that is all
  List,     ///< rows up to an end
  Stream,   ///< rows until it is cancelled
};

/// One type is itself, several are a std::variant.
template <class... Types>
struct OneOfTypes {
  using Type = std::variant<Types...>;
};
template <class T>
struct OneOfTypes<T> {
  using Type = T;
};
template <class... Types>
using OneOf = typename OneOfTypes<Types...>::Type;

/// Of a request's type. Row: what it brings, once or many times; an end that says nothing is no row.
template <class Request>
struct AnswersOf;
"""


ENDS_ONLY = {"request_id", "account"}


def shape_of(message):
    """The Shape of what a request brings."""
    if message.kind == "command":
        return "Nothing"
    if message.kind == "stream":
        return "Stream"
    return "One" if message.kind == "one-shot" and not any(end.answer_conditions for end in message.ends) else "List"


def rows_of(description, message):
    """The answers that say something; all of them where there is but one answer."""
    if shape_of(message) == "One":
        return message.answers
    ends = {end.answer for end in message.ends}
    return [name for name in message.answers
            if name not in ends or not all(f.role in ENDS_ONLY for f in description.structs[name].fields)]


def answers_header(description):
    """The text of protocol/answers.h."""
    out = [ANSWERS_HEAD]
    for m in description.messages:
        if m.kind:
            rows = f"OneOf<{', '.join(rows_of(description, m))}>" if shape_of(m) != "Nothing" else "void"
            out.append(f"template <>\nstruct AnswersOf<{m.name}> {{\n  static constexpr Shape shape = Shape::{shape_of(m)};\n"
                       f"  using Row = {rows};\n}};")
    out.append("\n}  // namespace ibkr::protocol")
    return "\n".join(out) + "\n"
