#include "tlsa_update/core/foreign_host.hpp"

#include <algorithm>

namespace tlsa_update {
namespace {

bool stands_for(const TlsaRecord& record, const Credential& credential, TaChoice ta) {
  if (!credential.chain.empty()) return matches(record, credential.chain);
  const auto own = records_of(credential, record.parameters, ta);
  return own && std::ranges::find(*own, record) != own->end();
}

bool tells_of(const TlsaRecord& record, const Desired& desired) {
  const auto is_it = [&](const Wanted& wanted) { return wanted.record == record; };
  const auto is_given = [&](const GivenCredential& given) {
    return stands_for(record, *given.credential, desired.ta);
  };
  const auto is_installed = [&](const auto& credential) {
    return stands_for(record, *credential, desired.ta);
  };
  return std::ranges::any_of(desired.records, is_it) || std::ranges::any_of(desired.credentials, is_given) ||
         std::ranges::any_of(desired.installed, is_installed) ||
         std::ranges::find(desired.keep, record) != desired.keep.end();
}

// A primary that is configured and does not answer may well hold the zone.
bool may_be_elsewhere(const HostWitness& host) {
  if (!host.refusal) return false;
  return host.refusal->code == ErrorCode::refused ||
         (host.refusal->code == ErrorCode::no_answer && !host.has_server);
}

}  // namespace

bool tells_of(const TlsaRecords& records, const Desired& desired) {
  return std::ranges::any_of(records, [&](const TlsaRecord& record) { return tells_of(record, desired); });
}

bool is_foreign(const HostWitness& host, const std::vector<Desired>& desired) {
  if (host.is_in_domain || host.has_own_section || !may_be_elsewhere(host) || !host.resolved) return false;
  const auto& rrset = host.resolved->rrset;
  return !rrset ||
         std::ranges::none_of(desired, [&](const Desired& one) { return tells_of(rrset->records, one); });
}

}  // namespace tlsa_update
