// A record as people paste it into keep or --adopt: RDATA, or a line of a zone file, of dig or of `generate`.
// Refuses what no client could match: a digest that was cut protects nothing.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/tlsa.hpp"

namespace tlsa_update {

struct RecordAt {
  RecordAt(TlsaRecord of, std::optional<Name> at = std::nullopt)
      : record(std::move(of)), owner(std::move(at)) {}

  TlsaRecord record;
  std::optional<Name> owner;  // none: wherever the record is
  auto operator<=>(const RecordAt&) const = default;
};

// What parse_tlsa takes, and also: "[OWNER] [TTL] [IN] TLSA (or TYPE52)" in front, nsupdate's "update add"
// before that, "aa:bb:..", comments from ";" to the end of a line. Error bad_data also: a digest of the wrong
// length or of empty input, full data that does not parse, several records.
[[nodiscard]] Result<RecordAt> parse_pasted(std::string_view text);

// Were both meant to be the same? The data are of one length, and at most two octets differ; the parameters
// are as easily mistyped, and do not count.
[[nodiscard]] bool resembles(const TlsaRecord& one, const TlsaRecord& other);

}  // namespace tlsa_update
