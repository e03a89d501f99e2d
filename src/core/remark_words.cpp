#include <array>

#include "tlsa_update/core/count.hpp"
#include "tlsa_update/core/lint.hpp"
#include "tlsa_update/core/report.hpp"

namespace tlsa_update {
namespace {

std::string leaf_of(const Remark& it) { return "the certificate " + it.subject + " in " + it.source; }

std::string validity(const Remark& it) {
  return rfc3339(*it.time) + (it.parameters.usage == Usage::dane_ee
                                  ? ", which DANE clients ignore with usage 3 (RFC 7671 section 5.1)"
                                  : ", and clients refuse it with " + it.parameters.usage_text());
}

std::string outage(const Remark& it) {
  const auto at = it.server.server.empty() ? "" : " at " + it.server.server + " " + it.server.address;
  return it.where + " presents a certificate that " + why_refused(it.acceptance) + " (" + it.owner.text() +
         at + ")";
}

std::string served_until(const Remark& it, const std::string& ends) {
  std::string sentence = "the certificate at " + it.where + " " + ends + " at " + rfc3339(*it.time) +
                         ", and usages 0 to 2 depend on that (" + it.owner.text() + ")";
  if (!it.is_held_up) return sentence;
  const std::string when = it.until ? "until " + rfc3339(*it.until) : "and nobody knows until when";
  return sentence + "; the deployment of its successor waits " + when +
         ": waiting now costs more than deploying it by hand";
}

std::string owners(const Remark& it) {
  return it.owner.text() + (it.count > 0 ? " and " + count(it.count, "other name") : std::string{});
}

std::string not_unpublished(const Remark& it) {
  if (!it.names.empty()) {
    return it.owner.text() + " is not unpublished: " + it.names.front() + " wants " +
           it.record->text().substr(0, 21) + "...: take it out there, or prune --forget " + it.names.front();
  }
  std::string why(meaning(it.reason));
  if (it.reason == Reason::hazard && it.hazard) why = refusal(*it.hazard, it.owner).what;
  if (it.until) why += "; until " + rfc3339(*it.until);
  if (it.reason == Reason::uncovers_wildcard) return it.owner.text() + " is not unpublished: " + why;
  return it.owner.text() + " is not unpublished while other records stay: " + why +
         "; --adopt all takes foreign ones along";
}

std::string other_names(const Remark& it) {
  std::string named, hosts;
  for (const auto& name : it.names) named += (named.empty() ? "" : ", ") + name;
  for (const auto& host : it.hosts) hosts += (hosts.empty() ? "" : " or ") + host.text();
  return leaf_of(it) + " is for " + (named.empty() ? "no host name at all" : printable(named, 200)) +
         " and not for " + hosts + ", and clients check names with " + it.parameters.usage_text() +
         " (the mail or service domain would do as well: RFC 7672 section 3.2.2, RFC 7673 section 6)";
}

std::string changes_at_renewal(const Remark& it) {
  return it.parameters.text() + " changes at every renewal even with the same key, and " + leaf_of(it) +
         " is renewed often (" +
         (it.issuer.empty() ? "it lives " + human_duration(it.seconds) : "issued by " + it.issuer) +
         "); selector 1 stays as long as the key does";
}

std::string ttl_of(const Remark& it) {
  return "the TTL of " + std::to_string(it.seconds.count()) + " s at " + it.owner.text();
}

struct Words {
  RemarkKind kind;
  std::string (*sentence)(const Remark& it);
};

constexpr auto of_plans = std::to_array<Words>({
    {RemarkKind::outage, outage},
    {RemarkKind::passed_over,
     [](const Remark& it) {
       return it.owner.text() + ": " + it.source + " has a certificate or key that " +
              why_refused(it.acceptance);
     }},
    {RemarkKind::would_match_nothing,
     [](const Remark& it) {
       return "records " + it.parameters.text() + " at " + it.owner.text() +
              " would match nothing that is served now: not added; each combination has to match the "
              "certificate in use (RFC 7671 section 8), or --force";
     }},
    {RemarkKind::without_tls,
     [](const Remark& it) {
       return "no record is added at " + it.owner.text() + ": the service at " + it.where +
              " offers no TLS, and DANE clients that find records do without the service rather than without "
              "TLS "
              "(RFC 7672 section 2.2); switch TLS on there first, or --force";
     }},
    {RemarkKind::nothing_served,
     [](const Remark& it) {
       return "nothing is served at " + owners(it) +
              " yet: the host has no address, or this machine refuses the connection";
     }},
    {RemarkKind::unseen,
     [](const Remark& it) {
       return owners(it) + " cannot be probed: what is added there was compared with nothing that is served";
     }},
    {RemarkKind::not_unpublished, not_unpublished},
    {RemarkKind::new_combination,
     [](const Remark& it) {
       return it.owner.text() + " gets a new combination of parameters; if the service still presents what " +
              it.record->text().substr(0, 21) +
              "... was made from, clients may refuse it (RFC 7671 section 8.1)";
     }},
    {RemarkKind::mixed_ttls,
     [](const Remark& it) {
       return "the server gave mixed TTLs for " + it.owner.text() +
              " (RFC 2181 section 5.2): taken as the lowest";
     }},
    {RemarkKind::ttl_limited,
     [](const Remark& it) {
       return "the server limits the TTL of " + it.owner.text() + " to " + human_duration(it.seconds);
     }},
    {RemarkKind::ttl_contested,
     [](const Remark& it) {
       return "somebody else sets the TTL of " + it.owner.text() + " to " + human_duration(it.seconds) +
              " whenever it is set to another one, so it stays: give all who write there one --ttl";
     }},
    {RemarkKind::served_expires, [](const Remark& it) { return served_until(it, "expires"); }},
    {RemarkKind::served_expired, [](const Remark& it) { return served_until(it, "expired"); }},
    {RemarkKind::last_record,
     [](const Remark& it) { return "the last TLSA record at " + it.owner.text() + " is deleted"; }},
    {RemarkKind::unsigned_zone,
     [](const Remark& it) {
       return it.owner.text() +
              " is not signed: clients use no TLSA record of an unsigned zone (RFC 6698 section 4.1)";
     }},
    {RemarkKind::no_host,
     [](const Remark& it) {
       return it.owner.text() + ": the host has no records, and no wildcard stands for it";
     }},
});

constexpr auto of_credentials = std::to_array<Words>({
    {RemarkKind::expired, [](const Remark& it) { return leaf_of(it) + " expired at " + validity(it); }},
    {RemarkKind::not_yet_valid,
     [](const Remark& it) { return leaf_of(it) + " is not valid before " + validity(it); }},
    {RemarkKind::other_names, other_names},
    {RemarkKind::pkix_usage_for_smtp,
     [](const Remark& it) {
       return it.parameters.usage_text() + " on port 25 is unusable for many mail servers; use " +
              (it.parameters.of_end_entity() ? "usage 3" : "usage 2") + " (RFC 7672 section 3.1.3)";
     }},
    {RemarkKind::full_data,
     [](const Remark&) {
       return std::string(
           "matching type 0 puts whole keys or certificates into DNS and is not recommended; use matching "
           "type 1 (RFC 7671 section 10.1.2)");
     }},
    {RemarkKind::changes_at_renewal, changes_at_renewal},
    {RemarkKind::anchor_by_key,
     [](const Remark& it) {
       return it.parameters.text() +
              " matches every certificate of the CA's key: right for a public CA, which signs the same key "
              "anew; for a CA of your own, 2 0 1 keeps also the limits that its certificate sets (RFC 7671 "
              "section 5.2.1)";
     }},
    {RemarkKind::anchor_by_certificate,
     [](const Remark& it) {
       return it.parameters.text() +
              " matches this one CA certificate: right for a CA of your own (RFC 7671 section 5.2.1); a "
              "public CA re-issues and cross-signs certificates of the same key, and then nothing matches, "
              "so use 2 1 1 there";
     }},
    {RemarkKind::its_own_anchor,
     [](const Remark& it) {
       return leaf_of(it) + " is self-signed, so " + it.parameters.usage_text() +
              " is its own digest and changes with it; 3 1 1 says the same and stays as long as the key";
     }},
    {RemarkKind::one_of_several_issuers,
     [](const Remark& it) {
       return it.issuer + " picks one of several issuers for each certificate (now " + it.names.front() +
              "), so the next renewal can match no record of " + it.parameters.usage_text() +
              "; publish every candidate, or use 3 1 1";
     }},
    {RemarkKind::unused_issuers,
     [](const Remark&) {
       return std::string("--issuer counts for usages 2 and 0 alone, and --tlsa names neither");
     }},
});

constexpr auto of_rrsets = std::to_array<Words>({
    {RemarkKind::two_kinds_of_keys,
     [](const Remark& it) {
       return "the " + it.parameters.text() + " records at " + it.owner.text() +
              " are of an RSA and an ECDSA key: where a server presents both side by side this is no "
              "rollover, though monitors may take it for one";
     }},
    {RemarkKind::uneven_digests,
     [](const Remark& it) {
       return "the " + it.parameters.text() + " and the " + it.others.text() + " records at " +
              it.owner.text() +
              " cover different keys, and a client may use only one of the two digests (RFC 7671 section 9)";
     }},
    {RemarkKind::root_as_anchor,
     [](const Remark& it) {
       return "the trust anchor " + it.subject + " of " + it.source +
              " is a root, which the server has to send with its chain (RFC 7671 section 5.2.2)";
     }},
    {RemarkKind::many_records,
     [](const Remark& it) {
       return std::to_string(it.count) + " records at " + it.owner.text() + " are more than the " +
              std::to_string(most_records) + " that large senders can process";
     }},
    {RemarkKind::large_answer,
     [](const Remark& it) {
       return "an answer with the records at " + it.owner.text() + " has about " + std::to_string(it.count) +
              " octets, more than the " + std::to_string(most_octets) +
              " that pass everywhere by UDP (RFC 7671 section 10.1.1)";
     }},
    {RemarkKind::long_ttl,
     [](const Remark& it) {
       return ttl_of(it) +
              " is over a day: every rollover and every repair waits for twice as long (RFC 7671 section 13)";
     }},
    {RemarkKind::short_ttl,
     [](const Remark& it) {
       return ttl_of(it) +
              " is under 5 minutes: resolvers ask often, and a short failure of the name servers is an "
              "outage (RFC 6781 section 4.4.1)";
     }},
});

constexpr auto all_words() {
  std::array<Words, of_plans.size() + of_credentials.size() + of_rrsets.size()> all{};
  std::size_t next = 0;
  for (const auto& one : of_plans) all[next++] = one;
  for (const auto& one : of_credentials) all[next++] = one;
  for (const auto& one : of_rrsets) all[next++] = one;
  return all;
}
constexpr auto words = all_words();

constexpr bool is_in_order_of_kinds() {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (static_cast<std::size_t>(words[i].kind) != i) return false;
  }
  return words.size() == static_cast<std::size_t>(RemarkKind::short_ttl) + 1;
}
static_assert(is_in_order_of_kinds());

}  // namespace

std::string text(const Remark& remark) {
  return words[static_cast<std::size_t>(remark.kind)].sentence(remark);
}

}  // namespace tlsa_update
