// ibkr show: the frames of a journal, one a line, also while it is being recorded.
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <thread>

#include "cli/command.h"
#include "journal/reader.h"
#include "protocol/catalogue.h"
#include "protocol/frame.h"
#include "protocol/unicode.h"
#include "view/clock_text.h"
#include "view/frame_text.h"
#include "view/suggest.h"

namespace ibkr::cli {
namespace {

using journal::SessionInfo;
using protocol::Direction;

constexpr std::chrono::milliseconds kFollowInterval{100};

struct ShowArguments {
  std::string file = "ibkr.db";
  journal::SessionId session = 0;
  bool follow = false;
  bool json = false;
  bool errors = false;
  bool ascii = false;
  std::vector<std::string> types;
  std::string direction;
  std::size_t width = 0;
};

template <class T>
T or_throw(Expected<T, std::string> outcome) {
  if (!outcome) throw std::runtime_error(outcome.error());
  return std::move(*outcome);
}

/// Which frames and events are printed.
class Filter {
 public:
  /// Throws UsageError where a name is not known.
  explicit Filter(const ShowArguments& arguments) : direction_(arguments.direction), only_errors_(arguments.errors) {
    for (const std::string& name : arguments.types) {
      const auto* in = protocol::find_message(Direction::In, name);
      const auto* out = protocol::find_message(Direction::Out, name);
      if (!in && !out) throw UsageError("--type: there is no message " + name + view::did_you_mean_message(name));
      for (const auto* type : {in, out}) {
        if (type) types_.push_back(type);
      }
    }
  }

  /// Looks at the row alone: what is left out need not be decoded.
  bool wants(const journal::Frame& frame) const {
    if (!direction_.empty() && (direction_ == "in") != (frame.direction == Direction::In)) return false;
    return types_.empty() || std::ranges::any_of(types_, [&](const protocol::MessageInfo* type) {
             return type->direction == frame.direction && type->name == frame.name;
           });
  }
  bool wants(const view::FrameContent& content) const {
    return !only_errors_ || content.error || content.frame->name == "ErrorMessage";
  }
  bool wants_events() const { return types_.empty() && direction_.empty(); }

 private:
  std::string direction_;
  bool only_errors_;
  std::vector<const protocol::MessageInfo*> types_;
};

/// Prints lines, and says which session and which day they belong to where that changes.
class Printer {
 public:
  Printer(const ShowArguments& arguments, view::LineStyle style) : json_(arguments.json), style_(style) {}

  void frame(const SessionInfo& session, const view::FrameContent& content) {
    begin(session, content.frame->at);
    std::cout << (json_ ? view::frame_json(content, session.id) : view::frame_line(content, style_)) << '\n';
  }
  void event(const SessionInfo& session, const journal::Event& event) {
    begin(session, event.at);
    std::cout << (json_ ? view::event_json(event) : view::event_line(event, style_)) << '\n';
  }

 private:
  void begin(const SessionInfo& session, const journal::Stamp& at) {
    if (json_) return;
    if (session.id != current_) {
      current_ = session.id;
      day_ = view::local_date(session.start.wall_ns);
      std::cout << fmt::format("# session {} from {}, {} to {}:{}\n", session.id,
                               view::local_time(session.start.wall_ns), protocol::printable(session.peer),
                               protocol::printable(session.host), session.port);
    }
    const std::string day = view::local_date(at.wall_ns);
    if (day != day_) std::cout << "# " << day << '\n';
    day_ = day;
  }

  bool json_;
  view::LineStyle style_;
  journal::SessionId current_ = 0;
  std::string day_;
};

/// One session's frames and events in order, as far as they are there.
class SessionWalk {
 public:
  SessionWalk(journal::Reader& reader, const SessionInfo& session)
      : reader_(reader),
        session_(session),
        server_version_(session.server_version),
        cursor_(or_throw(reader.frames(session.id))) {}

  /// Prints what has come since the last call. False where the file is damaged.
  bool print_new(const Filter& filter, Printer& printer) {
    if (filter.wants_events()) events_ = or_throw(reader_.events(session_.id));
    bool undamaged = true;
    for (;;) {
      const auto frame = cursor_.next();
      if (!frame) {
        spdlog::error("{}", frame.error());
        undamaged = false;
        if (!cursor_.skip_damage()) break;
        continue;
      }
      if (!*frame) break;
      print_events((*frame)->sequence, printer);
      print(**frame, filter, printer);
    }
    print_events(std::numeric_limits<journal::Sequence>::max(), printer);
    return undamaged;
  }

 private:
  void print(const journal::Frame& frame, const Filter& filter, Printer& printer) {
    if (frame.kind == journal::FrameKind::HelloAnswer) {
      if (const auto answer = protocol::read_hello_answer(frame.payload)) server_version_ = answer->server_version;
    }
    if (!filter.wants(frame)) return;
    const view::FrameContent content = view::read_frame(frame, server_version_);
    if (filter.wants(content)) printer.frame(session_, content);
  }

