// stopwatch FILE COMMAND [ARGUMENT]...
//
// Runs COMMAND and writes into FILE what it took, it and all that it waited for: seconds of wall clock, of
// user and of system time, and the largest resident set in KiB. Ends as COMMAND did. A program of its own and
// a small one, because Linux counts the memory of whoever forks as the child's.
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double monotonic() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

int fail(const char* what) {
  std::perror(what);
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: stopwatch FILE COMMAND [ARGUMENT]...\n", stderr);
    return EXIT_FAILURE;
  }
  const double began = monotonic();
  const pid_t child = ::vfork();
  if (child < 0) return fail("vfork");
  if (child == 0) {
    ::execvp(argv[2], argv + 2);
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child) return fail("wait4");
  const double wall = monotonic() - began;

  std::FILE* file = std::fopen(argv[1], "w");
  if (file == nullptr) return fail(argv[1]);
  std::fprintf(file, "%.6f %.6f %.6f %ld\n", wall, seconds(usage.ru_utime), seconds(usage.ru_stime),
               usage.ru_maxrss);
  if (std::fclose(file) != 0) return fail(argv[1]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
