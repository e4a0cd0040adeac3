// ibkr describe: what the protocol's description says about a message, a part of messages, a field or values.
#include <spdlog/fmt/fmt.h>

#include <iostream>

#include "cli/command.h"
#include "protocol/catalogue.h"
#include "view/described.h"
#include "view/described_fields.h"
#include "view/suggest.h"

namespace ibkr::cli {
namespace {

using protocol::Direction;

struct DescribeArguments {
  std::vector<std::string> names;
  std::vector<int> ids;
  bool in = false;
  bool out = false;
  int server_version = 0;
  bool json = false;

  std::optional<Direction> direction() const {
    if (in == out) return std::nullopt;
    return in ? Direction::In : Direction::Out;
  }
};

[[noreturn]] void refuse(const std::string& name, std::optional<Direction> direction) {
  auto names = view::described_names(direction);
  const auto fields = view::field_names();
  names.insert(names.end(), fields.begin(), fields.end());
  const std::string_view last = std::string_view(name).substr(name.rfind('.') + 1);  // of a path
  const bool number = !name.empty() && name.find_first_not_of("0123456789") == name.npos;
  throw UsageError(fmt::format("there is no {}{}{}; `ibkr describe` alone lists all messages",
                               name.empty() ? "message or field without a name" : name,
                               direction ? fmt::format(" {} TWS", *direction == Direction::In ? "from" : "to") : "",
                               number         ? fmt::format("; a message by its number: --id {}", name)
                               : last.empty() ? std::string()
                                              : view::did_you_mean(last, names)));
}

std::vector<view::Described> numbered(int id, std::optional<Direction> direction) {
  auto found = view::find_described(id, direction);
  if (found.empty()) {
    throw UsageError(fmt::format("there is no message with the id {}; `ibkr describe` alone lists all messages", id));
  }
  return found;
}

void print_index(const DescribeArguments& arguments) {
  const auto direction = arguments.direction();
  for (const protocol::MessageInfo* type : protocol::all_messages()) {
    if (direction && type->direction != *direction) continue;
    std::cout << fmt::format("{:<3} {:>3}  {:<34} {}\n", view::direction_name(type->direction), type->id, type->name,
                             type->doc);
  }
}

/// Prints what was looked up, one after another.
class Answer {
 public:
  explicit Answer(const DescribeArguments& arguments) : arguments_(arguments) {}

  template <class Found>
  void add(const std::vector<Found>& all) {
    for (const Found& what : all) {
      if (arguments_.json) {
        view::append_described_json(what, arguments_.server_version, out_);
        out_ += '\n';
      } else {
        if (!out_.empty()) out_ += '\n';
        view::append_described(what, arguments_.server_version, out_);
      }
    }
  }
  void print() const { std::cout << out_; }

 private:
  const DescribeArguments& arguments_;
  std::string out_;
};

/// Messages, parts and values have names of their own; a name that is none of theirs is a field's.
void look_up(const std::string& name, const DescribeArguments& arguments, Answer& answer) {
  const auto found = view::find_described(name, arguments.direction());
  if (!found.empty()) return answer.add(found);
  const auto fields = view::find_fields(name, arguments.direction());
  if (fields.empty()) refuse(name, arguments.direction());
  answer.add(fields);
}

ExitStatus run_describe(const DescribeArguments& arguments) {
  Answer answer(arguments);
  for (const std::string& name : arguments.names) look_up(name, arguments, answer);
  for (const int id : arguments.ids) answer.add(numbered(id, arguments.direction()));
  if (arguments.names.empty() && arguments.ids.empty()) {
    if (!arguments.json) {
      print_index(arguments);
      return ExitStatus::Ok;
    }
    std::vector<view::Described> all;
    for (const protocol::MessageInfo* type : protocol::all_messages()) {
      if (!arguments.direction() || type->direction == *arguments.direction()) all.emplace_back(type);
    }
    answer.add(all);
  }
  answer.print();
  return ExitStatus::Ok;
}

}  // namespace

Command add_describe(CLI::App& program) {
  CLI::App* parser =
      program.add_subcommand("describe", "Look a message or a field up: ids, versions, relations, layout");
  auto arguments = std::make_shared<DescribeArguments>();
  parser
      ->add_option("NAME", arguments->names,
                   "A message by any name it is known by, a struct, an enumeration, or a field (lmtPrice)")
      ->type_name("");
  parser->add_option("--id", arguments->ids, "A message by its number, with or without protobuf's 200")
      ->type_name("N")
      ->expected(1)
      ->check(CLI::Range(0, 1000).description(""));
  parser->add_flag("--in", arguments->in, "Only what TWS sends");
  parser->add_flag("--out", arguments->out, "Only what is sent to TWS");
  parser
      ->add_option("--server-version", arguments->server_version,
                   "Also the text layout at this version, its fields numbered")
      ->type_name("100..226")
      ->check(CLI::Range(protocol::kMinServerVersion, protocol::kMaxServerVersion).description(""));
  parser->add_flag("--json", arguments->json, "One JSON object a line");
  parser->footer(
      "Without a name it lists all messages. Structs and enumerations that fields name (Contract, TickType) can be\n"
      "looked up like messages. Any other name is a field's, in any spelling: it says in which messages the field is.\n"
      "A part's field is asked for with the part: Order.lmtPrice. In a layout, an index that values decide is counted\n"
      "from a letter, which the block in front of it explains.\n\n"
      "  ibkr describe tickPrice\n"
      "  ibkr describe lmtPrice --server-version 178\n"
      "  ibkr describe --id 5 --in --server-version 178");
  return {parser, [arguments] { return run_describe(*arguments); }};
}

}  // namespace ibkr::cli
