// ibkr errors: what an error code means, what it does to the request that caused it, and what to do about it.
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
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
  std::vector<std::string> asked;  // codes and ranges of codes, joined with commas, or a word to search for
  bool json = false;
};

/// Numbers that belong together, known or not.
struct CodeRange {
  int first;
  int last;
  std::string_view told;
};
constexpr CodeRange kRanges[] = {{100, 499, "what TWS refuses"},
                                 {500, 599, "made by client libraries"},
                                 {1100, 1300, "about TWS's connections"},
                                 {2100, 2199, "warnings and notices"},
                                 {10000, 10998, "what newer versions of TWS refuse or warn of"},
                                 {10999, 10999, "made by ibkr replay"}};

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
  if (!error.concerns.empty()) std::cout << "  with id -1    " << names(error.concerns, "") << '\n';
  if (!error.advice.empty()) std::cout << "  what to do    " << error.advice << '\n';
}

void print_row(const ErrorCodeInfo& error) {
  std::cout << fmt::format("{:>5}  {:<12}  {:<7}  {}\n", error.code, error.area, effect_name(error.effect),
                           error.meaning);
}

void print_json(const ErrorCodeInfo& error) {
  std::cout
      << fmt::format(
             R"({{"code":{},"area":"{}","effect":"{}","meaning":{},"advice":{},"refuses":[{}],"confirms":[{}],"concerns":[{}]}})",
             error.code, error.area, effect_name(error.effect), protocol::json_string(error.meaning),
             protocol::json_string(error.advice), names(error.refuses, "\""), names(error.confirms, "\""),
             names(error.concerns, "\""))
      << '\n';
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// True where a word of the text begins with `word`; letter case counts nowhere.
bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; at + word.size() <= text.size(); ++at) {
    const bool begins = at == 0 || !is_letter(lower(text[at - 1]));
    if (begins && std::ranges::equal(text.substr(at, word.size()), word, {}, lower, lower)) return true;
  }
  return false;
}

/// What `ibkr errors A,B C-D word` asks for, in order.
class Search {
 public:
  /// Throws UsageError where a number or a range is none.
  void add(std::string_view asked) {
    const bool has_digit = asked.find_first_of("0123456789") != asked.npos;
    if (!has_digit || asked.find_first_not_of("0123456789, -.") != asked.npos)
      return words_.emplace_back(asked), void();
    while (!asked.empty()) {
      const std::string_view codes = asked.substr(0, asked.find_first_of(", "));
      asked.remove_prefix(std::min(codes.size() + 1, asked.size()));
      if (!codes.empty()) add_codes(codes);
    }
  }

  /// Codes that were asked for, then those whose text has all the words.
  std::vector<const ErrorCodeInfo*> found() const {
    std::vector<const ErrorCodeInfo*> all;
    for (const AskedCodes& asked : codes_) {
      const auto among = known(asked);
      std::ranges::transform(among, std::back_inserter(all), [](const ErrorCodeInfo& error) { return &error; });
    }
    if (words_.empty()) return all;
    for (const ErrorCodeInfo& error : protocol::all_error_codes()) {
      if (std::ranges::all_of(words_, [&](const std::string& word) { return says(error, word); }))
        all.push_back(&error);
    }
    return all;
  }

  /// Logs every code that is not known, and every range without one. True when there was none.
  bool report_unknown() const {
    bool all_known = true;
    for (const auto& [first, last] : codes_) {
      if (!known({first, last}).empty()) continue;
      if (first == last) {
        spdlog::error("{} is not a code that we know; its text is all there is. {}", first, neighbours(first));
      } else {
        spdlog::error("we know no code from {} to {}. {}", first, last, neighbours(first));
      }
      all_known = false;
    }
    return all_known;
  }

  std::string words() const { return fmt::format("{}", fmt::join(words_, " ")); }
  /// True where more than single codes were asked for.
  bool is_wide() const {
    return !words_.empty() || std::ranges::any_of(codes_, [](const auto& asked) { return asked.first != asked.last; });
  }

 private:
  /// From one code to another; mostly the same.
  struct AskedCodes {
    int first;
    int last;
  };

  /// "201", "201-203", "201..203"
  void add_codes(std::string_view text) {
    const auto dash = std::min(text.find_first_of("-."), text.size());
    const std::string_view behind = text.substr(dash);
    const int first = code_in(text.substr(0, dash), text);
    const int last = behind.empty() ? first : code_in(behind.substr(behind.starts_with("..") ? 2 : 1), text);
    if (last < first) throw UsageError(fmt::format("{} is no range of codes: the lower one goes first", text));
    codes_.push_back({first, last});
  }

