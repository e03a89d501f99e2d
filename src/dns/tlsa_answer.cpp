#include "tlsa_answer.hpp"

#include <algorithm>

#include "rrsig.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

// The signature over `covered` at `owner`: who signed, and with how many labels.
Result<std::optional<Rrsig>> find_signature(const Message& message, const Name& owner,
                                            std::uint16_t covered) {
  for (const auto& record : message.answer) {
    if (record.type != type::rrsig || record.owner != owner) continue;
    auto rrsig = rrsig_of(record);
    if (!rrsig) return tl::unexpected(rrsig.error());
    if (rrsig->covered == covered) return std::optional(*rrsig);
  }
  return std::optional<Rrsig>();
}

// A CNAME at the name, or a DNAME above it (RFC 6672 section 3.2: the CNAME beside it says the same).
Result<std::optional<TlsaAnswer>> read_alias(const Message& message, const Name& name) {
  TlsaAnswer answer;
  answer.kind = TlsaAnswer::Kind::alias;
  for (const auto& record : message.answer) {
    const bool is_dname =
        record.type == type::dname && record.owner != name && name.is_at_or_below(record.owner);
    if (!is_dname && (record.type != type::cname || record.owner != name)) continue;
    const auto target = target_of(record);
    if (!target) return tl::unexpected(target.error());
    const auto whole = is_dname ? name.rebased(record.owner, *target) : *target;
    if (!whole) return tl::unexpected(whole.error());
    answer.target = *whole;
    answer.by_dname = is_dname;
    answer.alias_ttl = record.ttl;
    const auto signature = find_signature(message, name, type::cname);
    if (!signature) return tl::unexpected(signature.error());
    if (*signature && !is_dname) answer.signed_labels = (*signature)->labels;
    return std::optional(answer);
  }
  return std::optional<TlsaAnswer>();
}

Result<TlsaAnswer> read_data(const Message& message, const Name& name) {
  TlsaAnswer answer;
  Rrset rrset;
  for (const auto& record : message.answer) {
    if (record.type != type::tlsa || record.owner != name) continue;
    auto tlsa = tlsa_from_rdata(record.rdata);
    if (!tlsa) return fail(ErrorCode::protocol, "a malformed TLSA record: " + tlsa.error().what, name.text());
    const bool is_first = rrset.records.empty();
    answer.mixed_ttl = answer.mixed_ttl || (!is_first && record.ttl != rrset.ttl);
    rrset.ttl = is_first ? record.ttl : std::min(rrset.ttl, record.ttl);  // RFC 2181 section 5.2
    rrset.records.push_back(std::move(*tlsa));
  }
  if (rrset.records.empty()) return answer;
  std::sort(rrset.records.begin(), rrset.records.end());
  rrset.records.erase(std::unique(rrset.records.begin(), rrset.records.end()), rrset.records.end());
  const auto signature = find_signature(message, name, type::tlsa);
  if (!signature) return tl::unexpected(signature.error());
  if (*signature) {
    answer.has_rrsig = true;
    answer.signed_labels = (*signature)->labels;
    // RFC 4035 section 5.3.1: the signer is the zone that holds the RRset.
    if (name.is_at_or_below((*signature)->signer)) answer.zone = (*signature)->signer;
  }
  answer.kind = TlsaAnswer::Kind::data;
  answer.rrset = std::move(rrset);
  return answer;
}

std::optional<Name> referred_to(const Message& message, const Name& name) {
  if (message.authoritative || !message.answer.empty() || message.rcode != rcode::noerror) return {};
  for (const auto& record : message.authority) {
    if (record.type == type::ns && !record.owner.is_root() && name.is_at_or_below(record.owner))
      return record.owner;
  }
  return {};
}

}  // namespace

std::optional<Error> rcode_error(const Message& message, const Question& question,
                                 const std::string& server) {
  if (message.rcode == rcode::noerror || message.rcode == rcode::nxdomain) return {};
  const std::string what =
      rcode_text(message.rcode) + " to a query for " + question.name.text() + " " + type_text(question.type);
  switch (message.rcode) {
    case rcode::servfail:
      return Error{ErrorCode::no_answer, what, server, "see the log of the server"};
    case rcode::refused:
    case rcode::notauth:
      return Error{ErrorCode::refused, what, server,
                   "ask a server that holds the zone of this name, and let it answer queries from here "
                   "(BIND: allow-query)"};
    case rcode::notimp:
      return Error{ErrorCode::refused, what, server, "ask an authoritative server"};
    case rcode::yxdomain:  // RFC 6672 section 2.2
      return Error{ErrorCode::bad_data,
                   "a DNAME above " + question.name.text() + " makes its target too long", server, ""};
    default:
      return Error{ErrorCode::protocol, what, server, ""};
  }
}

std::optional<Name> zone_of_negative(const Message& message, const Name& name) {
  for (const auto& record : message.authority) {
    if (record.type == type::soa && name.is_at_or_below(record.owner)) return record.owner;
  }
  return {};
}

bool is_own(const Name& name, std::size_t signed_labels) {
  return signed_labels + (name.is_wildcard() ? 1 : 0) >= name.label_count();
}

Result<TlsaAnswer> read_tlsa_answer(const Message& message, const Name& name, const std::string& server) {
  if (auto error = rcode_error(message, {name, type::tlsa}, server)) return tl::unexpected(*error);
  if (auto cut = referred_to(message, name)) {
    TlsaAnswer answer;
    answer.kind = TlsaAnswer::Kind::delegated;
    answer.cut = *cut;
    return answer;
  }
  if (!message.authoritative) {
    return fail(ErrorCode::refused, "the answer to " + name.text() + " TLSA is not authoritative", server,
                "name the primary of the zone with --server");
  }
  auto alias = read_alias(message, name);
  if (!alias) return tl::unexpected(alias.error());
  // What stands behind an alias, its RCODE too (RFC 6604), is the target's: it is asked about by itself.
  if (*alias) return **alias;
  auto answer = read_data(message, name);
  if (!answer || answer->kind == TlsaAnswer::Kind::data) return answer;
  if (message.rcode == rcode::nxdomain) answer->kind = TlsaAnswer::Kind::no_name;
  answer->zone = zone_of_negative(message, name);
  return answer;
}

}  // namespace tlsa_update::dns