  /// Those that happened before a message.
  void print_events(journal::Sequence before, Printer& printer) {
    for (; events_printed_ < events_.size() && events_[events_printed_].after < before; ++events_printed_) {
      printer.event(session_, events_[events_printed_]);
    }
  }

  journal::Reader& reader_;
  SessionInfo session_;
  int server_version_;
  journal::FrameCursor cursor_;
  std::vector<journal::Event> events_;
  std::size_t events_printed_ = 0;
};

class Show {
 public:
  Show(const ShowArguments& arguments, view::LineStyle style)
      : arguments_(arguments),
        filter_(arguments),
        printer_(arguments, style),
        reader_(or_throw(journal::Reader::open(arguments.file))) {}

  ExitStatus run() {
    std::ios::sync_with_stdio(false);
    while (print_new() && arguments_.follow) std::this_thread::sleep_for(kFollowInterval);
    return undamaged_ ? ExitStatus::Ok : ExitStatus::FoundWrong;
  }

 private:
  /// False when nothing more can come: the one session that was asked for has ended.
  bool print_new() {
    bool more = arguments_.session == 0;
    for (const SessionInfo& session : wanted_sessions()) {
      const bool is_active = session.status == "active";
      more = more || is_active;
      print_new(session, is_active);
    }
    std::cout.flush();
    return more;
  }

  void print_new(const SessionInfo& session, bool is_active) {
    auto found = walks_.find(session.id);
    if (found == walks_.end()) {
      found = walks_.emplace(session.id, std::make_unique<SessionWalk>(*reader_, session)).first;
    }
    if (found->second == nullptr) return;  // ended and printed
    undamaged_ = found->second->print_new(filter_, printer_) && undamaged_;
    if (!is_active) found->second.reset();
  }

  std::vector<SessionInfo> wanted_sessions() {
    if (arguments_.session != 0) return {or_throw(reader_->session(arguments_.session))};
    return or_throw(reader_->sessions());
  }

  const ShowArguments& arguments_;
  Filter filter_;
  Printer printer_;
  std::unique_ptr<journal::Reader> reader_;
  std::map<journal::SessionId, std::unique_ptr<SessionWalk>> walks_;
  bool undamaged_ = true;
};

/// A terminal's width, or no limit where nobody's eyes are.
std::size_t columns_of_stdout() {
  winsize size{};
  const bool known = isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return known ? size.ws_col : 0;
}

ExitStatus run_show(const ShowArguments& arguments) {
  const view::LineStyle style{arguments.width != 0 ? arguments.width : columns_of_stdout(), arguments.ascii};
  return Show(arguments, style).run();
}

}  // namespace

Command add_show(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("show", "Print the frames of a journal, one a line");
  auto arguments = std::make_shared<ShowArguments>();
  ShowArguments& to = *arguments;
  parser->add_option("FILE,--journal", to.file, "A journal that `ibkr proxy` recorded")
      ->type_name("FILE")
      ->capture_default_str();
  parser->add_option("--session", to.session, "Only this session (see `ibkr sessions`)")
      ->type_name("N")
      ->check(CLI::Range(1, std::numeric_limits<int>::max()).description(""));
  parser->add_flag("--follow", to.follow,
                   "Keep printing while the proxy records; ends with the --session, or at Ctrl-C");
  parser->add_flag("--json", to.json, "One JSON object a line, every field");
  parser->add_option("--type", to.types, "Only these messages, by any name: TickPrice, TICK_PRICE, reqMktData")
      ->type_name("NAME")
      ->delimiter(',');
  parser->add_option("--direction", to.direction, "in: only what TWS sent; out: only what it was sent")
      ->type_name("in|out")
      ->check(CLI::IsMember({"in", "out"}).description(""));
  parser->add_flag("--errors", to.errors, "Only error messages, frames that cannot be decoded, and events");
  parser->add_flag("--ascii", to.ascii, "-> and <- for the arrows");
  parser
      ->add_option("--width", to.width, "Cut lines at so many characters (default: the terminal's width, else no cut)")
      ->type_name("N")
      ->check(CLI::Range(20, 10'000).description(""));
  parser->footer(
      "Each line: local time, direction (→ to TWS, ← from TWS), message, ids, the fields that tell most. A frame that "
      "could\n"
      "not be decoded shows why and its first bytes. Lines with ! are events: gaps, errors, notes. Lines with # tell "
      "the\n"
      "session, and the date where a new day begins.\n\n"
      "  ibkr show sessions.db --type placeOrder,orderStatus --follow");
  return {parser, [arguments] { return run_show(*arguments); }};
}

}  // namespace ibkr::cli
