// PEM (RFC 7468, RFC 1421) out of any text: blocks are found between whatever else the file holds. Strict
// inside a block: one that is cut, badly closed or not base64 refuses the whole file, because a certificate
// that silently disappears from a file is an outage.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/core/secret.hpp"

namespace tlsa_update::x509 {

struct PemBlock {
  std::string label;    // "CERTIFICATE"
  std::size_t line;     // of its BEGIN, from 1
  std::string headers;  // RFC 1421 "Proc-Type: ..." lines, each with its line feed; mostly empty
  Secret body;          // decoded; may be a private key
};

// Does the text hold anything that looks like a boundary line? Finds it anywhere in a line.
[[nodiscard]] bool has_pem(std::string_view text);

// Is there a boundary line, or at least the beginning of a line that looks like one?
[[nodiscard]] bool has_pem_line(std::string_view text);

// The line of the first mark of PEM, from 1; has_pem(text).
[[nodiscard]] std::size_t line_of_pem(std::string_view text);

// All blocks in order. Lines end in LF, CRLF or CR, may be indented, and may be of any length. A fault names
// the block and its line.
[[nodiscard]] Parsed<std::vector<PemBlock>> pem_blocks(std::string_view text);

}  // namespace tlsa_update::x509
