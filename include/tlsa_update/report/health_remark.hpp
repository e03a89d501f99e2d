// One thing that is not well, as those who monitor are told it: how bad, what about, and what to do.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace tlsa_update::report {

enum class Level { ok, warning, critical, unknown };  // the exit statuses of monitoring plugins
[[nodiscard]] std::string_view text(Level level);     // a fixed word for json: "critical"

enum class Matter {
  mismatch,          // a served chain matches no record that clients may be given
  no_tls,            // the service talks and offers no TLS
  unreachable,       // an address shows no chain
  no_address,        // of the host
  no_records,        // nothing is published at the name
  expiry,            // a served certificate is near its end
  bogus,             // DNSSEC validation fails, for the world or at every server
  insecure,          // no client uses the records
  not_validated,     // nobody who may be trusted judged
  server_silent,     // a name server does not answer
  server_differs,    // it has an old serial or other records
  server_signature,  // it has bad signatures, and others have good ones
  primary_silent,    // the primary does not answer, other servers do
  unpublished,       // a credential on disk has no record
  waiting,           // a wait has lasted longer than it should
  not_readable,      // a file that this user may not read, so nothing is claimed about it
  other,             // any other trouble
};
inline constexpr std::array all_matters{
    Matter::mismatch,       Matter::no_tls,        Matter::unreachable,    Matter::no_address,
    Matter::no_records,     Matter::expiry,        Matter::bogus,          Matter::insecure,
    Matter::not_validated,  Matter::server_silent, Matter::server_differs, Matter::server_signature,
    Matter::primary_silent, Matter::unpublished,   Matter::waiting,        Matter::not_readable,
    Matter::other};
[[nodiscard]] std::string_view text(Matter matter);  // a fixed word for json and metrics: "no-tls"

// What to do about it, where that is the same for all of its kind; else empty.
[[nodiscard]] std::string_view advice_on(Matter matter);

struct HealthRemark {
  Level level = Level::ok;
  Matter matter = Matter::other;
  std::string text;
  bool operator==(const HealthRemark&) const = default;
};

}  // namespace tlsa_update::report
