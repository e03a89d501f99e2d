// list: what is to be thought of one record of a zone, as far as the primary and the ledger alone can tell.
// Judges; reads no zone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tlsa_update/core/ledger.hpp"
#include "tlsa_update/core/planner.hpp"

namespace tlsa_update {

struct Listed {
  RecordState state = RecordState::foreign;
  Reason reason = Reason::foreign;
  bool is_ours = false;         // this program has published it (invariant I4)
  std::string credential = {};  // what it matches
  std::string fault = {};       // of Reason::malformed: "31 octets for SHA2-256"
  bool operator==(const Listed&) const = default;
};

class RecordJudge {
 public:
  // `given`: the credentials of all services. `kept`: protected at every owner (--keep without a NAME).
  // Borrows `desired` and `ledger`.
  RecordJudge(const std::vector<Desired>& desired, std::vector<GivenCredential> given, TlsaRecords kept,
              const Ledger& ledger);

  // `is_occluded`: the owner is below a delegation or a DNAME.
  [[nodiscard]] Listed on(const Name& owner, const TlsaRecord& record, bool is_occluded) const;

 private:
  [[nodiscard]] Listed on_unasked(const TlsaRecord& record, const LedgerEntry* ours) const;
  [[nodiscard]] Listed on_asked(const std::vector<const Desired*>& wishes, const TlsaRecord& record,
                                bool is_ours) const;
  [[nodiscard]] const LedgerEntry* entry_of(const Name& owner, const TlsaRecord& record) const;
  [[nodiscard]] std::string matched(const TlsaRecord& record) const;

  std::map<Name, std::vector<const Desired*>> asked_;
  std::vector<GivenCredential> given_;
  TlsaRecords kept_;
  const Ledger& ledger_;
};

}  // namespace tlsa_update
