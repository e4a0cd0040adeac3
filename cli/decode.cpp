// ibkr decode: payloads in hex, or a raw stream of frames, to one JSON object a line.
#include <spdlog/spdlog.h>

#include "cli/command.h"
#include "cli/lines.h"
#include "protocol/frame.h"
#include "view/hex.h"
#include "view/payload_json.h"

namespace ibkr::cli {
namespace {

using protocol::DecodeError;

class Decoder {
 public:
  explicit Decoder(const CodecOptions& options) : options_(options), input_(options.file) {}

  ExitStatus run() {
    options_.raw ? read_frames() : read_lines();
    std::cout.flush();
    if (bad_ == 0) return ExitStatus::Ok;
    spdlog::error("{} of {} {} could not be decoded; each has an {{\"error\":…}} line", bad_, total_,
                  options_.raw ? "frames" : "lines");
    return ExitStatus::FoundWrong;
  }

 private:
  void read_lines() {
    while (const auto line = input_.next_line()) {
      const auto payload = view::from_hex(*line);
      payload ? decode(*payload) : report(failure(payload.error()));
    }
  }

  void read_frames() {
    protocol::Framer framer;
    std::size_t taken = 0;
    for (std::string bytes = input_.next_bytes(); !bytes.empty(); bytes = input_.next_bytes()) {
      const bool good = framer.feed(bytes, [&](std::string_view payload) {
        taken += kPrefix + payload.size();
        decode(payload);
      });
      if (!good) return report(failure("byte " + std::to_string(taken) + " of the stream: " + framer.error()));
    }
    if (framer.pending() > 0) {
      report(failure("the stream ends inside a frame that begins at its byte " + std::to_string(taken) + ", after " +
                     std::to_string(framer.pending()) + " bytes of it"));
    }
  }

  void decode(std::string_view payload) {
    out_.clear();
    if (auto done = view::append_payload_json(options_.side(), options_.server_version, payload, out_); !done) {
      return report(done.error());
    }
    ++total_;
    print();
  }

  void report(const DecodeError& error) {
    ++total_;
    ++bad_;
    out_ = "{\"error\":";
    view::append_error_json(error, out_);
    if (!options_.raw) out_ += ",\"line\":" + std::to_string(input_.line_number());
    out_ += '}';
    print();
  }

  void print() {
    out_ += '\n';
    std::cout.write(out_.data(), static_cast<std::streamsize>(out_.size()));
  }

  static DecodeError failure(std::string reason) { return {"", "", -1, -1, std::move(reason)}; }

  static constexpr std::size_t kPrefix = 4;
  const CodecOptions& options_;
  Input input_;
  std::string out_;
  std::size_t total_ = 0;
  std::size_t bad_ = 0;
};

}  // namespace

Command add_decode(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("decode", "Payloads in hex to JSON");
  auto options = std::make_shared<CodecOptions>();
  add_codec_options(*parser, *options, "Read a stream of length-prefixed frames instead of hex");
  parser->footer(
      "Reads one frame's payload (no length prefix) a line, as hex; blank lines and lines that begin with # are "
      "skipped.\n"
      "Prints one object a line:\n"
      "  {\"name\":\"TickPrice\",\"id\":1,\"wire\":\"text\",\"fields\":{\"req_id\":9001,…}}\n"
      "or, where a payload cannot be read, "
      "{\"error\":{\"message\":…,\"field\":…,\"index\":…,\"byte_offset\":…,\"reason\":…}}\n"
      "and exit status 1 at the end. `ibkr encode` gives back the same bytes.\n\n"
      "  echo 390031003100 | ibkr decode --direction in --server-version 178");
  return {parser, [options] { return Decoder(*options).run(); }};
}

}  // namespace ibkr::cli
