// Input of `decode` and `encode`: stdin or a file, read so that a pipe's reader sees each answer as soon as it is
// there.
#pragma once

#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "cli/command.h"
#include "protocol/schema.h"

namespace ibkr::cli {

/// What decode and encode take alike.
struct CodecOptions {
  std::string direction;
  int server_version = 0;  ///< 0: not given
  bool raw = false;
  std::string file = "-";

  protocol::Direction side() const { return direction == "in" ? protocol::Direction::In : protocol::Direction::Out; }
};
/// Adds --direction, --server-version and FILE. `raw_help` describes --raw.
void add_codec_options(CLI::App& parser, CodecOptions& options, const std::string& raw_help);

/// stdin for "-", else a file. Results are flushed to stdout whenever reading on would have to wait.
class Input {
 public:
  /// Throws std::runtime_error when the file cannot be read.
  explicit Input(const std::string& file);

  /// The next line that is neither blank nor a comment (#), without its line end. None at the end.
  std::optional<std::string> next_line();
  /// Of the line that next_line() gave, from 1 on.
  std::size_t line_number() const { return line_number_; }
  /// Some bytes, "" at the end.
  std::string next_bytes();

 private:
  void flush_before_waiting();

  std::ifstream opened_;
  std::istream* stream_ = &std::cin;
  std::size_t line_number_ = 0;
};

}  // namespace ibkr::cli
