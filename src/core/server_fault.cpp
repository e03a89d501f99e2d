#include "tlsa_update/core/server_fault.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace tlsa_update {
namespace {

using Kind = ServerFault::Kind;

bool is_of_signature(const ServerFault& fault) {
  return fault.kind == Kind::no_signature || fault.kind == Kind::bad_signature;
}

// Of the servers some tell a wildcard's answer from the owner's (by the RRSIG), others do not.
bool has_same_records(const OwnerView& primary, const ServedRrset& served) {
  const auto& expected = primary.rrset || !served.rrset ? primary.rrset : primary.wildcard_answer;
  if (!expected || !served.rrset) return expected.has_value() == served.rrset.has_value();
  return expected->records == served.rrset->records;
}

class Comparison {
 public:
  explicit Comparison(const ZoneView& zone) : zone_(zone), is_signed_(is_signed_to_clients(zone)) {
    for (const auto& view : zone.owners) views_.emplace(view.owner, &view);
  }

  [[nodiscard]] std::vector<ServerFault> faults(const ServerView& server) const {
    if (!server.reachable) return {{Kind::unreachable, zone_.apex}};
    std::vector<ServerFault> faults;
    if (server.serial && serial_less(*server.serial, zone_.serial))
      faults.push_back({Kind::older_serial, zone_.apex});
    if (is_signed_ && server.is_signed == false) faults.push_back({Kind::no_signature, zone_.apex});
    if (server.key_fault) faults.push_back({Kind::bad_signature, zone_.apex, server.key_fault});
    for (const auto& served : server.rrsets) compare(served, faults);
    const bool has_others =
        std::ranges::find(faults, Kind::other_records, &ServerFault::kind) != faults.end();
    if (is_ahead(server) && !has_others) faults.push_back({Kind::newer_serial, zone_.apex});
    std::ranges::stable_sort(faults, {}, &ServerFault::kind);
    return faults;
  }

 private:
  // A signer behind an unsigned primary counts serials of its own.
  [[nodiscard]] bool is_ahead(const ServerView& server) const {
    const bool is_renumbered = zone_.has_signer && !zone_.is_signed;
    return !is_renumbered && server.serial && serial_less(zone_.serial, *server.serial);
  }

  void compare(const ServedRrset& served, std::vector<ServerFault>& faults) const {
    const auto view = views_.find(served.owner);
    if (view != views_.end() && !has_same_records(*view->second, served))
      faults.push_back({Kind::other_records, served.owner});
    if (!is_signed_ || !served.rrset || has_good_signature(served)) return;
    if (!served.has_rrsig) return faults.push_back({Kind::no_signature, served.owner});
    faults.push_back({Kind::bad_signature, served.owner, served.rrsig_fault.value_or(SignatureFault{})});
  }

  const ZoneView& zone_;
  bool is_signed_;
  std::map<Name, const OwnerView*> views_;
};

}  // namespace

std::string_view text(ServerFault::Kind kind) {
  switch (kind) {
    case Kind::unreachable:
      return "unreachable";
    case Kind::older_serial:
      return "older-serial";
    case Kind::other_records:
      return "other-records";
    case Kind::newer_serial:
      return "newer-serial";
    case Kind::no_signature:
      return "no-signature";
    case Kind::bad_signature:
      break;
  }
  return "bad-signature";
}

std::vector<std::vector<ServerFault>> faults_of(const ZoneView& zone) {
  const Comparison comparison(zone);
  std::vector<std::vector<ServerFault>> all;
  std::map<Name, std::size_t> badly_signed;  // at how many servers
  for (const auto& server : zone.servers) {
    all.push_back(comparison.faults(server));
    std::set<Name> owners;
    for (const auto& fault : all.back())
      if (is_of_signature(fault)) owners.insert(fault.owner);
    for (const auto& owner : owners) ++badly_signed[owner];
  }
  const auto answering =
      static_cast<std::size_t>(std::ranges::count_if(zone.servers, &ServerView::reachable));
  for (auto& faults : all) {
    for (auto& fault : faults)
      fault.is_everywhere = is_of_signature(fault) && badly_signed[fault.owner] == answering;
  }
  return all;
}

bool is_complete(const ServerView& server, const ZoneView& zone, const ZonePlan& plan) {
  if (!server.reachable) return false;
  std::map<Name, const ServedRrset*> by_owner;
  for (const auto& served : server.rrsets) by_owner.emplace(served.owner, &served);
  return std::ranges::all_of(plan.rrsets, [&](const RrsetPlan& rrset) {
    const auto found = by_owner.find(rrset.owner);
    const ServedRrset* served = found == by_owner.end() ? nullptr : found->second;
    return std::ranges::all_of(rrset.steps, [&](const Step& step) {
      const bool is_wanted = !step.credential.empty();
      return !is_wanted || lack_of(step.record, zone, server, served) == Lack::nothing;
    });
  });
}

}  // namespace tlsa_update
