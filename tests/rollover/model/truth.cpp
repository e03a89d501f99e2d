#include "rollover/model/truth.hpp"

#include <algorithm>
#include <set>

#include "rollover/model/client.hpp"

namespace tlsa_update::model {
namespace {

bool has(const std::optional<Rrset>& rrset, const TlsaRecord& record) {
  return rrset && std::ranges::binary_search(rrset->records, record);
}

// Nothing, or the combination in which this chain finds no match.
std::optional<TlsaParameters> unmatched_combination(const Rrset& rrset, const Chain& chain) {
  std::set<TlsaParameters> present, matched;
  for (const auto& record : rrset.records) {
    if (record.data.size() < 32) continue;  // malformed: nobody uses it
    present.insert(record.parameters);
    if (is_accepted(record, chain)) matched.insert(record.parameters);
  }
  for (const auto& parameters : present) {
    if (!matched.contains(parameters)) return parameters;
  }
  return std::nullopt;
}

std::optional<std::string> refusal(const Rrset& rrset, const Chain& chain) {
  for (const auto& client : clients()) {
    if (!accepts(client, rrset, chain)) return client.name;
  }
  const auto parameters = unmatched_combination(rrset, chain);
  return parameters ? std::optional("who looks at " + parameters->text() + " only") : std::nullopt;
}

// Each pair is judged once.
const std::optional<std::string>& verdict(const Rrset& rrset, const Key& key) {
  static std::map<std::pair<TlsaRecords, Key>, std::optional<std::string>> judged;
  const auto [place, is_new] = judged.try_emplace({rrset.records, key});
  if (is_new) place->second = refusal(rrset, credential_of(key)->chain);
  return place->second;
}

}  // namespace

std::string text_of(const Keys& keys) {
  std::string text;
  for (const auto& key : keys) text += " " + key.text();
  return text;
}

std::string text_of(const std::optional<Rrset>& rrset) {
  if (!rrset) return "nothing";
  std::string text = "TTL " + std::to_string(rrset->ttl);
  for (const auto& record : rrset->records) text += "; " + describe(record);
  return text;
}

Truth::Truth(std::size_t secondaries, std::size_t addresses, std::optional<Rrset> published,
             const Keys& served, std::optional<Rrset> before, std::optional<Rrset> wildcard)
    : wildcard_(std::move(wildcard)),
      at_(secondaries + 1, 0),
      before_(secondaries + 1, 0),
      history_(secondaries + 1, {{testing::issued, 0}}),
      served_(addresses, served),
      installed_(addresses, served) {
  versions_.push_back(version_of(std::move(published)));
  versions_.back().since = testing::issued;
  if (before) versions_.push_back({std::move(before), testing::issued, now_});
}

Version Truth::version_of(std::optional<Rrset> rrset) const {
  const bool is_own = rrset.has_value();
  return {is_own ? std::move(rrset) : wildcard_, now_, std::nullopt, is_own};
}

const std::optional<Rrset>& Truth::given(std::size_t server, bool as_own) const {
  static const std::optional<Rrset> nothing;
  const auto& version = versions_[at_[server]];
  return version.is_own == as_own ? version.rrset : nothing;
}

void Truth::remove_wildcard() {
  wildcard_.reset();
  if (!at_primary()) write(std::nullopt);
}

void Truth::leave(std::size_t version) {
  if (std::ranges::find(at_, version) == at_.end()) versions_[version].last_served = now_;
}

void Truth::write(std::optional<Rrset> rrset) {
  const auto before = at_[0];
  versions_.push_back(version_of(std::move(rrset)));
  at_[0] = versions_.size() - 1;
  history_[0].emplace_back(now_, at_[0]);
  leave(before);
}

void Truth::transfer(std::size_t secondary) {
  const auto server = 1 + secondary % (at_.size() - 1);
  const auto before = at_[server];
  if (before == at_[0]) return;
  move_to(server, at_[0]);
  before_[server] = before;
}

void Truth::fall_back(std::size_t secondary) {
  const auto server = 1 + secondary % (at_.size() - 1);
  if (at_[server] != before_[server]) move_to(server, before_[server]);
}

void Truth::move_to(std::size_t server, std::size_t version) {
  const auto left = at_[server];
  at_[server] = version;
  versions_[version].last_served.reset();
  history_[server].emplace_back(now_, version);
  leave(left);
}

void Truth::take_up(std::size_t address) {
  served_[address % served_.size()] = installed_[address % served_.size()];
}

void Truth::install(const Keys& keys) { std::ranges::fill(installed_, keys); }

void Truth::install_at(std::size_t address, const Keys& keys) { installed_.at(address) = keys; }

bool Truth::apply(const RrsetPlan& change) {
  const auto& there = at_primary();
  const auto records = there ? there->records : TlsaRecords{};
  if (records != (change.observed ? change.observed->records : TlsaRecords{})) return false;
  TlsaRecords after;
  std::ranges::set_difference(records, change.removes(), std::back_inserter(after));
  const auto adds = change.adds();
  TlsaRecords all;
  std::ranges::set_union(after, adds, std::back_inserter(all));
  // Adding a record moves the whole RRset to its TTL (BIND, Knot).
  const auto ttl = adds.empty() ? there->ttl : change.ttl;
  write(all.empty() ? std::nullopt : std::optional(Rrset{ttl, all}));
  return true;
}

void Truth::retire() {
  for (const auto version : at_) versions_[version].last_served = now_;
}

std::vector<Chain> Truth::served_chains() const {
  std::set<Key> keys;
  for (const auto& address : served_) keys.insert(address.begin(), address.end());
  std::vector<Chain> chains;
  for (const auto& key : keys) chains.push_back(credential_of(key)->chain);
  return chains;
}

bool Truth::is_taken_up() const { return served_ == installed_; }

bool Truth::is_known(const Version& version) const { return !version.last_served || now_ < end_of(version); }

Time Truth::end_of(const Version& version) {
  const Seconds life{2 * std::int64_t{version.rrset ? version.rrset->ttl : negative_ttl}};
  return *version.last_served + life;
}

void Truth::forget() {
  std::vector<std::size_t> places(versions_.size());
  std::vector<Version> kept;
  for (std::size_t i = 0; i < versions_.size(); ++i) {
    const bool is_there =
        std::ranges::find(at_, i) != at_.end() || std::ranges::find(before_, i) != before_.end();
    if (!is_there && !is_known(versions_[i])) continue;
    places[i] = kept.size();
    kept.push_back(std::move(versions_[i]));
  }
  versions_ = std::move(kept);
  for (auto* places_of_servers : {&at_, &before_}) {
    for (auto& place : *places_of_servers) place = places[place];
  }
  for (std::size_t server = 0; server < at_.size(); ++server)
    history_[server] = {{testing::issued, at_[server]}};
}

std::vector<const Version*> Truth::known_to_clients() const {
  std::vector<const Version*> known;
  for (const auto& version : versions_) {
    if (is_known(version)) known.push_back(&version);
  }
  return known;
}

std::optional<Time> Truth::everywhere_since(const TlsaRecord& record) const {
  Time since = testing::issued;
  for (const auto& states : history_) {
    if (!has(versions_[states.back().second].rrset, record)) return std::nullopt;
    for (std::size_t i = states.size(); i-- > 0 && has(versions_[states[i].second].rrset, record);) {
      if (i == 0 || !has(versions_[states[i - 1].second].rrset, record))
        since = std::max(since, states[i].first);
    }
  }
  return since;
}

std::optional<Outage> Truth::outage() const {
  for (std::size_t i = 0; i < versions_.size(); ++i) {
    if (!versions_[i].rrset || !is_known(versions_[i])) continue;
    for (const auto& address : served_) {
      for (const auto& key : address) {
        const auto& why = verdict(*versions_[i].rrset, key);
        if (!why) continue;
        return Outage{"a client that " + *why + " is served " + key.text() +
                      " and knows this RRset: " + text_of(versions_[i].rrset)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace tlsa_update::model
