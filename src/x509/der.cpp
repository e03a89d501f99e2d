#include "der.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "tlsa_update/core/ber.hpp"

namespace tlsa_update::x509 {
namespace {

// The first `limit` elements inside, as far as they can be read.
std::vector<Element> children_of(const Element& element, std::size_t limit = 10) {
  std::vector<Element> children;
  DerReader reader(element.content);
  while (children.size() < limit) {
    const auto child = reader.next();
    if (!child) break;
    children.push_back(*child);
  }
  return children;
}

std::string tags_of(const std::vector<Element>& elements) {
  std::string tags;
  for (const auto& element : elements) tags += static_cast<char>(element.tag);
  return tags;
}

// Certificate, request and CRL are all SEQUENCE { to be signed, algorithm, signature }.
Kind signed_kind(const Element& to_be_signed) {
  auto tags = tags_of(children_of(to_be_signed));
  if (tags.starts_with('\xA0')) tags.erase(0, 1);  // version
  if (tags.starts_with('\x02')) tags.erase(0, 1);  // serial number, or version
  if (tags.starts_with("\x30\x30\x30\x30\x30")) return Kind::certificate;
  if (tags.starts_with("\x30\x30\x17") || tags.starts_with("\x30\x30\x18")) return Kind::revocation_list;
  if (tags.starts_with("\x30\x30")) return Kind::request;
  return Kind::unknown;
}

// SEQUENCE { INTEGER ... }: keys and PKCS#12.
Kind numbered_kind(const std::string& tags) {
  if (tags == "\x02\x02") return Kind::rsa_public_key;
  if (tags == "\x02\x02\x02\x02\x02\x02") return Kind::dsa_private_key;
  if (tags.starts_with("\x02\x02\x02\x02\x02\x02\x02\x02\x02")) return Kind::rsa_private_key;
  if (tags.starts_with("\x02\x30\x04")) return Kind::private_key;
  if (tags.starts_with("\x02\x04")) return Kind::ec_private_key;
  if (tags == "\x02\x30" || tags == "\x02\x30\x30") return Kind::pkcs12;
  return Kind::unknown;
}

}  // namespace

std::optional<Element> DerReader::next() {
  const auto header = ber_header(rest_);
  if (header.state != BerHeader::State::whole || header.content_size > rest_.size() - header.size)
    return std::nullopt;
  const auto size = header.size + header.content_size;
  const Element element{header.tag, rest_.first(size), rest_.subspan(header.size, header.content_size)};
  rest_ = rest_.subspan(size);
  return element;
}

Parsed<Element> first_element(ByteView bytes) {
  if (bytes.empty()) return wrong("is empty");
  if (const auto element = DerReader(bytes).next()) return *element;
  const auto header = ber_header(bytes);
  if (header.state != BerHeader::State::whole) return wrong("is not DER");
  return wrong("is cut: {} of {} octets", {bytes.size(), header.size + header.content_size});
}

Kind kind_of(const Element& element) {
  if (element.tag != tag::sequence) return Kind::unknown;
  // Old exporters write PKCS#12 in BER with indefinite lengths inside, where no element can be read.
  static constexpr std::uint8_t pkcs12_version[] = {0x02, 0x01, 0x03};
  if (std::ranges::equal(element.content.first(std::min<std::size_t>(3, element.content.size())),
                         pkcs12_version))
    return Kind::pkcs12;
  const auto children = children_of(element);
  const auto tags = tags_of(children);
  if (tags == "\x30\x30\x03") return signed_kind(children[0]);
  if (tags == "\x30\x03") return Kind::public_key;
  if (tags == "\x30\x04") return Kind::encrypted_private_key;
  if (tags == "\x06\xA0") return Kind::pkcs7;
  return numbered_kind(tags);
}

std::string_view text(Kind kind) {
  switch (kind) {
    case Kind::certificate:
      return "a certificate";
    case Kind::request:
      return "a certificate request";
    case Kind::revocation_list:
      return "a certificate revocation list";
    case Kind::public_key:
    case Kind::rsa_public_key:
      return "a public key";
    case Kind::private_key:
    case Kind::rsa_private_key:
    case Kind::ec_private_key:
    case Kind::dsa_private_key:
      return "a private key";
    case Kind::encrypted_private_key:
      return "an encrypted private key";
    case Kind::pkcs12:
      return "a PKCS#12 container";
    case Kind::pkcs7:
      return "a PKCS#7 container";
    case Kind::unknown:
      break;
  }
  return "something unknown";
}

Fact fact(Kind kind) { return Fact::not_of_file(std::string(text(kind))); }

ByteView spki_of_certificate(const Element& certificate) {
  DerReader outer(certificate.content);
  const auto to_be_signed = outer.next();
  if (!to_be_signed) return {};
  DerReader fields(to_be_signed->content);
  auto field = fields.next();
  if (field && field->tag == tag::context_0) field = fields.next();  // version
  // Now at the serial number; then signature, issuer, validity, subject, subjectPublicKeyInfo.
  for (int i = 0; field && i < 5; ++i) field = fields.next();
  return field && field->tag == tag::sequence ? field->whole : ByteView{};
}

ByteView spki_of_request(const Element& request) {
  DerReader outer(request.content);
  const auto info = outer.next();
  if (!info) return {};
  DerReader fields(info->content);
  auto field = fields.next();                                  // version
  for (int i = 0; field && i < 2; ++i) field = fields.next();  // subject, subjectPKInfo
  return field && field->tag == tag::sequence ? field->whole : ByteView{};
}

}  // namespace tlsa_update::x509
