#include "isolate.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "interrupt.hpp"

namespace bitproof {
namespace {

using Clock = std::chrono::steady_clock;

// What goes through the pipe: a letter for how it ended, then the text. A job that says nothing has not come to its
// end.
constexpr char kSaid = 's', kThrew = 'e';

std::string outcome(const Job& job) {
  try {
    return kSaid + job();
  } catch (const std::exception& e) {
    return kThrew + std::string(e.what());
  }
}

[[noreturn]] void be_child(const Job& job, int out) {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  dup2(STDERR_FILENO, STDOUT_FILENO);  // standard output is the parent's report
  const std::string text = outcome(job);
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = write(out, text.data() + at, text.size() - at);
    if (n <= 0) break;
    at += static_cast<std::size_t>(n);
  }
  _exit(0);  // no destructors: threads that a job has left running may still use what they would destroy
}

[[noreturn]] void refuse(const char* what) {
  throw std::system_error(errno, std::generic_category(), std::string("a process of its own for a job: ") + what);
}

// One running job. Dropping it ends it.
class Child {
 public:
  Child(const Job& job, std::size_t index) : index_(index) {
    int ends[2];
    if (pipe(ends) != 0) refuse("pipe");
    std::fflush(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);  // so that nobody left to read ends it
      be_child(job, ends[1]);
    }
    close(ends[1]);
    in_ = ends[0];
    if (pid_ < 0) refuse("fork");
  }
  Child(Child&& other) noexcept
      : index_(other.index_),
        pid_(std::exchange(other.pid_, -1)),
        in_(std::exchange(other.in_, -1)),
        start_(other.start_),
        text_(std::move(other.text_)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(index_, other.index_);
    std::swap(pid_, other.pid_);
    std::swap(in_, other.in_);
    std::swap(start_, other.start_);
    std::swap(text_, other.text_);
    return *this;
  }
  ~Child() {
    if (in_ >= 0) close(in_);
    if (pid_ > 0) end(SIGKILL);
  }

  std::size_t index() const { return index_; }
  pollfd readable() const { return {in_, POLLIN, 0}; }
  bool older_than(std::chrono::milliseconds limit) const { return Clock::now() - start_ > limit; }

  // Takes what has been said; true at its end.
  bool read_some() {
    char buffer[4096];
    const ssize_t n = read(in_, buffer, sizeof buffer);
    if (n > 0) text_.append(buffer, static_cast<std::size_t>(n));
    return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
  }

  Ending result() {
    const int status = end(0);
    if (WIFSIGNALED(status)) return {Ending::How::crash, strsignal(WTERMSIG(status))};
    // A sanitizer that found something says so by its exit code, whatever the job said.
    if (const int code = WEXITSTATUS(status); code != 0 || text_.empty()) {
      return {Ending::How::crash, fmt::format("ended with exit code {}", code)};
    }
    return {text_[0] == kThrew ? Ending::How::exception : Ending::How::said, text_.substr(1)};
  }

 private:
  int end(int signal) {
    int status = 0;
    if (signal) kill(pid_, signal);
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  std::size_t index_;
  pid_t pid_ = -1;
  int in_ = -1;
  Clock::time_point start_ = Clock::now();
  std::string text_;
};

}  // namespace

void run_isolated(std::span<const Job> jobs, int width, std::chrono::milliseconds limit,
                  const std::function<void(std::size_t, const Ending&)>& ended) {
  std::vector<Child> running;
  std::size_t started = 0;
  while (started < jobs.size() || !running.empty()) {
    for (; started < jobs.size() && running.size() < static_cast<std::size_t>(width); ++started) {
      running.emplace_back(jobs[started], started);
    }
    std::vector<pollfd> ready;
    for (const Child& child : running) ready.push_back(child.readable());
    poll(ready.data(), ready.size(), 100);
    if (interrupted()) throw Interrupted();
    for (std::size_t i = running.size(); i-- > 0;) {
      const bool told = ready[i].revents != 0 && running[i].read_some();
      if (!told && !running[i].older_than(limit)) continue;
      Child child = std::move(running[i]);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      const Ending ending =
          told ? child.result() : Ending{Ending::How::hang, fmt::format("still running after {} ms", limit.count())};
      if (interrupted()) throw Interrupted();  // an interrupt from a terminal reaches the children too
      ended(child.index(), ending);
    }
  }
}

}  // namespace bitproof
