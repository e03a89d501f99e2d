// RFC 7671 section 8 as functions: which parameter combinations an RRset holds, and whether what is served
// finds a match in each of them. Judges RRsets and chains; knows no clock and no ownership.
#pragma once

#include <optional>
#include <vector>

#include "tlsa_update/core/acceptance.hpp"

namespace tlsa_update {

// The combinations of the usable records: sorted, each once.
[[nodiscard]] std::vector<TlsaParameters> combinations(const TlsaRecords& records);

[[nodiscard]] bool contains(const std::vector<TlsaParameters>& sorted, TlsaParameters parameters);
[[nodiscard]] bool contains(const TlsaRecords& sorted, const TlsaRecord& record);
void insert(TlsaRecords& sorted, const TlsaRecord& record);
[[nodiscard]] TlsaRecords without(const TlsaRecords& sorted, const TlsaRecords& removed);
[[nodiscard]] TlsaRecords of_combination(const TlsaRecords& records, TlsaParameters parameters);

// Does a change of the RRset leave clients of `served` no worse off, whichever combination they pick (I3)? A
// combination that accepted it in nothing before may stay as it is; a new one must accept it from the start.
// The RRset may vanish altogether: no TLSA, no DANE. Nothing when the change is harmless, else the
// combination that would break.
[[nodiscard]] std::optional<TlsaParameters> broken_by(const TlsaRecords& before, const TlsaRecords& after,
                                                      const Served& served);

}  // namespace tlsa_update
