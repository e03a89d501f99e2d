// The planner: from what is wanted, observed, remembered and proved to the steps that are safe now (DESIGN
// sections 1 and 3, RFC 7671 section 8). Total, deterministic and pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/ledger.hpp"
#include "tlsa_update/core/plan.hpp"

namespace tlsa_update {

enum class Role { current, next };

struct Wanted {
  TlsaRecord record;
  Role role = Role::current;
  std::string credential;  // Credential::source
  bool operator==(const Wanted&) const = default;
};

// What is wanted at one owner name.
struct Desired {
  Name asked;                              // as in OwnerView::asked
  std::vector<Wanted> records;             // cert and next
  TlsaRecords keep;                        // protected, never published
  std::vector<TlsaParameters> parameters;  // the combinations that are wanted
  TaChoice ta = TaChoice::issuer;
  bool operator==(const Desired&) const = default;
};

struct Policy {
  std::optional<std::uint32_t> ttl;  // --ttl; none: the RRset's own, else default_ttl
  std::uint32_t default_ttl = 3600;
  unsigned wait_factor = 2;
  Seconds margin{60};
  Seconds grace{3600};
  bool force = false;            // override I10 hazards
  bool assume_deployed = false;  // the operator's word instead of the probe
  bool unpublish = false;
  bool adopt_all = false;
  TlsaRecords adopt;
};

// `publish`: adds only (I1). Needs only the primary's view.
[[nodiscard]] Plan plan_publish(const std::vector<Desired>& desired, const std::vector<ZoneView>& observed,
                                const Policy& policy);

}  // namespace tlsa_update
