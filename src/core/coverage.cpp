#include "coverage.hpp"

#include <algorithm>

#include "tlsa_update/core/lint.hpp"

namespace tlsa_update {
namespace {

bool matches_key(const TlsaRecord& record, const Selected& key) {
  return record.parameters.of_end_entity() && record.parameters.selector == Selector::spki &&
         !record.data.empty() && record.data == key.data(record.parameters.matching_type);
}

}  // namespace

Served Served::of(const Credential& given) {
  if (!given.chain.empty()) return {&given.chain, nullptr, given.source, false};
  return {nullptr, &given, given.source, false};
}

bool Served::is_matched_by(const TlsaRecord& record) const {
  if (chain != nullptr) return matches(record, *chain);
  return credential != nullptr && credential->bare_key && matches_key(record, *credential->bare_key);
}

bool Served::is_matched_by_any(const TlsaRecords& records) const {
  return std::ranges::any_of(records, [&](const TlsaRecord& record) { return is_matched_by(record); });
}

bool Served::is_accepted_by(const TlsaRecord& record, Time now) const {
  if (!is_matched_by(record)) return false;
  if (record.parameters.usage == Usage::dane_ee || chain == nullptr) return true;
  const bool is_usable_here = !is_smtp || record.parameters.usage == Usage::dane_ta;
  const auto& leaf = chain->front();
  return is_usable_here && names_fit && leaf.not_before <= now && now <= leaf.not_after;
}

const Selected& key_of(const Credential& credential) {
  return credential.bare_key ? *credential.bare_key : credential.chain.front().spki;
}

bool is_usable(const TlsaRecord& record) { return record.parameters.is_assigned() && !malformed(record); }

std::vector<TlsaParameters> combinations(const TlsaRecords& records) {
  std::vector<TlsaParameters> found;
  for (const auto& record : records) {
    if (is_usable(record)) found.push_back(record.parameters);
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

bool contains(const std::vector<TlsaParameters>& sorted, TlsaParameters parameters) {
  return std::ranges::binary_search(sorted, parameters);
}

bool contains(const TlsaRecords& sorted, const TlsaRecord& record) {
  return std::ranges::binary_search(sorted, record);
}

void insert(TlsaRecords& sorted, const TlsaRecord& record) {
  const auto place = std::ranges::lower_bound(sorted, record);
  if (place == sorted.end() || *place != record) sorted.insert(place, record);
}

TlsaRecords without(const TlsaRecords& sorted, const TlsaRecords& removed) {
  TlsaRecords left;
  std::ranges::set_difference(sorted, removed, std::back_inserter(left));
  return left;
}

TlsaRecords of_combination(const TlsaRecords& records, TlsaParameters parameters) {
  TlsaRecords found;
  std::ranges::copy_if(records, std::back_inserter(found),
                       [&](const TlsaRecord& record) { return record.parameters == parameters; });
  return found;
}

std::optional<TlsaParameters> broken_by(const TlsaRecords& before, const TlsaRecords& after,
                                        const Served& served) {
  const auto had = combinations(before);
  // It matches nothing that is published: the outage is there, and is not ours to make worse or better.
  if (!had.empty() && !served.is_matched_by_any(before)) return std::nullopt;
  const auto has = combinations(after);
  for (const auto& parameters : has) {
    if (served.is_matched_by_any(of_combination(after, parameters))) continue;
    const bool was_broken =
        contains(had, parameters) && !served.is_matched_by_any(of_combination(before, parameters));
    if (!was_broken) return parameters;
  }
  // Only combinations that were broken before are left: now nothing matches at all.
  if (!has.empty() && !served.is_matched_by_any(after)) return has.front();
  return std::nullopt;
}

}  // namespace tlsa_update
