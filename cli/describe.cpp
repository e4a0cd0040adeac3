// ibkr describe: what the protocol's description says about a message, struct or enumeration.
#include <spdlog/fmt/fmt.h>

#include <iostream>

#include "cli/command.h"
#include "protocol/catalogue.h"
#include "view/described.h"
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

std::vector<view::Described> named(const std::string& name, std::optional<Direction> direction) {
  auto found = view::find_described(name, direction);
  if (found.empty()) {
    throw UsageError(fmt::format("there is no {}{}{}; `ibkr describe` alone lists all messages", name,
                                 direction ? fmt::format(" {} TWS", *direction == Direction::In ? "from" : "to") : "",
                                 view::did_you_mean(name, view::described_names(direction))));
  }
  return found;
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

ExitStatus run_describe(const DescribeArguments& arguments) {
  std::vector<view::Described> wanted;
  const auto add = [&](const std::vector<view::Described>& found) {
    wanted.insert(wanted.end(), found.begin(), found.end());
  };
  for (const std::string& name : arguments.names) add(named(name, arguments.direction()));
  for (const int id : arguments.ids) add(numbered(id, arguments.direction()));
  if (wanted.empty() && !arguments.json) {
    print_index(arguments);
    return ExitStatus::Ok;
  }
  if (wanted.empty()) {
    for (const protocol::MessageInfo* type : protocol::all_messages()) {
      if (!arguments.direction() || type->direction == *arguments.direction()) wanted.emplace_back(type);
    }
  }
  std::string out;
  for (const view::Described& what : wanted) {
    if (arguments.json) {
      view::append_described_json(what, arguments.server_version, out);
      out += '\n';
    } else {
      if (!out.empty()) out += '\n';
      view::append_described(what, arguments.server_version, out);
    }
  }
  std::cout << out;
  return ExitStatus::Ok;
}

}  // namespace

Command add_describe(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("describe", "Look a message up: ids, versions, relations, fields, layout");
  auto arguments = std::make_shared<DescribeArguments>();
  parser->add_option("NAME", arguments->names, "A message by any name it is known by, or a struct or enumeration")
      ->type_name("");
  parser->add_option("--id", arguments->ids, "A message by its number, with or without protobuf's 200")
      ->type_name("N")
      ->expected(1)
      ->check(CLI::Range(0, 1000).description(""));
  parser->add_flag("--in", arguments->in, "Only what TWS sends");
  parser->add_flag("--out", arguments->out, "Only what is sent to TWS");
  parser->add_option("--server-version", arguments->server_version, "Also the layout at this version")
      ->type_name("100..226")
      ->check(CLI::Range(protocol::kMinServerVersion, protocol::kMaxServerVersion).description(""));
  parser->add_flag("--json", arguments->json, "One JSON object a line");
  parser->footer(
      "Without a name it lists all messages. Structs and enumerations that fields name (Contract, TickType) can be\n"
      "looked up like messages.\n\n"
      "  ibkr describe tickPrice\n"
      "  ibkr describe --id 5 --in --server-version 178");
  return {parser, [arguments] { return run_describe(*arguments); }};
}

}  // namespace ibkr::cli
