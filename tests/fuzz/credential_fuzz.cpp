// Whatever file is given to --cert or --next, with and without a passphrase, and the same octets as what a
// TLS peer sends. What is accepted must hold together; what is refused must say so in one line.
#include <algorithm>
#include <cstdlib>

#include "tlsa_update/x509/loader.hpp"

namespace {

using namespace tlsa_update;

void require(bool claim) {
  if (!claim) std::abort();
}

void is_one_line(const std::string& text) {
  require(!text.empty() && std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }));
}

// RFC 6698 section 2.1.2: the SPKI is a part of the certificate as it stands.
void holds_together(const Certificate& one) {
  require(!one.spki.full.empty());
  const auto& whole = one.certificate.full;
  require(std::search(whole.begin(), whole.end(), one.spki.full.begin(), one.spki.full.end()) != whole.end());
  is_one_line(one.subject + one.issuer + ".");
}

void load_from(ByteView file, const Secret* passphrase) {
  const auto loaded = x509::load(file, "fuzz", passphrase);
  if (!loaded) {
    require(loaded.error().code == ErrorCode::bad_data && loaded.error().where.starts_with("fuzz"));
    return is_one_line(loaded.error().text());
  }
  require(!loaded->credentials.empty());
  for (const auto& credential : loaded->credentials) {
    require(credential.chain.empty() == credential.bare_key.has_value());
    for (const auto& certificate : credential.chain) holds_together(certificate);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Secret passphrase(Bytes{'s', '3', 'c', 'r', 'e', 't'});
  load_from({data, size}, nullptr);
  load_from({data, size}, &passphrase);
  if (const auto chain = x509::chain_of({Bytes(data, data + size)}, true)) holds_together(chain->front());
  return 0;
}
