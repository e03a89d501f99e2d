// TSIG keys as they are kept: a BIND key clause (alone or inside named.conf), K*.private / K*.key, keymgr -t
// YAML, and [alg:]name:secret. Opens no file, also no included one: the caller checks permissions and hands
// over the text.
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/dns/tsig.hpp"

namespace tlsa_update::dns {

struct KeyFileOptions {
  bool allow_weak = false;       // --allow-weak-tsig: hmac-md5 and hmac-sha1
  std::optional<Name> key_name;  // which key of a file with several
};

struct KeyFile {
  TsigKey key;
  std::vector<std::string> notes;  // "the secret is shorter than the hash", "no algorithm given: hmac-sha256"
};

// `text` is wiped by its owner (Secret), and so is the only copy made of the secret. `path` is for errors and
// for the key name of K*.private. Errors: bad_data (what is wrong, which line, which keys there are when
// several were found), refused (weak algorithm without its option). Never quotes the text, but for the names
// of keys and of an unknown algorithm.
[[nodiscard]] Result<KeyFile> parse_key_file(const Secret& text, const std::string& path,
                                             const KeyFileOptions& options);

}  // namespace tlsa_update::dns
