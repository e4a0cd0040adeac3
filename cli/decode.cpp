// ibkr decode: payloads in hex or text, or one side of a captured connection, to one JSON object a line, or field by
// field.
#include <spdlog/spdlog.h>

#include "cli/captured_side.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "protocol/unicode.h"
#include "view/annotated.h"
#include "view/handshake.h"
#include "view/pasted.h"
#include "view/payload_json.h"
#include "view/readable_versions.h"

namespace ibkr::cli {
namespace {

using protocol::DecodeError;

/// Looking for versions at which a payload reads takes a hundred decodings, and a stream can have millions.
constexpr std::size_t kMostLookedUp = 100;

struct DecodeOptions : CodecOptions {
  bool text = false;
  bool annotate = false;
};

class Decoder : CapturedSide::Sink {
 public:
  explicit Decoder(const DecodeOptions& options)
      : options_(options), server_version_(options.server_version), input_(options.file) {}

  ExitStatus run() {
    options_.raw ? read_stream() : read_lines();
    std::cout.flush();
    if (bad_ == 0) return ExitStatus::Ok;
    spdlog::error("{} of {} {} could not be decoded{}", bad_, total_, options_.raw ? "frames" : "lines",
                  options_.annotate ? "" : "; each has an {\"error\":…} line");
    return ExitStatus::FoundWrong;
  }

 private:
  void read_lines() {
    if (server_version_ == 0) throw UsageError("--server-version is needed: it decides the layout of a payload");
    const auto as = options_.text ? view::PastedAs::Text : view::PastedAs::Guessed;
    while (const auto line = input_.next_line()) {
      const auto pasted = view::read_pasted(*line, as, options_.side(), server_version_);
      if (!pasted) {
        report(failure(pasted.error()));
        continue;
      }
      had_length_prefix_ = pasted->had_length_prefix;
      const auto answer =
          options_.side() == protocol::Direction::In ? view::hello_answer_in(pasted->payload) : std::nullopt;
      answer ? hello_answer(*answer, pasted->payload) : payload(pasted->payload);
    }
  }

  void read_stream() {
    CapturedSide side(options_.side(), options_.server_version, *this);
    for (std::string bytes = input_.next_bytes(); !bytes.empty(); bytes = input_.next_bytes()) {
      if (!side.feed(bytes)) return;
    }
    side.end();
  }

  // ---- what a captured side has, in order ----

  void hello(const protocol::Hello& hello) override {
    handshake(view::kHelloName, view::handshake_fields(hello));
    print();
  }
  void hello_answer(const protocol::HelloAnswer& answer, std::string_view payload) override {
    if (options_.annotate) {
      handshake(view::kHelloAnswerName, view::handshake_fields(answer));
    } else {
      out_.clear();
      view::append_hello_answer_json(answer, payload, out_);
      mark_length_prefix();
    }
    print();
  }
  void agreed(int server_version) override { server_version_ = server_version; }
  void fault(std::string reason) override { report(failure(std::move(reason))); }

  void payload(std::string_view payload) override {
    if (options_.annotate) return annotate(payload);
    out_.clear();
    if (auto done = view::append_payload_json(options_.side(), server_version_, payload, out_); !done) {
      return report(done.error(), payload);
    }
    if (out_.starts_with(R"({"name":"Unknown")")) append_versions(payload);
    mark_length_prefix();
    print();
  }

  void annotate(std::string_view payload) {
    out_.clear();
    if (!view::append_annotated(options_.side(), server_version_, payload, out_)) {
      ++bad_;
      const std::string versions = looks_up() ? view::readable_text(options_.side(), payload) : "";
      if (!versions.empty()) out_ += "  ! " + versions + '\n';
    }
    if (had_length_prefix_) out_ += "  the length prefix in front of it is left out\n";
    print();
  }

  void handshake(std::string_view name, const view::HandshakeFields& fields) {
    out_ = options_.annotate
               ? std::string(name) + ' ' + view::handshake_text(fields) + '\n'
               : R"({"name":")" + std::string(name) + R"(","fields":)" + view::handshake_json(fields) + '}';
  }

  // ---- lines ----

  void report(const DecodeError& error, std::string_view payload = {}) {
    ++bad_;
    if (options_.annotate) {
      out_ = "! " + protocol::printable(error.to_string()) + '\n';
      return print();
    }
    out_ = "{\"error\":";
    view::append_error_json(error, out_);
    if (!options_.raw) out_ += ",\"line\":" + std::to_string(input_.line_number());
    out_ += '}';
    if (!payload.empty()) append_versions(payload);
    print();
  }

  bool looks_up() { return looked_up_++ < kMostLookedUp; }

  /// Adds to the object the versions at which the payload reads.
  void append_versions(std::string_view payload) {
    if (!looks_up()) return;
    out_.pop_back();
    view::append_readable_json(options_.side(), payload, out_);
    out_ += '}';
  }

  void mark_length_prefix() {
    if (!had_length_prefix_) return;
    out_.pop_back();
    out_ += ",\"length_prefix\":true}";
  }

  void print() {
    ++total_;
    out_ += '\n';
    std::cout.write(out_.data(), static_cast<std::streamsize>(out_.size()));
  }

  static DecodeError failure(std::string reason) { return {"", "", -1, -1, std::move(reason)}; }

  const DecodeOptions& options_;
  int server_version_;  // 0: not known yet
  Input input_;
  std::string out_;
  bool had_length_prefix_ = false;  // the payload, where it was pasted
  std::size_t total_ = 0;
  std::size_t bad_ = 0;
  std::size_t looked_up_ = 0;
};

}  // namespace

Command add_decode(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("decode", "Payloads in hex or text to JSON, or field by field");
  auto options = std::make_shared<DecodeOptions>();
  add_codec_options(*parser, *options, "Read one side of a connection, as bytes: from its hello or any frame on");
  parser->add_flag("--text", options->text, "Lines are text, even those that could be hex; commas may stand for NUL");
  parser->add_flag("--annotate", options->annotate, "Show every field: index, byte, raw, name, value; no JSON");
  parser->footer(
      "Reads one frame's payload a line; blank lines and lines that begin with # are skipped. Hex may have 0x, \\x, "
      "blanks,\n"
      "commas or colons; a line that is no hex is text, with | or \\0 or \\x00 or ^@ for NUL. A length prefix in front "
      "is\n"
      "detected, left out, and said (\"length_prefix\":true). Prints one object a line:\n"
      "  {\"name\":\"TickPrice\",\"id\":1,\"wire\":\"text\",\"fields\":{\"req_id\":9001,…}}\n"
      "or, where a payload cannot be read, at the end with exit status 1,\n"
      "  {\"error\":{\"message\":…,\"field\":…,\"index\":…,\"byte_offset\":…,\"reason\":…},\"readable_at\":[…]}\n"
      "where readable_at has the server versions at which it could be (of the first 100 such). `ibkr encode` gives "
      "back "
      "the\n"
      "same bytes.\n\n"
      "With --raw TWS's side of a connection tells its version by the answer to the hello; the app's side does not, "
      "and "
      "needs\n"
      "--server-version.\n\n"
      "  echo 390031003100 | ibkr decode --direction in --server-version 178\n"
      "  echo '9|1|1|' | ibkr decode --direction in --server-version 178 --annotate\n"
      "  ibkr decode --direction in --raw from_tws.bin");
  return {parser, [options] { return Decoder(*options).run(); }};
}

}  // namespace ibkr::cli
