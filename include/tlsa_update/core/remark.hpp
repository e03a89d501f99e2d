// What a person should know besides the steps of a plan, as values: outages that are there already, changes
// that our own rules refuse, and what is legal and still unwise. report.hpp owns the words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/acceptance.hpp"
#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/reason.hpp"
#include "tlsa_update/core/time.hpp"
#include "tlsa_update/core/tlsa.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update {

enum class RemarkKind {
  // Of a plan, about `owner`.
  outage,               // clients refuse the chain at `where`, by the RRset of `server`: see `acceptance`
  passed_over,          // clients would refuse the credential in `source`: see `acceptance`
  would_match_nothing,  // records of `parameters` are not added: RFC 7671 section 8
  without_tls,          // the first record is not added: `where` offers no TLS
  nothing_served,   // nothing is served at `owner`, and `count` more like it, that a first record could break
  unseen,           // nobody can probe `owner`, and `count` more like it: added without a look
  not_unpublished,  // `record` has to stay for `reason` (or `hazard`), and so do the others
  new_combination,  // nobody looked whether `record`, which nothing given matches, is of what is served
  mixed_ttls,       // RFC 2181 section 5.2
  ttl_limited,      // the server grants `seconds` and no more
  ttl_contested,    // somebody else sets `seconds` again and again
  served_expires,   // the certificate at `where` ends at `time`; `is_held_up`: its successor waits `until`
  served_expired,
  last_record,    // the last one is deleted
  unsigned_zone,  // the zone `owner` is
  no_host,        // nothing stands for the host of `owner`
  // Of the credential in `source`, whose certificate is `subject`, wanted with `parameters`.
  expired,  // at `time`
  not_yet_valid,
  other_names,             // it is for `names` and for none of `hosts`
  pkix_usage_for_smtp,     // RFC 7672 section 3.1.3
  full_data,               // RFC 7671 section 10.1.2
  changes_at_renewal,      // the record does, and that is often: `issuer`'s are, or it lives `seconds`
  anchor_by_key,           // RFC 7671 section 5.2.1
  anchor_by_certificate,   // RFC 7671 section 5.2.1
  its_own_anchor,          // self-signed
  one_of_several_issuers,  // `issuer` picks one, now `names`
  unused_issuers,          // --issuer, and no combination that needs one
  // Of the records wanted at `owner`.
  two_kinds_of_keys,  // those of `parameters`
  uneven_digests,     // those of `parameters` and `others` cover different keys: RFC 7671 section 9
  root_as_anchor,     // `subject` in `source`: RFC 7671 section 5.2.2
  many_records,       // `count`
  large_answer,       // `count` octets
  long_ttl,           // `seconds`
  short_ttl,
};

struct Remark {
  RemarkKind kind;
  Name owner = {};
  std::string where = {};  // Served::where
  Place server = {};       // empty: the primary
  Acceptance acceptance = {};
  std::string source = {};   // Credential::source
  std::string subject = {};  // as Certificate has it
  std::string issuer = {};
  std::vector<std::string> names = {};
  std::vector<Name> hosts = {};
  TlsaParameters parameters = {};
  TlsaParameters others = {};
  std::optional<TlsaRecord> record = {};
  Reason reason = Reason::wanted;
  std::optional<Hazard> hazard = {};
  std::optional<Time> time = {};
  bool is_held_up = false;
  std::optional<Time> until = {};  // unset: not known
  Seconds seconds{0};
  std::size_t count = 0;
  bool operator==(const Remark&) const = default;
};
using Remarks = std::vector<Remark>;

}  // namespace tlsa_update
