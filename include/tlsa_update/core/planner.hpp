// The planner: from what is wanted, observed, remembered and proved to the steps that are safe now (DESIGN
// sections 1 and 3, RFC 7671 section 8). Total, deterministic and pure.
//
// One pass of the full rollover is, for whoever drives it:
//   read and probe; ledger = observe(ledger, ...); plan = plan_rollover(...); ledger = intend(ledger, plan,
//   now); save the ledger; apply the plan; read and observe again; save; and, where readiness allows it,
//   ledger = release(ledger, ...); save; deploy; ledger = deployed(ledger, ...); save.
// A crash between any two of these only costs time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tlsa_update/core/chain_judge.hpp"
#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/ledger.hpp"
#include "tlsa_update/core/pasted.hpp"
#include "tlsa_update/core/plan.hpp"

namespace tlsa_update {

// An issuer names trust anchors and is never served itself: its records are published ahead, as those of next
// are, but for what only issuers are given: that is what current means there.
enum class Role { current, next, issuer };

struct Wanted {
  TlsaRecord record;
  Role role = Role::current;         // current or next
  std::string credential;            // Credential::source
  std::vector<Wanter> wanters = {};  // sorted, each once
  bool operator==(const Wanted&) const = default;
};

struct GivenCredential {
  std::shared_ptr<const Credential> credential;  // one credential serves many owners
  Role role = Role::current;
  bool operator==(const GivenCredential&) const = default;
};

// What is wanted at one owner name.
struct Desired {
  Name asked;                              // as in OwnerView::asked
  std::vector<Wanted> records;             // cert and next
  TlsaRecords keep;                        // protected, never published
  std::vector<TlsaParameters> parameters;  // the combinations that are wanted
  TaChoice ta = TaChoice::issuer;
  std::vector<GivenCredential> credentials;  // what `records` were made from: says which chains they match
  // What lies where credentials are installed, and is none of them: the service reads it now.
  std::vector<std::shared_ptr<const Credential>> installed = {};
  bool is_partial = false;  // more is wanted than could be read: nothing is deleted for not being wanted
  std::optional<std::uint32_t> ttl;   // --ttl; none: Policy's
  std::uint32_t longest_ttl = 86400;  // --longest-ttl: of what may have been there before it was watched
  bool operator==(const Desired&) const = default;
};

// All records of these credentials in these combinations; of an issuer those of usages 2 and 0. Errors: those
// of records_of.
[[nodiscard]] Result<Desired> desire(Name asked, std::vector<GivenCredential> credentials,
                                     std::vector<TlsaParameters> parameters, TaChoice ta,
                                     TlsaRecords keep = {});

// Who asks: the ledger knows who else wants a record.
struct Asker {
  std::string configuration;          // its path; "" for a command line without one
  std::vector<std::string> services;  // the labels of all that it has
  std::vector<std::string> judged;    // of these, all whose wishes are known now
  std::vector<std::string> missing;   // configurations of other runs that are not there any more
};
// What a service that this run is not about wants stays wherever it is: its names may lead to any owner
// by a CNAME. If it is not known what that is, nothing is deleted.
void protect(std::vector<Desired>& desired, const Desired& other);

struct Policy {
  std::optional<std::uint32_t> ttl;  // where Desired names none
  std::uint32_t default_ttl = 3600;  // of a new RRset that nobody names a TTL for
  unsigned wait_factor = 2;
  Seconds margin{60};
  Seconds grace{3600};
  bool force = false;            // override I10 hazards and the refusals of I3
  bool assume_deployed = false;  // the operator vouches that current credentials are served
  // The operator vouches for additions: addresses that showed nothing serve what is installed, or current.
  bool assume_served = false;
  bool unpublish = false;  // remove what is owned, also the last record
  bool adopt_all = false;
  std::vector<RecordAt> adopt;
  Asker asker;
  Seconds forget_after{7 * 86400};  // how long a record stays of whose wanters none is there any more
  std::vector<std::string> forget;  // services, names and configurations that want nothing any more
  std::shared_ptr<const ChainJudge> judge = {};  // of now; none: the leaf's names and dates alone
  bool adds = true;                              // false (`prune`): what is missing is shown, not added
  bool removes = true;                           // false (`publish`): what is prunable waits
};

// `publish`: adds only (I1). Needs only the primary's view. The ledger tells ours from foreign, and what was
// seen live. The first record of a name or of a combination is added when the evidence shows that every chain
// now served survives it (I3); without evidence it is held back.
[[nodiscard]] Plan plan_publish(const std::vector<Desired>& desired, const std::vector<ZoneView>& observed,
                                const Policy& policy, const Ledger& ledger = {},
                                const std::vector<ServiceEvidence>& evidence = {});

// The whole rollover. `ledger` has been through observe() with the same observation. `evidence` may lack
// services that cannot be probed: nothing is deleted at their owners. `now`: not later than the observation.
[[nodiscard]] Plan plan_rollover(const std::vector<Desired>& desired, const std::vector<ZoneView>& observed,
                                 const Ledger& ledger, const std::vector<ServiceEvidence>& evidence,
                                 const Policy& policy, Time now);

// What was just observed, folded into what is remembered. `clock` is read after the observation, never
// before. Notices when the wall clock was set since `ledger.last_run`, or may have been, and moves every
// stamp by as much, so that what was waited was really waited. Records in policy.adopt become ours.
[[nodiscard]] Ledger observe(Ledger ledger, const std::vector<Desired>& desired,
                             const std::vector<ZoneView>& observed,
                             const std::vector<ServiceEvidence>& evidence, const Policy& policy,
                             const ClockReading& clock);

// The records that `plan` adds, as ours, and those that it deletes as deleted without an answer. To be saved
// before the plan is applied: a crash in between must not make our own record a foreign one (I4), and what
// was sent may be applied although nobody waits for its answer any more.
[[nodiscard]] Ledger intend(Ledger ledger, const Plan& plan, Time now);

// What has become of the deletions of `plan`: all have been answered but those at the owners `unanswered`.
[[nodiscard]] Ledger answered(Ledger ledger, const Plan& plan, const std::set<Name>& unanswered);

// What a server made of the TTLs that UPDATEs asked for, by owner. A granted TTL that is the asked one ends
// a limit that was known.
[[nodiscard]] Ledger granted(Ledger ledger, const std::map<Name, TtlLimit>& ttls);

// The TTLs to which UPDATEs moved RRsets that were there, by owner.
[[nodiscard]] Ledger moved_ttls(Ledger ledger, const std::map<Name, std::uint32_t>& ttls);

// Records that the current credentials of these names were released for deployment at `now`. Save the ledger
// first: from here on they may go live at any moment, so no record that matches them may be deleted until
// they were seen.
[[nodiscard]] Ledger release(Ledger ledger, const std::vector<Desired>& desired,
                             const std::vector<ZoneView>& observed, const std::vector<Name>& asked, Time now);

// Records that these credentials are installed (just now, found so, or handed over by `ready`). Once they are
// seen at every address, credentials released earlier can no longer go live.
[[nodiscard]] Ledger deployed(Ledger ledger, const std::vector<Desired>& desired,
                              const std::vector<ZoneView>& observed, const std::vector<Name>& asked,
                              Time now);

}  // namespace tlsa_update
