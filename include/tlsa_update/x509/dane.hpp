// What clients make of a chain and TLSA records, by OpenSSL's DANE verifier (RFC 7671) and without a
// connection. Everybody who wants to know asks here: a probe of what it was shown, and the planner of what is
// to be served.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/chain_judge.hpp"
#include "tlsa_update/core/time.hpp"

namespace tlsa_update::x509 {

struct DaneVerdict {
  std::optional<TlsaRecord> matched;  // the record by which clients accept the chain
  std::string refusal;                // else why they do not, in OpenSSL's words
};

// `records`: those that clients can use; malformed ones are passed over. `names`: as in ChainJudge; dates and
// names do not count for usage 3 (RFC 7671 section 5.1). For usages 0 and 1 the system's roots are trusted.
// `now`: when certificates have to be valid; none: OpenSSL's clock.
[[nodiscard]] DaneVerdict dane_verdict(const Chain& chain, const TlsaRecords& records,
                                       const std::vector<Name>& names, std::optional<Time> now);

// Answers by dane_verdict() at `now`, each question once.
[[nodiscard]] std::shared_ptr<const ChainJudge> chain_judge(Time now);

}  // namespace tlsa_update::x509
