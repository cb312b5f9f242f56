#include "reports/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "error.hpp"

namespace bitproof {
namespace {

BadInput failure(const std::string& path, int error) {
  const char* advice = error == ENOSPC || error == EDQUOT ? "free space there" : "make it writable";
  return BadInput("{}: cannot be written: {}; {} or name another place", path, std::strerror(error), advice);
}

// errno of the first failing step, 0 if the whole content is on the disk.
int write_all(const std::string& path, const std::string& content) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return errno;
  int error = 0;
  for (std::size_t done = 0; done < content.size() && error == 0;) {
    const ssize_t n = write(file, content.data() + done, content.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (error == 0 && fsync(file) != 0) error = errno;
  if (close(file) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace

void write_file(const std::string& path, const std::string& content) {
  const std::string temporary = path + ".partial";
  int error = write_all(temporary, content);
  if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    unlink(temporary.c_str());
    throw failure(path, error);
  }
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  for (char block[1 << 16]; file.read(block, sizeof(block)), file.gcount() > 0;) text.append(block, file.gcount());
  if (!file.eof()) throw BadInput("{}: cannot be read", path);
  return text;
}

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw failure(path, error.value());
  const std::string probe = path + "/.writable";
  const int failed = write_all(probe, "x");
  unlink(probe.c_str());
  if (failed != 0) throw failure(path, failed);
}

}  // namespace bitproof
