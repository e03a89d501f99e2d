// One owner, its zone with three authoritative addresses, and its service, for tests of the planner: says in
// a line what is wanted, what stands where and what is served. Facts only; plans nothing.
#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "core/make_chain.hpp"
#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/core/report.hpp"

namespace tlsa_update {

// What a step comes to; the rest of it is said where it matters.
struct Brief {
  TlsaRecord record;
  RecordState state;
  Action action;
  Reason reason;
  bool operator==(const Brief&) const = default;
};

inline void PrintTo(const Brief& brief, std::ostream* out) {
  *out << brief.record.text().substr(0, 16) << ' ' << text(brief.state) << ' ' << text(brief.action) << ' '
       << text(brief.reason);
}

inline void PrintTo(const Blocker& blocker, std::ostream* out) {
  *out << blocker.credential << ' ' << blocker.record.text().substr(0, 16) << ' ' << text(blocker.reason)
       << " until " << (blocker.ready_at ? rfc3339(*blocker.ready_at) : "?");
}

namespace testing {

inline Name name(std::string_view text) { return Name::parse(text).value(); }

// A key, its certificate and the CA certificate that signed it, all called after `letter`.
inline std::shared_ptr<const Credential> given(const std::string& letter) {
  auto made = credential({leaf(letter), ca("CA of " + letter)}, letter + ".pem");
  return std::make_shared<const Credential>(std::move(made));
}

inline TlsaRecord record(const char* combination, const std::string& letter) {
  return records_of(*given(letter), parameters(combination), TaChoice::issuer).value().front();
}

inline std::vector<RemarkKind> kinds(const Remarks& remarks) {
  std::vector<RemarkKind> list;
  for (const auto& remark : remarks) list.push_back(remark.kind);
  return list;
}

inline TlsaRecords records(TlsaRecords list) {
  std::ranges::sort(list);
  return list;
}

inline std::vector<Brief> briefs(std::vector<Brief> list) {
  std::ranges::sort(list, {}, &Brief::record);
  return list;
}

inline Brief missing(const TlsaRecord& record, Action action = Action::add, Reason reason = Reason::missing) {
  return {record, RecordState::missing, action, reason};
}
inline Brief published(const TlsaRecord& record, Action action = Action::none,
                       Reason reason = Reason::wanted) {
  return {record, RecordState::published, action, reason};
}
inline Brief stale(const TlsaRecord& record, Action action, Reason reason) {
  return {record, RecordState::stale, action, reason};
}
inline Brief foreign(const TlsaRecord& record) {
  return {record, RecordState::foreign, Action::none, Reason::foreign};
}

// The letters of what is wanted: `current` and `next` credentials in some combinations.
struct Wishes {
  std::vector<std::string> current;
  std::vector<std::string> next = {};
  std::vector<const char*> combinations = {"3 1 1"};
  TlsaRecords keep = {};
};

inline Desired desired(std::string_view asked, const Wishes& wishes) {
  std::vector<GivenCredential> credentials;
  for (const auto& letter : wishes.current) credentials.push_back({given(letter), Role::current});
  for (const auto& letter : wishes.next) credentials.push_back({given(letter), Role::next});
  std::vector<TlsaParameters> combinations;
  for (const char* text : wishes.combinations) combinations.push_back(parameters(text));
  auto all = desire(name(asked), std::move(credentials), std::move(combinations), TaChoice::issuer,
                    records(wishes.keep))
                 .value();
  all.longest_ttl = 60;  // shorter than all that is published in a scene: history_test is about longer ones
  return all;
}

inline Presented handshake(std::string address, KeyType key_type, ProbeOutcome outcome) {
  Presented made;
  made.address = std::move(address);
  made.key_type = key_type;
  made.outcome = outcome;
  return made;
}

class Scene {
 public:
  static constexpr const char* owner_text = "_25._tcp.mail.example.com";

  Scene() {
    zone_.apex = name("example.com");
    zone_.server = "192.0.2.53@53";
    zone_.negative_ttl = 900;
    zone_.is_signed = true;
    OwnerView view;
    view.asked = view.owner = name(owner_text);
    zone_.owners.push_back(view);
    for (const char* address : {"192.0.2.53@53", "192.0.2.54@53", "2001:db8::54@53"}) {
      ServerView server;
      server.name = "ns.example.com.";
      server.address = address;
      server.reachable = true;
      server.rrsets.push_back({name(owner_text), std::nullopt, true, std::nullopt});
      zone_.servers.push_back(server);
    }
    serve_nothing();
  }

