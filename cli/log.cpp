#include "cli/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "protocol/unicode.h"

namespace ibkr::cli {
namespace {

/// The pattern's %*: the message, safe to show.
class SafeMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& to) override {
    const std::string text = log_text({message.payload.data(), message.payload.size()});
    to.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<SafeMessage>(); }
};

}  // namespace

void start_log(const std::string& level) {
  auto log = spdlog::stderr_color_mt("ibkr");
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<SafeMessage>('*').set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %*");
  log->set_formatter(std::move(formatter));
  log->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(log));
}

std::string log_text(std::string_view message) {
  std::string text;
  for (;;) {
    const std::string_view line = message.substr(0, message.find('\n'));
    if (!text.empty() && !line.starts_with(' ')) text += "  ";
    text += protocol::printable(line);
    if (line.size() == message.size()) return text;
    text += '\n';
    message.remove_prefix(line.size() + 1);
  }
}

}  // namespace ibkr::cli
