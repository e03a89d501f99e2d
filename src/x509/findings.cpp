#include "findings.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "foreign.hpp"
#include "pkcs12.hpp"

namespace tlsa_update::x509 {
namespace {

struct Label {
  std::string_view text;
  Kind kind;
};

// RFC 7468, and what OpenSSL and others have written before and beside it.
constexpr std::array labels{
    Label{"CERTIFICATE", Kind::certificate},
    Label{"X509 CERTIFICATE", Kind::certificate},
    Label{"TRUSTED CERTIFICATE", Kind::certificate},
    Label{"CERTIFICATE REQUEST", Kind::request},
    Label{"NEW CERTIFICATE REQUEST", Kind::request},
    Label{"PUBLIC KEY", Kind::public_key},
    Label{"RSA PUBLIC KEY", Kind::public_key},
    Label{"PRIVATE KEY", Kind::private_key},
    Label{"RSA PRIVATE KEY", Kind::private_key},
    Label{"EC PRIVATE KEY", Kind::private_key},
    Label{"DSA PRIVATE KEY", Kind::private_key},
    Label{"ENCRYPTED PRIVATE KEY", Kind::encrypted_private_key},
};

std::optional<Kind> kind_of_label(std::string_view label) {
  const auto* found = std::ranges::find(labels, label, &Label::text);
  return found != labels.end() ? std::optional(found->kind) : std::nullopt;
}

// "a certificate" -> "the certificate"
Fact the(Kind kind) {
  const auto with_article = text(kind);
  return Fact::not_of_file("the" + std::string(with_article.substr(with_article.find(' '))));
}

// Old exporters write PKCS#12 in BER, whose indefinite lengths DerReader does not follow.
bool is_ber_pkcs12(ByteView file) {
  static constexpr std::uint8_t start[] = {tag::sequence, 0x80, tag::integer, 1, 3};
  return file.size() > std::size(start) && std::ranges::equal(file.first(std::size(start)), start);
}

// One or more whole elements and nothing else: no text looks like that.
bool is_der(ByteView file) {
  DerReader reader(file);
  while (!reader.at_end())
    if (const auto element = reader.next(); !element || element->tag != tag::sequence) return false;
  return !file.empty();
}

// A long form of length after SEQUENCE: every certificate begins so.
bool begins_like_der(ByteView file) {
  return file.size() >= 2 && file[0] == tag::sequence && file[1] > 0x80 && file[1] <= 0x84;
}

// Of a file that is not is_der().
FileFault fault_of_cut_der(ByteView file) {
  const auto element = first_element(file);
  return element ? FileFault("is DER followed by octets that are not DER") : element.error();
}

template <class T>
KeyResult<T> lift(Parsed<T> parsed) {
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  return *std::move(parsed);
}

}  // namespace

Parsed<Findings> Findings::in(ByteView file, const Passphrase& passphrase) {
  Findings findings(passphrase);
  const auto text = as_text(file);
  const auto taken = [&]() -> Parsed<void> {
    if (is_ber_pkcs12(file)) {
      const auto opened = findings.take(Kind::pkcs12, file);
      return opened ? Parsed<void>{} : tl::unexpected(opened.error().why);
    }
    if (is_der(file)) return findings.take_der(file);
    if (has_pem_line(text)) return findings.take_pem(text);
    if (begins_like_der(file)) return tl::unexpected(fault_of_cut_der(file));
    return tl::unexpected(fault_of_foreign(file));
  }();
  if (!taken) return tl::unexpected(taken.error());
  return findings;
}

Parsed<void> Findings::pass_over_or_refuse(const KeyFault& fault, const FileFault& in_part) {
  if (!fault.is_out_of_reach) return tl::unexpected(in_part);
  out_of_reach.push_back(in_part);
  return {};
}

Parsed<void> Findings::take_der(ByteView file) {
  DerReader reader(file);
  while (const auto element = reader.next()) {
    const auto kind = kind_of(*element);
    if (kind == Kind::revocation_list) return wrong("is {}, not a certificate or a key", {fact(kind)});
    if (kind == Kind::pkcs7)
      return wrong("is {}, not a certificate or a key", {fact(kind)}, advice_for_pkcs7);
    if (kind == Kind::unknown) return wrong("is DER, but holds no certificate and no key");
    const auto taken = take(kind, element->whole);
    if (taken) continue;
    const auto in_part = taken.error().why.of("{}", {the(kind)});
    if (auto passed = pass_over_or_refuse(taken.error(), in_part); !passed) return passed;
  }
  return {};
}

Parsed<void> Findings::take_pem(std::string_view text) {
  auto blocks = pem_blocks(text);
  if (!blocks) return tl::unexpected(blocks.error());
  for (const auto& block : *blocks) {
    if (block.label.ends_with(" PARAMETERS")) continue;  // of EC, DH and DSA: they belong to a key
    const auto label = Fact::label(block.label);
    if (!kind_of_label(block.label)) {
      unused.push_back({label, block.line});
      continue;
    }
    const auto taken = take_block(block);
    if (taken) continue;
    const auto in_part = taken.error().why.of("the {} block", {label}).at(block.line);
    if (auto passed = pass_over_or_refuse(taken.error(), in_part); !passed) return passed;
  }
  return {};
}

KeyResult<void> Findings::take_block(const PemBlock& block) {
  if (block.headers.find("ENCRYPTED") != std::string::npos) return take_encrypted_block(block);
  const auto element = first_element(block.body.view());
  if (!element) return tl::unexpected(element.error());
  const auto expected = *kind_of_label(block.label);
  const auto kind = kind_of(*element);
  if (text(kind) != text(expected)) return wrong("holds {}, not {}", {fact(kind), fact(expected)});
  // OpenSSL's trust settings follow the certificate.
  const bool may_be_followed = block.label == "TRUSTED CERTIFICATE";
  if (element->whole.size() != block.body.size() && !may_be_followed)
    return wrong("holds more than its label says");
  return take(kind, element->whole);
}

KeyResult<void> Findings::take_encrypted_block(const PemBlock& block) {
  const auto plain = decrypt_block(block.headers, block.body.view(), passphrase_);
  if (!plain) return tl::unexpected(plain.error());
  return take_key(key_of_private_key(plain->view()));
}

KeyResult<void> Findings::take(Kind kind, ByteView der) {
  switch (kind) {
    case Kind::certificate:
      return take_certificate(der);
    case Kind::request:
      return take_key(lift(key_of_request(der)));
    case Kind::public_key:
      return take_key(lift(key_of_spki(der)));
    case Kind::rsa_public_key:
      return take_key(lift(key_of_rsa_public_key(der)));
    case Kind::encrypted_private_key:
      return take_key(key_of_encrypted_key(der, passphrase_));
    case Kind::pkcs12:
      return take_pkcs12(der);
    default:
      return take_key(key_of_private_key(der));
  }
}

KeyResult<void> Findings::take_certificate(ByteView der) {
  auto certificate = parse_certificate(der);
  if (!certificate) return tl::unexpected(certificate.error());
  certificates.push_back(std::move(*certificate));
  return {};
}

KeyResult<void> Findings::take_key(KeyResult<PublicKey> key) {
  if (!key) return tl::unexpected(key.error());
  keys.push_back(std::move(*key));
  return {};
}

KeyResult<void> Findings::take_pkcs12(ByteView der) {
  auto contents = open_pkcs12(der, passphrase_);
  if (!contents) return tl::unexpected(contents.error());
  for (const auto& certificate : contents->certificates)
    if (const auto taken = take_certificate(certificate); !taken)
      return tl::unexpected(taken.error().why.of("holds a certificate that"));
  for (const auto& fault : contents->out_of_reach)
    out_of_reach.push_back(fault.of("the PKCS#12 container holds a key that"));
  std::ranges::move(contents->keys, std::back_inserter(keys));
  return {};
}

}  // namespace tlsa_update::x509
