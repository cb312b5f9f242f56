// One process that samples: a `bitproof sample` at the other end of a socket, asked in words, answering in JSON lines.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
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

 private:
  [[noreturn]] void fail(const std::string& what);
  std::string last_words() const;

  std::string binary_;
  pid_t pid_ = -1;
  int socket_ = -1;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> errors_;
  std::string pending_;  // of what it wrote, after the last whole line
};

}  // namespace bitproof
