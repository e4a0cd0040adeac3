// ibkr errors: what an error code means, and what it does to the request that caused it.
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <iostream>

#include "cli/command.h"
#include "protocol/error_codes.h"
#include "protocol/json.h"

namespace ibkr::cli {
namespace {

using protocol::ErrorCodeInfo;
using protocol::ErrorEffect;
using protocol::MessageInfo;

struct ErrorsArguments {
  std::vector<int> codes;
  bool json = false;
};

std::string_view effect_name(ErrorEffect effect) {
  switch (effect) {
    case ErrorEffect::Ends:
      return "ends";
    case ErrorEffect::Notice:
      return "notice";
    case ErrorEffect::Warning:
      return "warning";
    case ErrorEffect::Either:
      return "either";
  }
  return "";
}

std::string_view effect_told(ErrorEffect effect) {
  switch (effect) {
    case ErrorEffect::Ends:
      return "refused or over; nothing more follows, nor an end message";
    case ErrorEffect::Notice:
      return "information; nothing failed";
    case ErrorEffect::Warning:
      return "goes on, but not quite as asked";
    case ErrorEffect::Either:
      return "the text decides whether it goes on";
  }
  return "";
}

std::string names(std::span<const MessageInfo* const> messages, std::string_view quote) {
  std::string text;
  for (const MessageInfo* type : messages) {
    text += fmt::format("{}{}{}{}", text.empty() ? "" : quote.empty() ? ", " : ",", quote, type->name, quote);
  }
  return text;
}

void print_whole(const ErrorCodeInfo& error) {
  std::cout << fmt::format("{}: {}\n  area          {}\n  effect        {}: {}\n", error.code, error.meaning,
                           error.area, effect_name(error.effect), effect_told(error.effect));
  if (!error.refuses.empty()) {
    std::cout << "  refuses       " << names(error.refuses, "") << ", where nothing is left to cancel\n";
  }
  if (!error.confirms.empty()) std::cout << "  confirms      " << names(error.confirms, "") << '\n';
}

void print_row(const ErrorCodeInfo& error) {
  std::cout << fmt::format("{:>5}  {:<12}  {:<7}  {}\n", error.code, error.area, effect_name(error.effect),
                           error.meaning);
}

void print_json(const ErrorCodeInfo& error) {
  std::string meaning;
  protocol::append_json_string(error.meaning, meaning);
  std::cout << fmt::format(R"({{"code":{},"area":"{}","effect":"{}","meaning":{},"refuses":[{}],"confirms":[{}]}})",
                           error.code, error.area, effect_name(error.effect), meaning, names(error.refuses, "\""),
                           names(error.confirms, "\""))
            << '\n';
}

ExitStatus run_errors(const ErrorsArguments& arguments) {
  if (arguments.codes.empty()) {
    for (const ErrorCodeInfo& error : protocol::all_error_codes())
      arguments.json ? print_json(error) : print_row(error);
    return ExitStatus::Ok;
  }
  ExitStatus status = ExitStatus::Ok;
  for (const int code : arguments.codes) {
    const ErrorCodeInfo* error = protocol::find_error_code(code);
    if (error == nullptr) {
      spdlog::error("{} is not a code that we know; its text is all there is. `ibkr errors` lists those we know", code);
      status = ExitStatus::FoundWrong;
      continue;
    }
    arguments.json ? print_json(*error) : print_whole(*error);
  }
  return status;
}

}  // namespace

Command add_errors(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("errors", "Look error codes up: meaning, area, what they end");
  auto arguments = std::make_shared<ErrorsArguments>();
  parser->add_option("CODE", arguments->codes, "Codes; without any the whole table is printed")->type_name("");
  parser->add_flag("--json", arguments->json, "One JSON object a line");
  parser->footer(
      "The effect says what becomes of the request, order or connection that the error is about: ends (refused or "
      "over),\n"
      "notice (nothing failed), warning (goes on, but not quite as asked), either (the text decides). An order's "
      "state\n"
      "comes from OrderStatus alone, whatever the code.\n\n"
      "  ibkr errors 10197");
  return {parser, [arguments] { return run_errors(*arguments); }};
}

}  // namespace ibkr::cli
