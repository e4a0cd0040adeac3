#include "cli/program.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string_view>
#include <vector>

#include "view/suggest.h"

namespace ibkr::cli {
namespace {

std::string from_environment(const std::string& name) {
  const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

/// "--queue-limit" is IBKR_QUEUE_LIMIT.
std::string environment_name(const std::string& option) {
  std::string name = "IBKR_";
  for (const char c : option) name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

/// CLI11 looks at the environment only where the file says nothing. The environment comes first here, so what it sets
/// is left out of the file.
class FileAfterEnvironment : public CLI::ConfigTOML {
 public:
  explicit FileAfterEnvironment(const CLI::App& program) : program_(&program) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    auto read = CLI::ConfigTOML::from_config(input);
    std::erase_if(read, [this](const CLI::ConfigItem& item) { return is_in_environment(item); });
    return read;
  }

 private:
  bool is_in_environment(const CLI::ConfigItem& item) const {
    const CLI::App* parser = program_;
    for (const std::string& parent : item.parents) {
      const auto found = parser->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == parent; });
      if (found.empty()) return false;
      parser = found.front();
    }
    const CLI::Option* option = parser->get_option_no_throw("--" + item.name);
    return option != nullptr && !from_environment(option->get_envname()).empty();
  }

  const CLI::App* program_;
};

/// One option: its name and what it takes on the left; what it means, its default and its environment name on the
/// right.
class Help : public CLI::Formatter {
 public:
  Help() {
    column_width(34);
    label("SUBCOMMAND", "COMMAND");
    label("SUBCOMMANDS", "COMMAND");
    label("Positionals", "Arguments");
  }

  std::string make_subcommands(const CLI::App* program, CLI::AppFormatMode mode) const override {
    std::string text = CLI::Formatter::make_subcommands(program, mode);
    const std::string theirs = "Subcommands:";
    if (const auto at = text.find(theirs); at != std::string::npos) text.replace(at, theirs.size(), "Commands:");
    return text;
  }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    if (!is_positional) return CLI::Formatter::make_option(option, false);
    std::stringstream line;  // its name says what it is: no type beside it
    CLI::detail::format_help(line, make_option_name(option, true), make_option_desc(option), column_width_);
    return line.str();
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";
    const bool is_list = option->get_expected_max() > 1;
    return " " + option->get_type_name() + (is_list ? " ..." : "");
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    std::string notes;
    const auto note = [&](const std::string& text) { notes += (notes.empty() ? "" : "; ") + text; };
    if (option->get_required()) note("required");
    if (!option->get_default_str().empty()) note("default " + option->get_default_str());
    if (!option->get_envname().empty()) note(option->get_envname());
    return option->get_description() + (notes.empty() ? "" : "\n[" + notes + "]");
  }
};

std::vector<std::string_view> names_of_commands(const CLI::App& program) {
  std::vector<std::string_view> names;
  for (const CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> names_of_options(const CLI::App& parser) {
  std::vector<std::string> names;
  for (const CLI::Option* option : parser.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// CLI11's words name the format and not the mistake.
std::string explain_file(const CLI::ParseError& error) {
  const std::string theirs = "INI was not able to parse ";
  std::string what = error.what();
  if (what.starts_with(theirs)) what = "no command has an option " + what.substr(theirs.size());
  return "the configuration file: " + what;
}

/// What was not expected, with the nearest that is.
std::string explain_extra(const CLI::App& program, const CLI::App& parser) {
  const auto words = program.remaining(true);
  if (words.empty()) return "";
  const std::string& word = words.front();
  if (word.starts_with("--")) {
    const std::string name = word.substr(0, word.find('='));
    const auto names = names_of_options(parser);
    return "there is no option " + name +
           view::did_you_mean(name, std::vector<std::string_view>(names.begin(), names.end()));
  }
  if (&parser == &program)
    return "there is no command \"" + word + "\"" + view::did_you_mean(word, names_of_commands(program));
  return "\"" + word + "\" was not expected";
}

std::string reason(const CLI::App& program, const CLI::App& parser, const CLI::ParseError& error) {
  const std::string extra = explain_extra(program, parser);
  if (!extra.empty()) return extra;  // errors beside it follow from it
  const bool in_file = dynamic_cast<const CLI::ConfigError*>(&error) != nullptr ||
                       dynamic_cast<const CLI::FileError*>(&error) != nullptr;
  if (in_file) return explain_file(error);
  const bool no_command = &program == &parser && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  return no_command ? "which command?" : error.what();
}

}  // namespace

Program::Program()
    : parser_("Records, explains and replays what an application says to Interactive Brokers' TWS or Gateway.",
              "ibkr") {
  parser_.set_version_flag("--version", "ibkr " IBKR_VERSION, "Print the version and exit");
  parser_.set_help_flag("-h,--help", "Print this help and exit");
  parser_.formatter(std::make_shared<Help>());
  parser_.require_subcommand(1);
  parser_.fallthrough();  // --config and --log-level may also come after the command

  const std::string file = from_environment("IBKR_CONFIG");
  parser_.set_config("--config", file, "Options in TOML or INI, a [section] per command", !file.empty())
      ->type_name("FILE");
  parser_.config_formatter(std::make_shared<FileAfterEnvironment>(parser_));
  parser_.allow_config_extras(CLI::config_extras_mode::error);
  parser_.add_option("--log-level", log_level_, "What goes to stderr: error, warn, info or debug")
      ->type_name("LEVEL")
      ->default_str(log_level_)
      ->check(CLI::IsMember({"error", "warn", "info", "debug"}).description(""));
  parser_.footer(
      "Each option also has a name in the environment (in brackets) and in the configuration file. What is given\n"
      "first wins: command line, environment, file, default. `ibkr COMMAND --help` tells a command's options.\n\n"
      "Exit status: 0 all well; 1 the work was done and found something wrong; 2 wrong usage; 3 could not start.\n"
      "`ibkr replay --help` has more of them.");
}

void Program::name_environment() {
  const auto name_all = [](CLI::App& parser) {
    for (CLI::Option* option : parser.get_options()) {
      const bool is_action = option->get_name(false, true).find("--help") != std::string::npos ||
                             option->get_name(false, true).find("--version") != std::string::npos;
      if (is_action || option->get_lnames().empty() || !option->get_envname().empty()) continue;
      option->envname(environment_name(option->get_lnames().front()));
    }
  };
  name_all(parser_);
  for (CLI::App* command : parser_.get_subcommands([](CLI::App*) { return true; })) name_all(*command);
}

std::string explain(const CLI::App& program, const CLI::ParseError& error) {
  const auto chosen = program.get_subcommands();
  const CLI::App& parser = chosen.empty() ? program : *chosen.front();
  const std::string name = chosen.empty() ? "ibkr" : "ibkr " + parser.get_name();
  return name + ": " + reason(program, parser, error) + "\nSee `" + name + " --help`.\n";
}

}  // namespace ibkr::cli
