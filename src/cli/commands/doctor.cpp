// doctor: what is right, and what to do about what is not. Changes nothing.

#include "commands.hpp"
#include "failure.hpp"
#include "terminal.hpp"
#include "tlsa_update/doctor/checkup.hpp"

namespace tlsa_update::cli {

int doctor(const Settings& settings) {
  Terminal terminal(settings.quiet);
  return finish(doctor::diagnose(settings, terminal), settings);
}

}  // namespace tlsa_update::cli
