// bitproof: is it right, how fast is it alone, did it run inside the token loop, what did it buy in tokens per second?
#include <csignal>
#include <cstdio>
#include <exception>

#include "check.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "terminal.hpp"

namespace bitproof {

int dispatch(const std::vector<std::string>& arguments) {
  CommandLine line;
  for (const auto add :
       {add_list,   add_check, add_selftest, add_bench,   add_loop,       add_attribute, add_whatif,  add_run,
        add_report, add_audit, add_history,  add_machine, add_doctor,     add_replay,    add_compare, add_baseline,
        add_export, add_eval,  add_import,   add_man,     add_completion, add_sample}) {
    add(line);
  }
  return line.parse_and_run(arguments);
}

namespace {

int guarded(const std::vector<std::string>& arguments) {
  const auto refuse = [](int code, const std::string& why) {
    note("bitproof: " + why);
    return code;
  };
  try {
    return dispatch(arguments);
  } catch (const BadInput& e) {
    return refuse(kBadInput, e.what());
  } catch (const NotCleared& e) {
    return refuse(kFailed, std::string("not cleared: ") + e.what());
  } catch (const Interrupted&) {
    return kInterrupted;
  } catch (const std::bad_alloc&) {
    return refuse(kBadInput, "out of memory: use a smaller --model, --depth or fewer recipes");
  } catch (const std::runtime_error& e) {  // the system refused memory, threads or standard output
    if (std::ferror(stdout) != 0) return kBadInput;
    return refuse(kBadInput,
                  fmt::format("{}; raise the limits of this process (ulimit -a) or use a smaller --model", e.what()));
  } catch (const std::exception& e) {
    return refuse(kFailed, fmt::format("a fault of bitproof itself: {}", e.what()));
  }
}

}  // namespace
}  // namespace bitproof

int main(int argc, char** argv) {
  bitproof::catch_interrupts();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write, like a full disk
  const int code = bitproof::guarded({argv + 1, argv + argc});
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    bitproof::note("bitproof: standard output cannot be written: free space there, or write somewhere else");
    return bitproof::kBadInput;
  }
  return bitproof::interrupted() ? bitproof::kInterrupted : code;
}
