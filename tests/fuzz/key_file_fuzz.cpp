// The text of a key file: a key with a secret, or an error that does not quote it.
#include <cstdlib>
#include <string>

#include "tlsa_update/dns/key_file.hpp"

using namespace tlsa_update;
using namespace tlsa_update::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto* path : {"tsig.key", "Kupdate.example.+163+00042.private"}) {
    const auto file =
        parse_key_file(Secret(Bytes(data, data + size)), path, {.allow_weak = true, .key_name = {}});
    if (file && (file->key.secret.empty() || file->key.name.is_root())) std::abort();
    if (!file && file.error().code != ErrorCode::bad_data) std::abort();
  }
  return 0;
}
