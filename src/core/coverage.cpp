#include "coverage.hpp"

#include <algorithm>

namespace tlsa_update {
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
  // Nothing that is published accepts it: the outage is there, and is not ours to make worse or better.
  if (!had.empty() && !served.is_accepted_by_any(before)) return std::nullopt;
  const auto has = combinations(after);
  for (const auto& parameters : has) {
    if (served.is_accepted_by_any(of_combination(after, parameters))) continue;
    const bool was_broken =
        contains(had, parameters) && !served.is_accepted_by_any(of_combination(before, parameters));
    if (!was_broken) return parameters;
  }
  // Only combinations that were broken before are left: now nothing accepts it at all.
  if (!has.empty() && !served.is_accepted_by_any(after)) return has.front();
  return std::nullopt;
}

}  // namespace tlsa_update
