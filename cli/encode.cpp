// ibkr encode: what `ibkr decode` printed, back to payloads in hex, or to a raw stream of frames.
#include <spdlog/spdlog.h>

#include "cli/command.h"
#include "cli/lines.h"
#include "protocol/frame.h"
#include "view/handshake.h"
#include "view/hex.h"
#include "view/payload_json.h"

namespace ibkr::cli {
namespace {

class Encoder {
 public:
  explicit Encoder(const CodecOptions& options) : options_(options), input_(options.file) {}

  ExitStatus run() {
    while (const auto line = input_.next_line()) encode(*line);
    std::cout.flush();
    if (bad_ == 0) return ExitStatus::Ok;
    spdlog::error("{} of {} lines could not be encoded", bad_, total_);
    return ExitStatus::FoundWrong;
  }

 private:
  void encode(std::string_view line) {
    ++total_;
    out_.clear();
    if (options_.raw) {
      if (const auto handshake = view::handshake_bytes(line)) {
        out_ = *handshake;
        return print();
      }
    }
    auto payload = view::payload_from_json(options_.side(), options_.server_version, line);
    if (payload && payload->size() > protocol::kMaxPayload) {
      payload = Unexpected<view::LineError>(protocol::EncodeError{"", "", "longer than a frame may be"});
    }
    if (!payload) return std::visit([this](const auto& error) { report(error); }, payload.error());
    if (options_.raw) {
      protocol::append_frame(out_, *payload);
    } else {
      view::append_hex(*payload, out_);
      out_ += '\n';
    }
    print();
  }

  template <class Error>
  void report(const Error& error) {
    ++bad_;
    if (options_.raw) return spdlog::error("line {}: {}", input_.line_number(), error.to_string());
    out_ = "{\"error\":";
    view::append_error_json(error, out_);
    out_ += ",\"line\":" + std::to_string(input_.line_number()) + "}\n";
    print();
  }

  void print() { std::cout.write(out_.data(), static_cast<std::streamsize>(out_.size())); }

  const CodecOptions& options_;
  Input input_;
  std::string out_;
  std::size_t total_ = 0;
  std::size_t bad_ = 0;
};

}  // namespace

Command add_encode(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("encode", "JSON to payloads in hex: the inverse of decode");
  auto options = std::make_shared<CodecOptions>();
  add_codec_options(*parser, *options, "Write length-prefixed frames instead of hex");
  parser->get_option("--server-version")->required();
  parser->footer(
      "Reads one object a line, as `ibkr decode` prints them, and prints one payload a line as hex. A message may go "
      "by any\n"
      "name it is known by (TickPrice, TICK_PRICE, tickPrice). Without \"wire\" it is written as the server version "
      "has it.\n"
      "A line that cannot be encoded gives {\"error\":{…}} (with --raw: a line on stderr) and exit status 1 at the "
      "end.\n\n"
      "  echo '{\"name\":\"reqCurrentTime\"}' | ibkr encode --direction out --server-version 178");
  return {parser, [options] { return Encoder(*options).run(); }};
}

}  // namespace ibkr::cli
