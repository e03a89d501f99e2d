#include "tlsa_update/report/health_remark.hpp"

namespace tlsa_update::report {

std::string_view text(Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::warning:
      return "warning";
    case Level::critical:
      return "critical";
    case Level::unknown:
      break;
  }
  return "unknown";
}

std::string_view text(Matter matter) {
  switch (matter) {
    case Matter::mismatch:
      return "mismatch";
    case Matter::no_tls:
      return "no-tls";
    case Matter::unreachable:
      return "unreachable";
    case Matter::no_address:
      return "no-address";
    case Matter::no_records:
      return "no-records";
    case Matter::expiry:
      return "expiry";
    case Matter::bogus:
      return "bogus";
    case Matter::insecure:
      return "insecure";
    case Matter::not_validated:
      return "not-validated";
    case Matter::server_silent:
      return "server-silent";
    case Matter::server_differs:
      return "server-differs";
    case Matter::server_signature:
      return "server-signature";
    case Matter::primary_silent:
      return "primary-silent";
    case Matter::unpublished:
      return "unpublished";
    case Matter::waiting:
      return "waiting";
    case Matter::not_readable:
      return "not-readable";
    case Matter::other:
      break;
  }
  return "other";
}

std::string_view advice_on(Matter matter) {
  switch (matter) {
    case Matter::mismatch:
      return "put the old certificate back, or publish the new one's record: tlsa-rollover(7), RECOVERY";
    case Matter::no_tls:
      return "switch STARTTLS on again, or take the records away: tlsa-update prune --unpublish";
    case Matter::bogus:
      return "look at the zone's signatures (RRSIG), its DNSKEY and the DS: see tlsa-update doctor";
    case Matter::insecure:
      return "sign the zone and have its parent publish the DS: see tlsa-update doctor";
    case Matter::server_silent:
    case Matter::server_differs:
    case Matter::server_signature:
      return "see tlsa-update status; no new key is deployed until this is over";
    case Matter::primary_silent:
      return "nothing can be published until it answers";
    case Matter::unpublished:
      return "run tlsa-update publish before the service is restarted";
    case Matter::expiry:
      return "see tlsa-update status: a renewal or a deployment waits";
    case Matter::waiting:
      return "see tlsa-update status: what it waits for does not end by itself";
    case Matter::unreachable:
    case Matter::no_address:
    case Matter::no_records:
    case Matter::not_validated:
    case Matter::not_readable:
    case Matter::other:
      break;
  }
  return {};
}

}  // namespace tlsa_update::report
