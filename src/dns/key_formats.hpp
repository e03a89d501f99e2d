// The ways TSIG keys are written down, one reader each. All hand out views of the text they were given, so
// that no second copy of a secret comes to be; none decodes or judges what it found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/core/file_fault.hpp"

namespace tlsa_update::dns {

// A key as it is written.
struct WrittenKey {
  std::size_t line = 0;        // where it begins
  std::string_view name;       // presentation form
  std::string_view algorithm;  // empty: not given
  std::string_view secret;     // base64
};

// In file order; empty when the text is not in this format. A fault tells the line and what was expected
// there, never what was found.
using WrittenKeys = Parsed<std::vector<WrittenKey>>;

// `key "NAME" { algorithm ALG; secret "BASE64"; };` anywhere in a named.conf; comments are #, // and /* */
// outside quotes.
[[nodiscard]] WrittenKeys read_bind_clauses(std::string_view text, const std::string& path);

// The `key:` section of a knot.conf; what keymgr -t prints.
[[nodiscard]] WrittenKeys read_knot_section(std::string_view text, const std::string& path);

// K*.private of dnssec-keygen; the name stands only in `path`.
[[nodiscard]] WrittenKeys read_private_file(std::string_view text, const std::string& path);

// K*.key of dnssec-keygen: KEY records (RFC 2535 section 3).
[[nodiscard]] WrittenKeys read_key_records(std::string_view text, const std::string& path);

// Lines of [ALG:]NAME:BASE64 and nothing else, or the comment `# ALG:NAME:BASE64` of keymgr -t alone.
[[nodiscard]] WrittenKeys read_colon_lines(std::string_view text, const std::string& path);

}  // namespace tlsa_update::dns
