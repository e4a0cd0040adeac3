#include "cli/lines.h"

#include "protocol/catalogue.h"

#include <cerrno>
#include <cstring>

namespace ibkr::cli {

void add_codec_options(CLI::App& parser, CodecOptions& options, const std::string& raw_help) {
  parser.add_option("--direction", options.direction, "in: sent by TWS; out: sent to TWS")
      ->required()
      ->type_name("in|out")
      ->check(CLI::IsMember({"in", "out"}).description(""));
  parser
      .add_option("--server-version", options.server_version,
                  "The version that both sides agreed on; it decides the layout")
      ->type_name("100..226")
      ->check(CLI::Range(protocol::kMinServerVersion, protocol::kMaxServerVersion).description(""));
  parser.add_flag("--raw", options.raw, raw_help);
  parser.add_option("FILE", options.file, "Input; - is stdin")->type_name("")->default_str("-");
}

Input::Input(const std::string& file) {
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  if (file == "-") return;
  opened_.open(file, std::ios::binary);
  opened_.peek();  // a folder opens, and fails to read
  if (!opened_.is_open() || opened_.bad()) {
    throw std::runtime_error("cannot read " + file + ": " + std::strerror(errno) +
                             "; name a readable file, or - for stdin");
  }
  opened_.clear();
  stream_ = &opened_;
}

std::optional<std::string> Input::next_line() {
  std::string line;
  for (;;) {
    flush_before_waiting();
    if (!std::getline(*stream_, line)) return std::nullopt;
    ++line_number_;
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos && line[first] != '#') return line;
  }
}

std::string Input::next_bytes() {
  flush_before_waiting();
  if (stream_->peek() == std::istream::traits_type::eof()) return "";
  std::string bytes(std::size_t{64} << 10, '\0');
  bytes.resize(static_cast<std::size_t>(stream_->readsome(bytes.data(), static_cast<std::streamsize>(bytes.size()))));
  return bytes;
}

void Input::flush_before_waiting() {
  if (stream_->rdbuf()->in_avail() <= 0) std::cout.flush();
}

}  // namespace ibkr::cli
