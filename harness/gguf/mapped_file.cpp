#include "gguf/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "error.hpp"
#include "round_up.hpp"

namespace bitproof::gguf {
namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) throw BadInput("{}: {}", path, std::strerror(errno));
  struct stat about {};
  if (fstat(file.fd, &about) != 0) throw BadInput("{}: {}", path, std::strerror(errno));
  if (!S_ISREG(about.st_mode)) throw BadInput("{}: not a regular file", path);
  if (about.st_size == 0) throw BadInput("{}: byte 0: the file is empty", path);
  const auto size = static_cast<std::size_t>(about.st_size);
  void* const data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (data == MAP_FAILED) throw BadInput("{}: {} bytes cannot be mapped: {}", path, size, std::strerror(errno));
  data_ = static_cast<const std::byte*>(data);
  size_ = size;
}

MappedFile::MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_) munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::release(std::span<const std::byte> part) {
  static const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(part.data()) / page * page;
  const auto end = round_up(reinterpret_cast<std::uintptr_t>(part.data() + part.size()), page);
  // Nothing is lost: pages of a private mapping that nobody writes to are the file's.
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace bitproof::gguf
