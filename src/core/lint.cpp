#include "tlsa_update/core/lint.hpp"

#include "tlsa_update/core/ber.hpp"
#include "tlsa_update/core/count.hpp"

namespace tlsa_update {
namespace {

// The digests of no octets at all: what a broken pipeline of openssl commands publishes.
const Bytes& sha2_256_of_nothing() {
  static const auto digest =
      from_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855").value();
  return digest;
}

const Bytes& sha2_512_of_nothing() {
  static const auto digest = from_hex(
                                 "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                                 "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e")
                                 .value();
  return digest;
}

// Exactly one DER SEQUENCE with a definite, shortest length (X.690 sections 8.1.3 and 10.1), as certificates
// and SubjectPublicKeyInfo are.
bool is_one_der_sequence(ByteView der) {
  const auto header = ber_header(der);
  return header.state == BerHeader::State::whole && header.tag == 0x30 && header.is_shortest() &&
         der.size() - header.size == header.content_size;
}

std::optional<std::string> bad_digest(const Bytes& data, std::size_t length, std::string_view name,
                                      const Bytes& of_nothing) {
  if (data.size() != length) {
    return count(data.size(), "octet") + " for " + std::string(name) + ", which has " +
           std::to_string(length);
  }
  if (data == of_nothing) return "the " + std::string(name) + " digest of empty input";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> malformed(const TlsaRecord& record) {
  const TlsaParameters& parameters = record.parameters;
  if (!parameters.is_assigned()) return "parameters " + parameters.text() + ", which are not assigned";
  switch (parameters.matching_type) {
    case MatchingType::sha2_256:
      return bad_digest(record.data, 32, "SHA2-256", sha2_256_of_nothing());
    case MatchingType::sha2_512:
      return bad_digest(record.data, 64, "SHA2-512", sha2_512_of_nothing());
    case MatchingType::full:
    case MatchingType::priv_match:
      break;
  }
  if (is_one_der_sequence(record.data)) return std::nullopt;
  return count(record.data.size(), "octet that is", "octets that are") + " not one DER SEQUENCE, as a " +
         (parameters.selector == Selector::cert ? "certificate" : "public key") + " is";
}

Result<void> check(const TlsaRecord& record, bool force) {
  const std::string where = "TLSA \"" + printable(record.text(), 80) + "\"";
  if (const auto trouble = malformed(record)) {
    return fail(ErrorCode::bad_data, "the record has " + *trouble, where,
                "no client could match it: check where it comes from");
  }
  // RFC 7671 section 10.1.2: full certificates SHOULD NOT be published.
  const TlsaParameters& parameters = record.parameters;
  if (parameters.selector == Selector::cert && parameters.matching_type == MatchingType::full && !force) {
    return fail(
        ErrorCode::bad_data,
        "a whole certificate in DNS changes at every renewal and makes answers too large for UDP (RFC "
        "7671 section 10.1.2)",
        where, "use --tlsa \"3 1 1\", or --force if it must be so");
  }
  return {};
}

}  // namespace tlsa_update
