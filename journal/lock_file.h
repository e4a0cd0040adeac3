// LockFile: at most one process records into a journal. The lock is the operating system's, so a crash releases it.
#pragma once

#include <string>

#include "base/expected.h"

namespace ibkr::journal {

/// Holds "<journal>-lock" while it lives, and removes it.
class LockFile {
 public:
  /// Fails when another process (named by its id) holds it, or the file cannot be made.
  static Expected<LockFile, std::string> acquire(const std::string& journal_path);
  ~LockFile();
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&&) = delete;

 private:
  LockFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_;
};

}  // namespace ibkr::journal
