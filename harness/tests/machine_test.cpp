#include "machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace bitproof {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A directory that stands for "/".
class Root : public ::testing::Test {
 protected:
  Root() : path_(fs::temp_directory_path() / ("bitproof_machine_test." + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Root() override { fs::remove_all(path_); }

  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << text;
  }
  void write_cache(int cpu, int index, const char* level, const char* type, const char* size, const char* cpus) const {
    const fs::path directory = cpu_directory(cpu) / "cache" / ("index" + std::to_string(index));
    write(directory / "level", level);
    write(directory / "type", type);
    write(directory / "size", size);
    write(directory / "shared_cpu_list", cpus);
  }
  static fs::path cpu_directory(int cpu) { return "sys/devices/system/cpu/cpu" + std::to_string(cpu); }

  fs::path path_;
};

TEST(ParseCpuList, RangesAndSingles) {
  EXPECT_THAT(parse_cpu_list("0-2,5"), ElementsAre(0, 1, 2, 5));
  EXPECT_THAT(parse_cpu_list("7\n"), ElementsAre(7));
  EXPECT_THAT(parse_cpu_list(""), IsEmpty());
}

TEST_F(Root, ReadsTheCpuAndItsHypervisorFlag) {
  write("proc/cpuinfo",
        "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC 9R14\n"
        "stepping\t: 1\nflags\t\t: fpu sse2 hypervisor avx2\n\nprocessor\t: 1\nmodel name\t: another\n");
  const Machine m = read_machine(path_);
  EXPECT_EQ(m.cpu_model.value, "AMD EPYC 9R14");
  EXPECT_EQ(m.cpu_vendor.value, "AuthenticAMD");
  EXPECT_EQ(m.family.value, 25);
  EXPECT_EQ(m.model.value, 17);
  EXPECT_EQ(m.stepping.value, 1);
  EXPECT_EQ(m.hypervisor.value, true);
}

TEST_F(Root, MissingFactsSayWhy) {
  const Machine m = read_machine(path_);
  EXPECT_FALSE(m.cpu_model.value);
  EXPECT_THAT(m.cpu_model.why, HasSubstr("/proc/cpuinfo"));
  EXPECT_FALSE(m.hypervisor.value);
  EXPECT_FALSE(m.physical_cores.value);
  EXPECT_FALSE(m.memory_bytes.value);
  EXPECT_FALSE(m.governor.value);
  EXPECT_THAT(m.governor.why, HasSubstr("scaling_governor"));
  EXPECT_FALSE(m.transparent_hugepages.value);
  EXPECT_FALSE(m.memory_limit_bytes.value);
  EXPECT_FALSE(m.memory_limit_bytes.why.empty());
}

TEST_F(Root, CountsSiblingsAsOneCore) {
  for (int cpu : {0, 1, 2, 3}) {
    write(cpu_directory(cpu) / "topology/thread_siblings_list", cpu % 2 ? "1,3\n" : "0,2\n");
  }
  EXPECT_THAT(core_cpus({0, 1, 2, 3}, path_), ElementsAre(0, 1));
  EXPECT_THAT(core_cpus({2}, path_), ElementsAre(2));
}

TEST_F(Root, ListsEachCacheOnceAndAddsUpTheLastLevel) {
  const int cpu = usable_cpus().at(0);
  const std::string self = std::to_string(cpu);
  write_cache(cpu, 0, "1", "Data", "32K", self.c_str());
  write_cache(cpu, 1, "1", "Instruction", "32K", self.c_str());
  write_cache(cpu, 2, "3", "Unified", "96M", "0-15");
  const Machine m = read_machine(path_);
  ASSERT_EQ(m.caches.size(), 3u);
  EXPECT_EQ(m.caches[0].bytes, std::size_t{32} << 10);
  EXPECT_EQ(m.caches[2].type, "Unified");
  EXPECT_EQ(m.caches[2].shared_cpus.size(), 16u);
  EXPECT_EQ(m.llc_bytes.value, std::size_t{96} << 20);
}

TEST_F(Root, TheTightestControlGroupLimitsMemory) {
  constexpr std::int64_t kMiB = 1 << 20;
  write("proc/meminfo", "MemTotal:       1048576 kB\nMemFree: 5 kB\nMemAvailable:    524288 kB\n");
  write("proc/self/cgroup", "0::/slice/job\n");
  write("sys/fs/cgroup/slice/job/memory.max", "max\n");
  EXPECT_FALSE(read_machine(path_).memory_limit_bytes.value);
  EXPECT_EQ(read_machine(path_).memory_available_bytes.value, 512 * kMiB);

  write("sys/fs/cgroup/slice/memory.max", std::to_string(100 * kMiB) + "\n");
  const Machine v2 = read_machine(path_);
  EXPECT_EQ(v2.memory_bytes.value, 1024 * kMiB);
  EXPECT_EQ(v2.memory_limit_bytes.value, 100 * kMiB);
  EXPECT_EQ(v2.memory_available_bytes.value, 100 * kMiB);

  write("proc/self/cgroup", "5:cpuset:/\n4:memory:/not/mounted/here\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(50 * kMiB) + "\n");
  EXPECT_EQ(read_machine(path_).memory_limit_bytes.value, 50 * kMiB);
}

TEST_F(Root, ReadsPolicies) {
  write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  write(cpu_directory(usable_cpus().at(0)) / "cpufreq/scaling_governor", "performance\n");
  write("proc/sys/kernel/osrelease", "6.1.0\n");
  const Machine m = read_machine(path_);
  EXPECT_EQ(m.transparent_hugepages.value, "madvise");
  EXPECT_EQ(m.governor.value, "performance");
  EXPECT_EQ(m.kernel.value, "6.1.0");
}

TEST(Machine, FingerprintSeparatesWhatMayNotBeCompared) {
  const Machine here = read_machine();
  EXPECT_EQ(here.fingerprint().size(), 16u);
  EXPECT_EQ(here.fingerprint(), read_machine().fingerprint());

  Machine other = here;
  other.compiler_flags.value = "-O0";
  EXPECT_NE(other.fingerprint(), here.fingerprint());
  other = here;
  other.features.pop_back();
  EXPECT_NE(other.fingerprint(), here.fingerprint());
  other = here;
  other.memory_available_bytes.value = 1;
  other.git_revision.value = "another";
  EXPECT_EQ(other.fingerprint(), here.fingerprint());
}

TEST(Machine, KnowsThisOne) {
  const Machine m = read_machine();
  EXPECT_FALSE(m.cpus.empty());
  EXPECT_FALSE(m.features.empty());
  EXPECT_FALSE(m.compiler.empty());
  if (m.physical_cores.value) {
    EXPECT_GE(*m.physical_cores.value, 1);
    EXPECT_LE(*m.physical_cores.value, static_cast<int>(m.cpus.size()));
  }
}

}  // namespace
}  // namespace bitproof
