#include "refusal.hpp"

#include <vector>

namespace tlsa_update::dns {
namespace {

std::string who(const Asked& asked) { return asked.key ? asked.key->label() : "an unsigned request"; }

bool is_update(const Asked& asked) { return asked.opcode == opcode::update; }

std::string subject(const Asked& asked) {
  if (is_update(asked)) return asked.wish;
  const bool is_transfer = asked.question.type == type::axfr;
  return type_text(asked.question.type) + (is_transfer ? " of " : " at ") + asked.question.name.text();
}

std::string key_causes() {
  return "the server has another name, secret or algorithm for the key, or the clocks differ by more than " +
         std::to_string(tsig_fudge) + " s";
}

std::string policy_cause(const Asked& asked) {
  const std::string start = "its policy does not let the key ";
  if (is_update(asked))
    return start + "change " + asked.wish +
           " (Knot: acl; PowerDNS: TSIG-ALLOW-DNSUPDATE, allow-dnsupdate-from)";
  if (asked.question.type == type::axfr)
    return start + "transfer the zone (Knot: acl; PowerDNS: TSIG-ALLOW-AXFR, and no zone with narrow NSEC3)";
  return start + "read " + subject(asked);
}

std::string zone_cause(const Asked& asked) {
  return is_update(asked) ? "it is not the primary of zone " + asked.question.name.text() +
                                " (--server, --zone; PowerDNS: dnsupdate=yes)"
                          : "it does not hold the zone of " + asked.question.name.text() + " (--server)";
}

// Knot from 3.4 on and PowerDNS give one bare answer to all of these mistakes. A key that the server signs
// other answers with is right.
std::vector<std::string> likeliest_first(const Asked& asked) {
  const auto key = key_causes(), policy = policy_cause(asked), zone = zone_cause(asked);
  if (asked.is_key_known)
    return {policy, zone, key + " (not likely: the server signs other answers with this key)"};
  return {key, policy, zone};
}

Error unexplained(const Asked& asked, const Message& message) {
  std::string advice = "the server signs no reason; the likeliest first: ";
  const auto causes = likeliest_first(asked);
  for (std::size_t i = 0; i < causes.size(); ++i)
    advice += (i > 0 ? "; (" : "(") + std::to_string(i + 1) + ") " + causes[i];
  return {ErrorCode::refused,
          rcode_of(message, false) + ": the server does not take " + who(asked) + " for " + subject(asked),
          asked.server, advice, asked.key ? Topic::key : Topic::none};
}

}  // namespace

std::string rcode_of(const Message& message, bool certain) {
  return certain ? rcode_text(message.rcode) : "unauthenticated answer " + rcode_text(message.rcode);
}

Error refusal(const Asked& asked, const Message& message, bool certain) {
  const bool is_of_many_causes = message.rcode == rcode::refused || message.rcode == rcode::notauth;
  if (is_of_many_causes && !certain) return unexplained(asked, message);
  const std::string zone = asked.question.name.text();
  const bool update = is_update(asked);
  std::string what = rcode_of(message, certain) + ": ", advice;
  switch (message.rcode) {
    case rcode::refused:
      what += who(asked) + (update ? " may not change " : " may not read ") + subject(asked);
      advice = update ? "grant it " + subject(asked) +
                            " in the server's policy; is the zone frozen, a secondary's, or without updates "
                            "(PowerDNS: dnsupdate=yes, allow-dnsupdate-from)?"
                      : "allow it in the server's policy";
      break;
    case rcode::notauth:
      // Signed, the key is known and only the zone can be the reason (RFC 2136 section 3.1.2).
      what += "the key is right, but the server is not the primary of zone " + zone;
      advice = "a secondary, another view, or no zone of that name: check --server and --zone";
      break;
    case rcode::notzone:
      what += asked.wish + " is not in zone " + zone;
      advice = "check --zone";
      break;
    default:
      what += update ? "the server does not take updates of zone " + zone
                     : "the server does not answer " + subject(asked);
      if (update) advice = "name the signing primary with --server";
      if (!update && asked.key) advice = "a server without TSIG? --no-sign-queries asks it unsigned";
  }
  return {ErrorCode::refused, what, asked.server, advice};
}

Error server_failure(const Asked& asked, const Message& message, bool certain) {
  const std::string what = rcode_of(message, certain) + ": the server fails to ";
  if (is_update(asked)) {
    return {
        ErrorCode::no_answer, what + "change " + asked.wish, asked.server,
        "see the server's log: a folder or journal that it may not write, or too many records at the name "
        "(BIND: 100)?"};
  }
  return {ErrorCode::no_answer, what + "answer " + subject(asked), asked.server,
          "see the server's log: has the zone failed to load, or expired?"};
}

}  // namespace tlsa_update::dns
