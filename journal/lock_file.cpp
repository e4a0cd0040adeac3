// The advisory lock of a journal (lock_file.h).
#include "journal/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ibkr::journal {

namespace {

std::string holder(int fd) {
  char text[32] = {};
  const ssize_t size = ::pread(fd, text, sizeof text - 1, 0);
  return size > 0 ? "process " + std::string(text, static_cast<std::size_t>(size)) : "another process";
}

// A holder removes the file when it lets go, so the file that was locked may no longer be the one at the path.
bool still_at(const std::string& path, int fd) {
  struct stat locked {
  }, named{};
  return ::fstat(fd, &locked) == 0 && ::stat(path.c_str(), &named) == 0 && locked.st_ino == named.st_ino &&
         locked.st_dev == named.st_dev;
}

}  // namespace

Expected<LockFile, std::string> LockFile::acquire(const std::string& journal_path) {
  const std::string path = journal_path + "-lock";
  for (;;) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
      return Unexpected("cannot record into " + journal_path + ": " + std::strerror(errno) +
                        "; name a file in a directory that exists and can be written");
    }
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const std::string who = holder(fd);
      ::close(fd);
      return Unexpected(journal_path + " is being recorded by " + who + "; stop it or name another file");
    }
    if (still_at(path, fd)) {
      const std::string pid = std::to_string(::getpid());
      // Only a refusal's wording depends on it: a full disk must not keep a journal from being opened.
      [[maybe_unused]] const bool named =
          ::ftruncate(fd, 0) == 0 && ::pwrite(fd, pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size());
      return LockFile(path, fd);
    }
    ::close(fd);
  }
}

LockFile::LockFile(LockFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

LockFile::~LockFile() {
  if (fd_ < 0) return;
  ::unlink(path_.c_str());
  ::close(fd_);
}

}  // namespace ibkr::journal
