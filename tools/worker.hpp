// One process that samples: a `bitproof sample` at the other end of a socket, asked in words, answering in JSON lines.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "comparison_run.hpp"
#include "reports/json.hpp"

namespace bitproof {

// The process ended with the exit code of bad input before it could be asked anything: it is the user's to mend.
class WorkerRefused : public CrewFailed {
 public:
  using CrewFailed::CrewFailed;
};

std::string this_binary();  // the path of the bitproof that runs

class Worker {
 public:
  // Starts it. What it writes to standard error is kept for the message of its failure.
  Worker(std::string binary, const std::vector<std::string>& arguments);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();  // the end of its input ends it; what does not end is killed

  void tell(const std::string& word);
  // Its next line. Throws CrewFailed when it ends, says nothing for long or no JSON; Interrupted when we are.
  Json answer();

  // All that it writes until it ends by itself with exit code 0 or 1: one JSON object. Throws as answer() does, for any
  // other end too; waits for as long as it takes.
  struct Ending {
    Json printed;
    int exit_code;
    std::string last_words;  // the last line of its standard error
  };
  Ending end();

 private:
  [[noreturn]] void fail(const std::string& what);
  bool read_more();           // false at its end
  std::optional<int> reap();  // its wait status, after a moment; what does not end is killed, and has none
  std::string last_words() const;

  std::string binary_;
  pid_t pid_ = -1;  // -1: reaped
  std::optional<int> status_;
  int socket_ = -1;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> errors_;
  std::string pending_;  // of what it wrote, after the last whole line
};

}  // namespace bitproof
