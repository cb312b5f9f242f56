#include "trap.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "memory_map.hpp"

namespace bitproof {
namespace {

void write(std::byte* p) { *const_cast<volatile std::byte*>(p) = std::byte{1}; }

TEST(Trap, TurnsAFaultIntoItsAddress) {
  const GuardedBuffer buffer(100, Fence::after);
  const Trap trap;
  const auto crash = trapped([&] { write(buffer.data() + 100); });
  ASSERT_TRUE(crash.has_value());
  EXPECT_EQ(crash->signal, SIGSEGV);
  EXPECT_EQ(crash->address, buffer.data() + 100);
  EXPECT_TRUE(buffer.fences(crash->address));
  EXPECT_FALSE(trapped([&] { write(buffer.data()); }).has_value());
}

TEST(Trap, CatchesTheOtherSignalsOfABrokenKernel) {
  const Trap trap;
  for (const int signal : {SIGILL, SIGFPE, SIGBUS}) {
    const auto crash = trapped([&] { raise(signal); });
    ASSERT_TRUE(crash.has_value());
    EXPECT_EQ(crash->signal, signal);
  }
}

TEST(Trap, WorksOnOtherThreadsAndAgainAndAgain) {
  const GuardedBuffer buffer(1, Fence::before);
  const Trap trap;
  int caught = 0;
  std::thread([&] {
    for (int i = 0; i < 3; ++i) caught += trapped([&] { write(buffer.data() - 1); }).has_value();
  }).join();
  EXPECT_EQ(caught, 3);
}

TEST(Trap, RestoresTheHandlersItFound) {
  struct sigaction before {
  }, after{};
  sigaction(SIGSEGV, nullptr, &before);
  { const Trap trap; }
  sigaction(SIGSEGV, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(TrapDeathTest, LeavesFaultsOutsideAloneToTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const GuardedBuffer buffer(1, Fence::before);
  EXPECT_DEATH(
      {
        const Trap trap;
        write(buffer.data() - 1);
      },
      "");
}

}  // namespace
}  // namespace bitproof
