// A file as memory, read-only. Pages that were read can be let go, so that a model never lies in memory twice.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace bitproof::gguf {

// Move only. As with any mapping, a file that others shorten while it is read ends the process.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);  // throws BadInput: not there, not a file, empty
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }

  // The pages that hold this part of some file's bytes() are taken from this process; reading brings them back.
  static void release(std::span<const std::byte> part);

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace bitproof::gguf