  Scene& want(const Wishes& wishes) {
    desired_ = {desired(owner_text, wishes)};
    return *this;
  }

  // At the primary and at every authoritative address.
  Scene& publish(const TlsaRecords& set, std::uint32_t ttl = 3600) {
    primary(set, ttl);
    for (auto& server : zone_.servers) server.rrsets.front().rrset = view().rrset;
    return *this;
  }

  Scene& primary(const TlsaRecords& set, std::uint32_t ttl = 3600) {
    view().rrset = set.empty() ? std::nullopt : std::optional(Rrset{ttl, records(set)});
    return *this;
  }

  // The host has no address, and it is known that it has none.
  Scene& serve_nothing() {
    evidence_ = {{{name("mail.example.com"), 25, Protocol::tcp}, {}, true}};
    return *this;
  }

  // What each of the two addresses of the service presents, by letter; "" for one that does not answer.
  Scene& serve(const std::vector<std::string>& letters) {
    ServiceEvidence proof;
    proof.service = {name("mail.example.com"), 25, Protocol::tcp};
    proof.addresses_known = true;
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const std::string address = "192.0.2." + std::to_string(i + 1);
      if (letters[i].empty()) {
        proof.presented.push_back(handshake(address, KeyType::rsa, ProbeOutcome::unreachable));
        continue;
      }
      proof.presented.push_back(handshake(address, KeyType::rsa, ProbeOutcome::served));
      proof.presented.back().chain = given(letters[i])->chain;
      proof.presented.push_back(handshake(address, KeyType::ecdsa, ProbeOutcome::not_offered));
    }
    evidence_ = {proof};
    return *this;
  }

  OwnerView& view() { return zone_.owners.front(); }
  ZoneView& zone() { return zone_; }
  ServerView& server(std::size_t i) { return zone_.servers.at(i); }
  Policy& policy() { return policy_; }
  Ledger& ledger() { return ledger_; }
  std::vector<ServiceEvidence>& evidence() { return evidence_; }
  std::vector<Desired>& wishes() { return desired_; }
  LedgerEntry& remembered(const TlsaRecord& record) { return ledger_.owners[view().owner].at(record); }

  Scene& pass(Seconds time) {
    now_ += time;
    return *this;
  }
  [[nodiscard]] Time now() const { return now_; }

  // One look at the world, as a run takes it.
  Scene& look() {
    const auto uptime = now_ - issued;
    ledger_ = observe(ledger_, desired_, {zone_}, evidence_, policy_, ClockReading{now_, "boot", uptime});
    return *this;
  }

  [[nodiscard]] Plan publish_plan() const {
    return plan_publish(desired_, {zone_}, policy_, ledger_, evidence_);
  }
  [[nodiscard]] Plan plan() const {
    return plan_rollover(desired_, {zone_}, ledger_, evidence_, policy_, now_);
  }

  // What a server makes of the plan; every address follows at once.
  Scene& apply(const Plan& plan) {
    ledger_ = intend(ledger_, plan, now_);
    ledger_ = answered(ledger_, plan, {});
    for (const auto& part : plan.zones) {
      for (const auto& rrset : part.rrsets) apply(rrset);
    }
    return *this;
  }

  // A pass of `run`: look, plan, apply, look again.
  Plan run() {
    const Plan made = look().plan();
    apply(made);
    look();
    return made;
  }

  [[nodiscard]] TlsaRecords there() const {
    const auto& rrset = zone_.owners.front().rrset;
    return rrset ? rrset->records : TlsaRecords{};
  }

 private:
  void apply(const RrsetPlan& rrset) {
    TlsaRecords set;
    const auto removes = rrset.removes();
    for (const auto& record : there()) {
      if (!std::ranges::binary_search(removes, record)) set.push_back(record);
    }
    for (const auto& record : rrset.adds()) {
      if (std::ranges::find(set, record) == set.end()) set.push_back(record);
    }
    publish(set, rrset.ttl);
  }

  std::vector<Desired> desired_;
  ZoneView zone_;
  std::vector<ServiceEvidence> evidence_;
  Ledger ledger_;
  Policy policy_;
  Time now_ = noon;
};

inline const RrsetPlan& rrset_of(const Plan& plan) { return plan.zones.at(0).rrsets.at(0); }

inline std::vector<Brief> steps(const Plan& plan) {
  std::vector<Brief> list;
  for (const auto& step : rrset_of(plan).steps)
    list.push_back({step.record, step.state, step.action, step.reason});
  return list;
}

}  // namespace testing
}  // namespace tlsa_update
