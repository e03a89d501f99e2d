#include "inquiry.hpp"

#include <algorithm>

#include "tlsa_update/dns/apex.hpp"

namespace tlsa_update::dns {
namespace {

using boost::asio::awaitable;
namespace ip = boost::asio::ip;

constexpr std::uint16_t nsec = 47;  // RFC 4034 section 4

// An answer with an RCODE that says something about the name.
awaitable<Result<Message>> ask(Exchange& primary, Name name, std::uint16_t type) {
  const Question question{name, type};
  auto message = co_await primary.query(question);
  if (!message) co_return message;
  if (auto error = rcode_error(*message, question, primary.address())) co_return tl::unexpected(*error);
  co_return message;
}

awaitable<Result<TlsaAnswer>> ask_tlsa(Exchange& primary, Name name) {
  const Question question{name, type::tlsa};
  const auto message = co_await primary.query(question);
  if (!message) co_return tl::unexpected(message.error());
  co_return read_tlsa_answer(*message, name, primary.address());
}

bool owns(const std::vector<Record>& section, const Name& name, std::uint16_t type) {
  return std::any_of(section.begin(), section.end(),
                     [&](const Record& record) { return record.owner == name && record.type == type; });
}

bool is_positive(const Message& message, const Name& name) {
  return std::any_of(message.answer.begin(), message.answer.end(),
                     [&](const Record& record) { return record.owner == name; });
}

// A server that signs answers as it gives them may say "no data" where "no such name" is true, with an NSEC
// at the very name (RFC 9824; Knot's onlinesign): then only an address tells that a wildcard answers.
awaitable<Result<bool>> has_address(Exchange& primary, Name name) {
  for (const auto wanted : {type::a, type::aaaa}) {
    const auto message = co_await ask(primary, name, wanted);
    if (!message) co_return tl::unexpected(message.error());
    if (is_positive(*message, name)) co_return true;
  }
  co_return false;
}

awaitable<Result<Existence>> ask_existence(Exchange& primary, Name name) {
  const auto wildcard = name.child("*");
  const auto ghost = wildcard ? wildcard->child("ghost") : wildcard;
  // No room for the question in 255 octets: counts as a name of its own, and the prerequisite of the UPDATE
  // guards what is done with it.
  if (!ghost) co_return Existence{};
  const auto message = co_await ask(primary, *ghost, type::tlsa);
  if (!message) co_return tl::unexpected(message.error());
  Existence existence{.exists = true, .zone = zone_of_negative(*message, name)};
  if (is_positive(*message, *ghost)) {
    existence.exists = owns(message->answer, name, type::dname);  // then it is below the name, not covered
  } else if (message->rcode == rcode::noerror && owns(message->authority, *ghost, nsec)) {
    const auto covered = co_await has_address(primary, *ghost);
    if (!covered) co_return tl::unexpected(covered.error());
    existence.exists = !*covered;
  } else if (message->rcode == rcode::noerror) {
    existence.exists = false;
  }
  co_return existence;
}

// Where the CNAMEs of an answer lead from `name`, through at most as many as there are.
Name end_of_aliases(const Message& message, Name name) {
  for (std::size_t passed = 0; passed < message.answer.size(); ++passed) {
    const auto alias = std::find_if(message.answer.begin(), message.answer.end(), [&](const Record& record) {
      return record.type == type::cname && record.owner == name;
    });
    if (alias == message.answer.end()) break;
    const auto target = target_of(*alias);
    if (!target) break;
    name = *target;
  }
  return name;
}

awaitable<Result<HostAnswer>> ask_host(Exchange& primary, Name host, std::vector<ip::address>& noted) {
  const auto message = co_await ask(primary, host, type::a);
  if (!message) co_return tl::unexpected(message.error());
  noted = addresses_in(*message);
  // NXDOMAIN behind a CNAME is about its target (RFC 6604).
  co_return HostAnswer{.is_answered = message->rcode == rcode::noerror || is_positive(*message, host),
                       .end = end_of_aliases(*message, host)};
}

awaitable<Result<Name>> ask_zone_of(Exchange& primary, Name name) {
  for (Name at = name;; at = at.parent()) {
    const auto message = co_await ask(primary, at, type::soa);
    if (!message) co_return tl::unexpected(message.error());
    // The answer of an alias is about its target, whose zone may be another.
    const bool is_usable = message->authoritative && !owns(message->answer, at, type::cname);
    if (is_usable && owns(message->answer, at, type::soa)) co_return at;
    if (is_usable && message->answer.empty()) {
      if (const auto zone = zone_of_negative(*message, at)) co_return *zone;
    }
    if (at.is_root()) break;
  }
  co_return fail(ErrorCode::refused, "no zone found that holds " + name.text(), primary.address(),
                 "name the zone with --zone and its primary with --server");
}

awaitable<Result<ZoneFacts>> ask_zone(Exchange& primary, Name apex) {
  const auto message = co_await ask(primary, apex, type::soa);
  if (!message) co_return tl::unexpected(message.error());
  const auto record = std::find_if(
      message->answer.begin(), message->answer.end(),
      [&](const Record& candidate) { return candidate.owner == apex && candidate.type == type::soa; });
  if (record == message->answer.end() || !message->authoritative) {
    co_return fail(ErrorCode::refused, "this server does not hold a zone " + apex.text(), primary.address(),
                   "check --zone and --server");
  }
  const auto soa = soa_of(*record);
  if (!soa) co_return tl::unexpected(soa.error());
  // Not at once with SOA: BIND does not set TCP_NODELAY, so that the second of two small answers waits for
  // the acknowledgement of the first, which a quiet client delays by 40 ms.
  const auto keys = co_await ask(primary, apex, type::dnskey);
  if (!keys) co_return tl::unexpected(keys.error());
  co_return ZoneFacts{.serial = soa->serial,
                      .negative_ttl = std::min(record->ttl, soa->minimum),  // RFC 2308 section 5
                      .is_signed = owns(keys->answer, apex, type::dnskey)};
}

}  // namespace

awaitable<Result<TlsaAnswer>> Inquiry::tlsa(Exchange& primary, Name name) {
  return tlsa_.find({&primary, name}, ask_tlsa(primary, name));
}

awaitable<Result<Existence>> Inquiry::existence(Exchange& primary, Name name) {
  return existence_.find({&primary, name}, ask_existence(primary, name));
}

awaitable<Result<HostAnswer>> Inquiry::host(Exchange& primary, Name host) {
  return host_.find({&primary, host}, ask_host(primary, host, noted_[host]));
}

awaitable<Result<Name>> Inquiry::zone_of(Exchange& primary, Name name) {
  return zone_of_.find({&primary, name}, ask_zone_of(primary, name));
}

awaitable<Result<ZoneFacts>> Inquiry::zone(Exchange& primary, Name apex) {
  return zone_.find({&primary, apex}, ask_zone(primary, apex));
}

awaitable<Result<Name>> apex_of(Exchange& server, Name name) { return ask_zone_of(server, std::move(name)); }

std::vector<ip::address> addresses_in(const Message& message) {
  std::vector<ip::address> addresses;
  for (const auto& record : message.answer) {
    if (record.type != type::a && record.type != type::aaaa) continue;
    if (const auto address = address_of(record)) addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace tlsa_update::dns
