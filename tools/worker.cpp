#include "worker.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"

namespace bitproof {
namespace {

constexpr std::chrono::seconds kSilence{600};  // a checked, packed and calibrated model takes minutes at most
constexpr std::chrono::seconds kFarewell{2};

}  // namespace

std::string this_binary() { return std::filesystem::read_symlink("/proc/self/exe"); }

Worker::Worker(std::string binary, const std::vector<std::string>& arguments)
    : binary_(std::move(binary)), errors_(std::tmpfile(), std::fclose) {
  int ends[2];
  if (!errors_ || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw BadInput("no process for {}: {}", binary_, std::strerror(errno));
  }
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, fileno(errors_.get()), STDERR_FILENO);
  std::vector<char*> argv = {binary_.data()};
  std::vector<std::string> copies = arguments;
  for (std::string& a : copies) argv.push_back(a.data());
  argv.push_back(nullptr);
  const int error = posix_spawn(&pid_, binary_.c_str(), &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  close(ends[1]);
  socket_ = ends[0];
  if (error != 0) {
    close(socket_);
    pid_ = -1;
    throw BadInput("{}: cannot be run: {}", binary_, std::strerror(error));
  }
}

Worker::~Worker() {
  if (socket_ >= 0) close(socket_);
  reap();
}

void Worker::tell(const std::string& word) {
  const std::string line = word + "\n";
  if (send(socket_, line.data(), line.size(), MSG_NOSIGNAL) != std::ssize(line)) fail("took no orders");
}

Json Worker::answer() {
  const auto deadline = std::chrono::steady_clock::now() + kSilence;
  for (;;) {
    if (const auto end = pending_.find('\n'); end != std::string::npos) {
      const std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      const Json j = Json::parse(line, nullptr, false);
      if (j.is_discarded() || !j.is_object()) fail("wrote no JSON: " + line.substr(0, 80));
      return j;
    }
    if (interrupted()) throw Interrupted();
    if (std::chrono::steady_clock::now() > deadline) fail("said nothing for 10 minutes");
    if (!read_more()) fail("ended");
  }
}

Worker::Ending Worker::end() {
  while (read_more()) {
    if (interrupted()) throw Interrupted();
  }
  const auto status = reap();
  const bool ended = status && WIFEXITED(*status) && WEXITSTATUS(*status) <= kFailed;
  const Json printed = Json::parse(pending_, nullptr, false);
  if (!ended || !printed.is_object()) fail("wrote no JSON: " + pending_.substr(0, 80));
  return {printed, WEXITSTATUS(*status), one_line(last_words())};
}

bool Worker::read_more() {
  pollfd wait{socket_, POLLIN, 0};
  if (poll(&wait, 1, 200) <= 0) return true;
  char text[1 << 16];
  const ssize_t n = recv(socket_, text, sizeof text, 0);
  if (n > 0) pending_.append(text, static_cast<std::size_t>(n));
  return n > 0;
}

std::string Worker::last_words() const {
  std::rewind(errors_.get());
  std::string all, last;
  char text[4096];
  for (std::size_t n; (n = std::fread(text, 1, sizeof text, errors_.get())) > 0;) all.append(text, n);
  while (!all.empty() && all.back() == '\n') all.pop_back();
  last = all.substr(all.rfind('\n') + 1);
  constexpr const char* kPrefix = "bitproof: ";
  return last.starts_with(kPrefix) ? last.substr(std::strlen(kPrefix)) : last;
}

std::optional<int> Worker::reap() {
  if (pid_ < 0) return status_;
  const auto deadline = std::chrono::steady_clock::now() + kFarewell;
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(pid_, &status, WNOHANG)) == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (ended == 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &status, 0);
  } else {
    status_ = status;
  }
  pid_ = -1;
  return status_;
}

void Worker::fail(const std::string& what) {
  if (interrupted()) throw Interrupted();
  const auto status = reap();
  const std::string words = one_line(last_words());
  const std::string after = words.empty() ? "" : ": " + words;
  if (status && WIFSIGNALED(*status)) {
    throw CrewFailed(fmt::format("{} crashed: {}{}", binary_, strsignal(WTERMSIG(*status)), after));
  }
  if (status && WIFEXITED(*status) && WEXITSTATUS(*status) != 0) {
    const std::string why = fmt::format("{} ended with exit code {}{}", binary_, WEXITSTATUS(*status), after);
    if (WEXITSTATUS(*status) == kBadInput) throw WorkerRefused(why);
    throw CrewFailed(why);
  }
  throw CrewFailed(fmt::format("{} {}{}", binary_, what, after));
}

}  // namespace bitproof
