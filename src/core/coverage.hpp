// RFC 7671 section 8 as functions: which parameter combinations an RRset holds, and whether what is served
// finds a match in each of them. Judges RRsets and chains; knows no clock and no ownership.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/tlsa.hpp"

namespace tlsa_update {

// Something that clients are, or may be, presented with: a chain that a probe met, or a given credential.
struct Served {
  const Chain* chain = nullptr;
  const Credential* credential = nullptr;  // instead of a chain: a bare key
  std::string where;                       // "mail.example.com at 192.0.2.9"
  bool dane_ok = false;                    // the probe verified the whole chain against published records
  bool names_fit = true;                   // the leaf is for the host, or for the domain that leads to it
  bool is_smtp = false;

  [[nodiscard]] static Served of(const Credential& given);

  [[nodiscard]] bool is_matched_by(const TlsaRecord& record) const;
  [[nodiscard]] bool is_matched_by_any(const TlsaRecords& records) const;

  // Would clients accept it by this record? Where the usage is not 3 they look at names and dates too (RFC
  // 7671 section 5), and SMTP clients take no record of usages 0 and 1 (RFC 7672 section 3.1.3).
  [[nodiscard]] bool is_accepted_by(const TlsaRecord& record, Time now) const;
};

// The public key, which tells one credential from every other.
[[nodiscard]] const Selected& key_of(const Credential& credential);

// Can a client make anything of it? Others are as good as absent (RFC 7671 section 4, RFC 6698 section 4.1).
[[nodiscard]] bool is_usable(const TlsaRecord& record);

// The combinations of the usable records: sorted, each once.
[[nodiscard]] std::vector<TlsaParameters> combinations(const TlsaRecords& records);

[[nodiscard]] bool contains(const std::vector<TlsaParameters>& sorted, TlsaParameters parameters);
[[nodiscard]] bool contains(const TlsaRecords& sorted, const TlsaRecord& record);
void insert(TlsaRecords& sorted, const TlsaRecord& record);
[[nodiscard]] TlsaRecords without(const TlsaRecords& sorted, const TlsaRecords& removed);
[[nodiscard]] TlsaRecords of_combination(const TlsaRecords& records, TlsaParameters parameters);

// Does a change of the RRset leave clients of `served` no worse off, whichever combination they pick (I3)? A
// combination that matched nothing before may stay as it is; a new one must match from the start. The RRset
// may vanish altogether: no TLSA, no DANE. Nothing when the change is harmless, else the combination that
// would break.
[[nodiscard]] std::optional<TlsaParameters> broken_by(const TlsaRecords& before, const TlsaRecords& after,
                                                      const Served& served);

}  // namespace tlsa_update
