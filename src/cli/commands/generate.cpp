// generate: the records of certificates, keys or a live server, in the form that is wanted. Needs no DNS.

#include "commands.hpp"
#include "failure.hpp"
#include "record_printer.hpp"
#include "terminal.hpp"

namespace tlsa_update::cli {

int generate(const Settings& settings) {
  Terminal terminal(settings.quiet);
  rollover::Session session(settings, terminal);
  const auto wants = session.run(rollover::gather_wants(session));
  if (!wants) return failure(wants.error());
  if (const auto sound = rollover::check_credentials(*wants); !sound) return failure(sound.error());
  if (const auto sound = check_format(*wants, settings); !sound) return failure(sound.error());
  Output out;
  const auto printed = print_records(out, settings.format, session, *wants);
  if (!printed) return failure(printed.error());
  const auto done = out.finish();
  return done ? 0 : failure(done.error());
}

}  // namespace tlsa_update::cli
