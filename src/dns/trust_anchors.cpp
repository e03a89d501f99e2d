#include <cstdio>
#include <cstdlib>
#include <memory>

#include "ldns_record.hpp"
#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/dns/validator.hpp"

namespace tlsa_update::dns {
namespace {

using FilePtr = std::unique_ptr<FILE, Freer<fclose>>;
using TextPtr = std::unique_ptr<char, Freer<free>>;

// What a zone file says of the records that follow.
struct Directives {
  std::uint32_t ttl = 0;
  ldns_rdf* origin = nullptr;
  ldns_rdf* owner = nullptr;  // of the record before

  Directives() = default;
  Directives(const Directives&) = delete;
  Directives& operator=(const Directives&) = delete;
  ~Directives() {
    ldns_rdf_deep_free(origin);
    ldns_rdf_deep_free(owner);
  }
};

bool is_directive_or_empty(ldns_status status) {
  return status == LDNS_STATUS_SYNTAX_EMPTY || status == LDNS_STATUS_SYNTAX_TTL ||
         status == LDNS_STATUS_SYNTAX_ORIGIN;
}

bool is_anchor(const ldns_rr& record) {
  const auto type = ldns_rr_get_type(&record);
  return type == LDNS_RR_TYPE_DS || type == LDNS_RR_TYPE_DNSKEY;
}

std::string presentation(const ldns_rr& record) {
  const TextPtr text(ldns_rr2str(&record));
  return text ? text.get() : std::string{};
}

constexpr Words advice = "trust anchors are DS or DNSKEY records, one a line";

Parsed<TrustAnchors> anchors_in(std::string_view file) {
  const auto text = text_of(file);
  if (!text) return tl::unexpected(text.error());
  std::string copy(*text);
  const FilePtr stream(fmemopen(copy.data(), copy.size(), "r"));
  TrustAnchors anchors;
  Directives directives;
  int line = 0;
  while (stream && feof(stream.get()) == 0) {
    ldns_rr* raw = nullptr;
    const auto status = ldns_rr_new_frm_fp_l(&raw, stream.get(), &directives.ttl, &directives.origin,
                                             &directives.owner, &line);
    const LdnsRrPtr record(raw);
    if (is_directive_or_empty(status)) continue;
    // ldns makes TYPE0 of a word that is no type.
    const bool is_record = status == LDNS_STATUS_OK && ldns_rr_get_type(record.get()) != 0;
    if (!is_record) return wrong_at(static_cast<std::size_t>(line), "this is not a DNS record", {}, advice);
    if (is_anchor(*record)) anchors.push_back(presentation(*record));
  }
  if (anchors.empty()) return wrong("there is no trust anchor in it", {}, advice);
  return anchors;
}

}  // namespace

Result<TrustAnchors> parse_trust_anchors(std::string_view text, const std::string& file) {
  return anchors_in(text).map_error([&](const FileFault& fault) { return fault.in(file); });
}

}  // namespace tlsa_update::dns
