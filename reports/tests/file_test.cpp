#include "reports/file.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "harness/tests/support.hpp"

namespace bitproof {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// A folder of its own for each test, gone afterwards. Permissions prove nothing: tests may run as root.
class Files : public testing::Test {
 protected:
  Files() {
    std::string pattern = (fs::temp_directory_path() / "bitproof-files-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Files() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_)) all.push_back(entry.path().filename().string());
    std::ranges::sort(all);
    return all;
  }

  fs::path folder_;
};

TEST_F(Files, AreWrittenWholeAndReadBack) {
  const std::string content = std::string("one\0two\n", 8) + std::string(1 << 20, 'x');
  write_file(path("run.json"), content);
  EXPECT_EQ(read_file(path("run.json")), content);
  EXPECT_THAT(names(), testing::ElementsAre("run.json"));
}

TEST_F(Files, AreReplaced) {
  write_file(path("run.json"), "a longer first version");
  write_file(path("run.json"), "second");
  EXPECT_EQ(read_file(path("run.json")), "second");
  EXPECT_THAT(names(), testing::ElementsAre("run.json"));
}

// The temporary file leads to a device that is always full.
TEST_F(Files, AFullDiskKeepsTheOldFileAndLeavesNoPart) {
  write_file(path("run.json"), "old");
  fs::create_symlink("/dev/full", path("run.json.partial"));
  EXPECT_THAT(refusal([&] { write_file(path("run.json"), std::string(1 << 16, 'x')); }),
              AllOf(StartsWith(path("run.json") + ": cannot be written: No space left on device"),
                    HasSubstr("free space there")));
  EXPECT_EQ(read_file(path("run.json")), "old");
  EXPECT_THAT(names(), testing::ElementsAre("run.json"));
}

TEST_F(Files, AFailedRenameKeepsTheOldOneAndLeavesNoPart) {
  fs::create_directories(path("run.json/inside"));
  EXPECT_THAT(refusal([&] { write_file(path("run.json"), "new"); }), HasSubstr("cannot be written: Is a directory"));
  EXPECT_TRUE(fs::is_directory(path("run.json/inside")));
  EXPECT_THAT(names(), testing::ElementsAre("run.json"));
}

TEST_F(Files, APlaceThatIsNotThereIsNamed) {
  EXPECT_THAT(refusal([&] { write_file(path("no/such/run.json"), "x"); }),
              AllOf(StartsWith(path("no/such/run.json")), HasSubstr("No such file or directory"),
                    HasSubstr("name another place")));
  write_file(path("file"), "x");
  EXPECT_THAT(refusal([&] { write_file(path("file/run.json"), "x"); }), HasSubstr("Not a directory"));
  EXPECT_EQ(read_file(path("file")), "x");
}

TEST_F(Files, MayBeEmpty) {
  write_file(path("empty"), "");
  EXPECT_EQ(refusal([&] { EXPECT_EQ(read_file(path("empty")), ""); }), "");
}

TEST_F(Files, ThatCannotBeReadAreNamed) {
  EXPECT_THAT(refusal([&] { read_file(path("absent")); }), StartsWith(path("absent") + ": cannot be read"));
  EXPECT_THAT(refusal([&] { read_file(folder_.string()); }), HasSubstr("cannot be read"));
}

TEST_F(Files, FoldersAreMadeAndProvenWritable) {
  make_folder(path("a/b/c"));
  make_folder(path("a/b/c"));
  EXPECT_TRUE(fs::is_empty(path("a/b/c"))) << "the proof was left behind";
}

TEST_F(Files, AFolderThatCannotBeMadeIsNamed) {
  write_file(path("file"), "x");
  EXPECT_THAT(refusal([&] { make_folder(path("file/out")); }),
              AllOf(StartsWith(path("file/out")), HasSubstr("Not a directory")));
  EXPECT_NE(refusal([&] { make_folder(path("file")); }), "");
  EXPECT_NE(refusal([] { make_folder("/proc/bitproof"); }), "");
}

TEST_F(Files, AFolderOnAFullDiskIsRefused) {
  fs::create_symlink("/dev/full", path(".writable"));
  EXPECT_THAT(refusal([&] { make_folder(folder_.string()); }), HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace bitproof
