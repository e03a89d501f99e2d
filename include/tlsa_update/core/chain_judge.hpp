// The one thing about a chain that takes cryptography to tell: would a client accept it by this record alone?
// core asks; x509 has OpenSSL answer (x509/dane.hpp), and tests answer as they like.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/name.hpp"

namespace tlsa_update {

class ChainJudge {
 public:
  ChainJudge() = default;
  ChainJudge(const ChainJudge&) = delete;
  ChainJudge& operator=(const ChainJudge&) = delete;
  virtual ~ChainJudge() = default;

  // Why a client would not, for people ("certificate has expired"); nothing when it would. `record` is of
  // usage 0, 1 or 2 and matches `chain` by its data. Names, dates, purpose, constraints and the path count
  // (RFC 7671 section 5); of `names`, the reference identifiers, any will do (RFC 7672 section 3.2.2), and
  // without one no name counts. The same question has the same answer: nothing but the questions decides, and
  // the time for which the judge was made.
  [[nodiscard]] virtual std::optional<std::string> refusal(const Chain& chain, const TlsaRecord& record,
                                                           const std::vector<Name>& names) const = 0;
};

}  // namespace tlsa_update
