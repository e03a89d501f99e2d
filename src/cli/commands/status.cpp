// status: what is wanted, what each authoritative server has, and what the live service presents, side by
// side.

#include "commands.hpp"
#include "failure.hpp"
#include "operate.hpp"

namespace tlsa_update::cli {

int status(const Settings& settings) {
  const auto found = look(settings, rollover::status);
  return found ? finish(*found, settings) : failure(found.error());
}

}  // namespace tlsa_update::cli
