// tlsa-update(1): from argv to an exit status.

#include <algorithm>
#include <csignal>
#include <exception>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <vector>

#include <openssl/crypto.h>

#include "commands.hpp"
#include "failure.hpp"
#include "health_report.hpp"
#include "log.hpp"
#include "options.hpp"
#include "output.hpp"

namespace tlsa_update::cli {
namespace {

int run_command(const Settings& settings) {
  switch (settings.command) {
    case Command::generate:
      return generate(settings);
    case Command::status:
      return status(settings);
    case Command::publish:
      return publish(settings);
    case Command::ready:
      return ready(settings);
    case Command::deploy:
      return deploy(settings);
    case Command::prune:
      return prune(settings);
    case Command::run:
      return run(settings);
    case Command::verify:
      return verify(settings);
    case Command::list:
      return list(settings);
    case Command::doctor:
      return doctor(settings);
  }
  return failure({ErrorCode::internal, "no such command", {}, {}});
}

// TSIG secrets are in memory: no core file, and no other process of this user may look.
void guard_secrets() {
  const rlimit none{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
  (void)::prctl(PR_SET_DUMPABLE, 0);
}

// Asked before the command line is understood, and also where it never will be.
bool is_monitoring(const std::vector<std::string_view>& words) {
  return !words.empty() && words.front() == text(Command::verify) &&
         std::ranges::find(words, "--monitor") != words.end();
}

int failed(int argc, char** argv, const Error& error) {
  return report_blindness(error, is_monitoring({argv + 1, argv + argc}));
}

int start(int argc, char** argv) {
  const auto invocation = parse_command_line(argc, argv);
  if (!invocation) return failed(argc, argv, invocation.error());
  if (invocation->print) {
    Output out;
    out << *invocation->print;
    const auto done = out.finish();
    return done ? 0 : failure(done.error());
  }
  start_log(invocation->settings.verbosity, invocation->settings.quiet);
  return run_command(invocation->settings);
}

}  // namespace
}  // namespace tlsa_update::cli

int main(int argc, char** argv) {
  using namespace tlsa_update;
  cli::claim_standard_descriptors();
  cli::guard_secrets();
  // A peer or reader that went away, and a file over its limit, are errors of a write, not the end of the
  // program.
  (void)std::signal(SIGPIPE, SIG_IGN);
  (void)std::signal(SIGXFSZ, SIG_IGN);
  // openssl.cnf is for servers and costs more start-up than hashing a certificate does.
  (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  try {
    return cli::start(argc, argv);
  } catch (const std::exception& fault) {
    return cli::failed(
        argc, argv,
        {ErrorCode::internal, fault.what(), {}, "this is a fault in tlsa-update; please report it"});
  }
}
