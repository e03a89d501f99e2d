#include <cstdio>
#include <cstdlib>
#include <memory>

#include "ldns_record.hpp"
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

tl::unexpected<Error> no_anchors(const std::string& what, const std::string& file) {
  return fail(ErrorCode::bad_data, what, file, "trust anchors are DS or DNSKEY records, one a line");
}

}  // namespace

Result<TrustAnchors> parse_trust_anchors(std::string_view text, const std::string& file) {
  std::string copy(text);
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
    if (!is_record) return no_anchors("line " + std::to_string(line) + " is no record", file);
    if (is_anchor(*record)) anchors.push_back(presentation(*record));
  }
  if (anchors.empty()) return no_anchors("there is no trust anchor in it", file);
  return anchors;
}

}  // namespace tlsa_update::dns