  static int code_in(std::string_view number, std::string_view asked) {
    int code = 0;
    const char* const end = number.data() + number.size();
    const auto [stop, error] = std::from_chars(number.data(), end, code);
    if (error == std::errc::result_out_of_range) {
      throw UsageError(fmt::format("{} is too large for a code; codes have up to five digits", number));
    }
    if (error != std::errc() || stop != end || code < 0) {
      throw UsageError(fmt::format("{} is neither a code, such as 201, nor a range of codes, such as 201-203", asked));
    }
    return code;
  }

  /// The known ones among them.
  static std::span<const ErrorCodeInfo> known(const AskedCodes& asked) {
    const auto all = protocol::all_error_codes();
    const auto begin = std::ranges::lower_bound(all, asked.first, {}, &ErrorCodeInfo::code);
    const auto end = std::ranges::upper_bound(all, asked.last, {}, &ErrorCodeInfo::code);
    return {begin, end};
  }

  static bool says(const ErrorCodeInfo& error, std::string_view word) {
    return has_word(error.area, word) || has_word(error.meaning, word) || has_word(error.advice, word) ||
           has_word(effect_name(error.effect), word);
  }

  /// Which kind of codes it would be among, and the known ones beside it.
  static std::string neighbours(int code) {
    const auto distance = [&](const CodeRange& range) {
      return code < range.first ? range.first - code : std::max(0, code - range.last);
    };
    const CodeRange& range = *std::ranges::min_element(kRanges, {}, distance);
    const auto codes = protocol::all_error_codes();
    const auto after = std::ranges::lower_bound(codes, code, {}, &ErrorCodeInfo::code);
    std::string beside = after == codes.begin() ? "" : std::to_string((after - 1)->code);
    if (after != codes.end()) beside += (beside.empty() ? "" : " and ") + std::to_string(after->code);
    return fmt::format("{} {} to {} are {}; known beside it: {}. `ibkr errors` lists all, `ibkr errors WORD` searches",
                       distance(range) == 0 ? "Codes from" : "Nearest, codes from", range.first, range.last, range.told,
                       beside);
  }

  std::vector<AskedCodes> codes_;
  std::vector<std::string> words_;
};

ExitStatus run_errors(const ErrorsArguments& arguments) {
  if (arguments.asked.empty()) {
    for (const ErrorCodeInfo& error : protocol::all_error_codes())
      arguments.json ? print_json(error) : print_row(error);
    return ExitStatus::Ok;
  }
  Search search;
  for (const std::string& asked : arguments.asked) search.add(asked);
  const auto found = search.found();
  for (const ErrorCodeInfo* error : found) {
    if (arguments.json) {
      print_json(*error);
    } else if (search.is_wide() && found.size() > 1) {
      print_row(*error);
    } else {
      print_whole(*error);
    }
  }
  std::cout.flush();
  if (!search.report_unknown()) return ExitStatus::FoundWrong;
  if (found.empty()) {
    spdlog::error("no code's text has a word that begins with {}; `ibkr errors` lists all codes", search.words());
    return ExitStatus::FoundWrong;
  }
  return ExitStatus::Ok;
}

}  // namespace

Command add_errors(CLI::App& program) {
  CLI::App* parser =
      program.add_subcommand("errors", "Look error codes up, by number or by word: meaning, effect, what to do");
  auto arguments = std::make_shared<ErrorsArguments>();
  parser
      ->add_option("CODE", arguments->asked,
                   "Codes, ranges of codes (201-203), or words to search for; without any the whole table is printed")
      ->type_name("");
  parser->add_flag("--json", arguments->json, "One JSON object a line");
  parser->footer(
      "The effect says what becomes of the request, order or connection that the error is about: ends (refused or "
      "over),\n"
      "notice (nothing failed), warning (goes on, but not quite as asked), either (the text decides). An order's "
      "state\n"
      "comes from OrderStatus alone, whatever the code.\n\n"
      "A word finds the codes whose texts have a word that begins so; of several words, those that have all of "
      "them.\n\n"
      "  ibkr errors 201,202 10197\n"
      "  ibkr errors 2100-2110\n"
      "  ibkr errors farm");
  return {parser, [arguments] { return run_errors(*arguments); }};
}

}  // namespace ibkr::cli
