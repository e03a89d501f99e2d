// All that is wanted, observed and proved of one TLSA owner, joined once so that the planner never searches.
// Borrows from its sources and decides nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coverage.hpp"
#include "tlsa_update/core/planner.hpp"

namespace tlsa_update {

// How much of the live service the probes saw.
enum class Sight {
  none,             // nobody probed
  nothing_reached,  // no address answered with a chain
  partial,          // some did
  complete,         // every address of every name, in every handshake
};

struct LiveView {
  Sight sight = Sight::none;
  std::vector<Served> chains;  // each once
  Places gaps;                 // addresses that did not show what they serve
  Places without_tls;          // of these, those that talk and offer no TLS
  bool is_witnessed = false;   // of every address of every name: ServiceEvidence::is_witnessed
  bool is_of_nothing = false;  // likewise
  bool can_be_probed = true;   // false: none of the names stands for a TCP service
};

// Why a record is not everywhere yet, and which servers are in the way.
struct Lag {
  Reason reason = Reason::propagating;
  Places places;
};

struct AtServer {
  const ServerView* server = nullptr;
  const ServedRrset* served = nullptr;  // nullptr: this owner was not answered
};

struct OwnerFacts {
  const ZoneView* zone = nullptr;
  const OwnerView* view = nullptr;
  std::vector<const Desired*> desired;  // sorted by the name asked; several when CNAMEs lead here
  std::vector<Wanted> wanted;           // sorted by record, each once; current wins over next
  TlsaRecords keep;
  std::vector<TlsaParameters> parameters;  // sorted: the combinations that are wanted
  bool is_partial = false;                 // somebody wants more than is known
  std::uint32_t longest_ttl = 0;           // the longest that somebody names for what was there before
  std::vector<Hazard> hazards;             // those that apply to what stands there now
  std::vector<AtServer> servers;
  std::vector<const ResolvedRrset*> resolved;  // of each name that leads here and that a resolver answered
  LiveView live;
  const ChainJudge* judge = nullptr;
  std::map<Name, std::vector<Name>> reference_names;  // of each name asked: by which its clients come

  [[nodiscard]] const Name& owner() const { return view->owner; }
  [[nodiscard]] const TlsaRecords& published() const;  // at the primary; empty when there is no RRset
  [[nodiscard]] const Wanted* find_wanted(const TlsaRecord& record) const;
  // Under keep, or so like one that is, and is not there, that it may be the one that was meant.
  [[nodiscard]] bool is_kept(const TlsaRecord& record) const;
  [[nodiscard]] bool is_called(const Name& name) const;  // the owner, or a name that leads to it
  [[nodiscard]] std::vector<const Credential*> current_credentials() const;
  // As clients of each name will be served them.
  [[nodiscard]] std::vector<Served> current_chains() const;
  [[nodiscard]] Served as_served(const Desired& wish, const Credential& credential) const;

  // Invariant I8: does every address of every authoritative server serve it, signed where the zone is?
  // Nothing when they do, else why not: unread, propagating or not_signed.
  [[nodiscard]] std::optional<Lag> not_everywhere(const TlsaRecord& record) const;
};

// One for every observed owner that something is wanted at, in the order of zones and then of owners. With
// policy.assume_deployed the operator vouches for what no probe met. n log n in the number of names.
[[nodiscard]] std::vector<OwnerFacts> join(const std::vector<Desired>& desired,
                                           const std::vector<ZoneView>& observed,
                                           const std::vector<ServiceEvidence>& evidence,
                                           const Policy& policy);

}  // namespace tlsa_update
