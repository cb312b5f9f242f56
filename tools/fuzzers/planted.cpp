// Is a fault found at all? One byte too many is read from what begins like a suite. tools/fuzz wants this one to fail.
#include <algorithm>
#include <cstddef>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2 || data[0] != '[' || data[1] != '[') return 0;
  const std::unique_ptr<unsigned char[]> copy(new unsigned char[size]);
  std::copy(data, data + size, copy.get());
  const volatile unsigned char* past = copy.get() + size;
  return *past & 0;
}
