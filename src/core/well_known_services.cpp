#include "well_known_services.hpp"

#include <algorithm>
#include <iterator>

namespace tlsa_update {
namespace {

struct WellKnown {
  std::string_view name;
  std::uint16_t port;
};

constexpr WellKnown well_known[] = {
    {"ftp", 21},           {"lmtp", 24},           {"smtp", 25},          {"domain", 53},
    {"http", 80},          {"pop3", 110},          {"nntp", 119},         {"imap", 143},
    {"ldap", 389},         {"https", 443},         {"submissions", 465},  // RFC 8314
    {"smtps", 465},        {"nntps", 563},         {"submission", 587},   {"ldaps", 636},
    {"domain-s", 853},     {"ftps", 990},          {"imaps", 993},        {"pop3s", 995},
    {"mqtt", 1883},        {"mysql", 3306},        {"sieve", 4190},       {"managesieve", 4190},
    {"sip", 5060},         {"sips", 5061},         {"xmpp-client", 5222}, {"xmpps-client", 5223},
    {"xmpp-server", 5269}, {"xmpps-server", 5270}, {"turns", 5349},       {"stuns", 5349},
    {"postgresql", 5432},  {"amqps", 5671},        {"ircs-u", 6697},      {"secure-mqtt", 8883},
    {"mqtts", 8883},
};

}  // namespace

std::optional<std::uint16_t> well_known_port(std::string_view service) {
  const auto* const found = std::find_if(std::begin(well_known), std::end(well_known),
                                         [&](const WellKnown& entry) { return entry.name == service; });
  if (found == std::end(well_known)) return std::nullopt;
  return found->port;
}

}  // namespace tlsa_update
