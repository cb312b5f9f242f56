#include "frame.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace bitproof {
namespace {

using testing::HasSubstr;

const std::vector<float> kValues = {1, 2, 3, 4, 5, 6};

std::uintptr_t address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

// A call of one input, one output of 2 x 3 and scratch.
struct Call {
  explicit Call(const std::optional<Placement>& placement = Placement{}) : frame(placement) { frame.poison(); }

  Frame frame;
  std::int64_t stride = frame.stride(3);
  Frame::Handle x = frame.input<float>("activations", kValues, 3, stride);
  Frame::Handle packed = frame.constant("packed weights", 10);
  Frame::Handle scratch = frame.scratch("scratch", 100);
  Frame::Handle y = frame.output<float>("output", {2, 3, 1, stride});
};

TEST(Frame, PutsEveryBufferWhereItIsTold) {
  for (const Fence fence : {Fence::before, Fence::after}) {
    std::set<std::uintptr_t> met;
    for (int offset = 0; offset < 64; ++offset) {
      const Call call(Placement{fence, offset, kPoison});
      met.insert(address(call.frame.at<float>(call.x)) % 64);
      EXPECT_EQ(address(call.frame.at<std::byte>(call.packed)) % 64, 0u);
      EXPECT_EQ(address(call.frame.at<std::byte>(call.scratch)) % 64, 0u);
      EXPECT_NE(address(call.frame.at<float>(call.x)) % 64, address(call.frame.at<float>(call.y)) % 64);
    }
    EXPECT_EQ(met.size(), 16u) << "every multiple of 4";
  }
  std::set<std::uintptr_t> bytes;
  for (int offset = 0; offset < 64; ++offset) {
    Frame frame(Placement{Fence::after, offset, kPoison});
    bytes.insert(address(frame.at<std::int8_t>(frame.input<std::int8_t>("x", std::vector<std::int8_t>(5, 1)))) % 64);
  }
  EXPECT_EQ(bytes.size(), 64u);
}

TEST(Frame, PoisonsWhatIsToBeWrittenAndBetweenRows) {
  for (const std::uint16_t poison : {kPoison, kOtherPoison}) {
    const Call call(Placement{Fence::after, 0, poison});
    const auto low = static_cast<std::byte>(poison & 255), high = static_cast<std::byte>(poison >> 8);
    for (const Frame::Handle h : {call.y, call.scratch, call.packed}) {
      EXPECT_EQ(call.frame.bytes(h)[0], low);
      EXPECT_EQ(call.frame.bytes(h)[9], high);
    }
    EXPECT_EQ(call.frame.at<float>(call.x)[call.stride], 4.0f);
    EXPECT_EQ(call.frame.bytes(call.x)[3 * sizeof(float)], low);
  }
  EXPECT_NE(kPoison & 255, kOtherPoison & 255);
  EXPECT_NE(kPoison >> 8, kOtherPoison >> 8);
}

TEST(Frame, PassesACallThatKeepsToItsBuffers) {
  Call call;
  for (int i : {0, 1, 2}) call.frame.at<float>(call.y)[i] = 1;
  for (std::byte& b : call.frame.bytes(call.scratch)) b = std::byte{0};
  EXPECT_TRUE(call.frame.inspect().ok());
}

template <class Fault>
Verdict after(Fault fault) {
  Call call;
  call.frame.settle(call.packed);
  fault(call);
  return call.frame.inspect();
}

TEST(Frame, FindsWhatACallMayNotDo) {
  Verdict v = after([](Call& c) { c.frame.at<float>(c.x)[1] += 1; });
  EXPECT_EQ(v.check, "inputs unchanged");
  EXPECT_EQ(v.reason, "changed its activations");
  v = after([](Call& c) { c.frame.at<float>(c.x)[3] = 0; });
  EXPECT_EQ(v.check, "inputs unchanged") << "between two rows";
  v = after([](Call& c) { c.frame.at<std::byte>(c.packed)[9] = std::byte{0}; });
  EXPECT_EQ(v.reason, "changed its packed weights");
  v = after([](Call& c) { c.frame.at<float>(c.y)[3] = 0; });
  EXPECT_EQ(v.check, "margins");
  EXPECT_EQ(v.reason, "wrote outside its output");
  v = after([](Call& c) { c.frame.at<float>(c.y)[-1] = 0; });
  EXPECT_EQ(v.check, "margins");
  v = after([](Call& c) { c.frame.at<std::byte>(c.scratch)[100] = std::byte{0}; });
  EXPECT_EQ(v.reason, "wrote outside its scratch");
}

TEST(Frame, NamesTheBufferWhoseFenceIsTouched) {
  const auto touched = [](Fence fence, std::ptrdiff_t at) {
    Call call(Placement{fence, Placement::kFlush, kPoison});
    const Trap trap;
    call.frame.run([&] { const_cast<volatile float*>(call.frame.at<float>(call.y))[at] = 0; });
    EXPECT_TRUE(call.frame.crashed());
    bool ran = false;
    call.frame.run([&] { ran = true; });
    EXPECT_FALSE(ran) << "nothing runs after a crash";
    return call.frame.inspect();
  };
  EXPECT_EQ(touched(Fence::before, -1).check, "guard pages");
  EXPECT_EQ(touched(Fence::before, -1).reason, "touched the byte 4 before its output");
  EXPECT_EQ(touched(Fence::after, 16).reason, "touched the byte 1 past the end of its output");
}

TEST(Frame, FindsAChangedFloatingPointModeAndRestoresIt) {
#if defined(__SSE__)
  const unsigned mode = floating_point_mode();
  Call call;
  const Trap trap;
  call.frame.run([] { set_floating_point_mode(floating_point_mode() | 0x8040); });  // FTZ, DAZ
  EXPECT_EQ(call.frame.inspect().check, "floating-point mode");
  EXPECT_EQ(floating_point_mode(), mode);
#else
  GTEST_SKIP() << "no MXCSR here";
#endif
}

TEST(Frame, FindsAWriteOutsideATileAndAssemblesTheTiles) {
  const auto tiles = [](bool strays) {
    Call call;
    float* y = call.frame.at<float>(call.y);
    call.frame.begin_tiles();
    for (std::int64_t row = 2; row >= 0; --row) {
      call.frame.begin_tile();
      EXPECT_TRUE(std::isnan(y[row])) << "each tile finds poison";
      for (std::int64_t b = 0; b < 2; ++b) y[b * call.stride + row] = static_cast<float>(10 * b + row);
      if (strays && row == 1) y[2] = 2;  // the right value
      call.frame.end_tile({row, row + 1, 0, 2});
    }
    call.frame.end_tiles();
    EXPECT_THAT(call.frame.values<float>(call.y), testing::ElementsAre(0, 1, 2, 10, 11, 12));
    return call.frame.inspect();
  };
  EXPECT_TRUE(tiles(false).ok());
  EXPECT_EQ(tiles(true).check, "stays in its tile");
  EXPECT_THAT(tiles(true).reason, HasSubstr("called for rows 1 .. 2 of batch 0 .. 2"));
}

TEST(Frame, OtherInputsAreTheSameBackwards) {
  Call call;
  call.frame.reverse_inputs();
  EXPECT_TRUE(call.frame.inspect().ok());
  call.frame.reverse_inputs();
  EXPECT_EQ(call.frame.at<float>(call.x)[0], 1.0f);
  EXPECT_TRUE(call.frame.inspect().ok());
}

TEST(Frame, ForTimingIsPlainMemoryWithoutGaps) {
  Call call(std::nullopt);
  EXPECT_EQ(call.stride, 3);
  EXPECT_TRUE(std::isnan(call.frame.at<float>(call.y)[0])) << "an output must be written every time";
  call.frame.at<float>(call.x)[0] = 7;
  EXPECT_EQ(call.frame.inspect().check, "inputs unchanged");
}

TEST(Frame, RestoresWhatIsChangedInPlace) {
  Frame frame(Placement{});
  const std::int64_t stride = frame.stride(3);
  const Frame::Handle h = frame.in_place<float>("residual stream", kValues, {2, 3, 1, stride});
  frame.poison();
  frame.at<float>(h)[0] = 100;
  EXPECT_THAT(frame.values<float>(h), testing::ElementsAre(100, 2, 3, 4, 5, 6));
  EXPECT_TRUE(frame.inspect().ok());
  frame.at<float>(h)[3] = 0;
  EXPECT_EQ(frame.inspect().check, "margins");
  frame.poison();
  EXPECT_THAT(frame.values<float>(h), testing::ElementsAreArray(kValues));
}

}  // namespace
}  // namespace bitproof
