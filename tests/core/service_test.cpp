#include "tlsa_update/core/service.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tlsa_update {
namespace service_test {

Name name(std::string_view text) { return Name::parse(text).value(); }

// Targets as text, so that a failure prints what was understood.
std::string words(const Target& target) {
  if (const auto* service = std::get_if<Service>(&target)) return service->owner()->text();
  if (const auto* owner = std::get_if<OwnerName>(&target)) return "owner " + owner->owner.text();
  if (const auto* mx = std::get_if<MxName>(&target)) {
    return "mx " + mx->domain.text() + " " + std::to_string(mx->port);
  }
  const auto& srv = std::get<SrvName>(target);
  return "srv " + srv.owner.text() + " " + std::string(text(srv.protocol));
}

std::string words(const Result<std::vector<Target>>& targets) {
  if (!targets) return "error: " + targets.error().text();
  std::string all;
  for (const auto& target : *targets) all += (all.empty() ? "" : ", ") + words(target);
  return all;
}

TEST(Target, EveryFormOfName) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"mail.example.com:25", "_25._tcp.mail.example.com."},
      {"Mail.Example.COM.:25", "_25._tcp.mail.example.com."},
      {"mail.example.com:25,465,submission",
       "_25._tcp.mail.example.com., _465._tcp.mail.example.com., _587._tcp.mail.example.com."},
      {"mail.example.com:25,smtp,25", "_25._tcp.mail.example.com."},
      {"sip.example.com:5061/sctp", "_5061._sctp.sip.example.com."},
      {"a.example:443,853/udp", "_443._udp.a.example., _853._udp.a.example."},
      {"a.example:1/tcp", "_1._tcp.a.example."},
      {"a.example:65535/DCCP", "_65535._dccp.a.example."},
      {"a.example:HTTPS", "_443._tcp.a.example."},
      {"b\u00fccher.example:443", "_443._tcp.xn--bcher-kva.example."},
      {"xn--bcher-kva.example:443", "_443._tcp.xn--bcher-kva.example."},
      {"1and1.example:443", "_443._tcp.1and1.example."},
      {"mx:example.com", "mx example.com. 25"},
      {"MX:example.com:587", "mx example.com. 587"},
      {"mx:example.com:submissions", "mx example.com. 465"},
      {"mx:b\u00fccher.example", "mx xn--bcher-kva.example. 25"},
      {"srv:_xmpp-server._tcp.example.com", "srv _xmpp-server._tcp.example.com. tcp"},
      {"srv:_sips._SCTP.example.com", "srv _sips._sctp.example.com. sctp"},
      {"srv:_ldap._tcp.dc._msdcs.example.com", "srv _ldap._tcp.dc._msdcs.example.com. tcp"},
      {"_25._tcp.mail.example.com", "owner _25._tcp.mail.example.com."},
      {"_25._TCP.b\u00fccher.example.", "owner _25._tcp.xn--bcher-kva.example."},
      {"*._tcp.host.example.com", "owner *._tcp.host.example.com."},
      {"*.example.com", "owner *.example.com."},
      {"_dane.example.com", "owner _dane.example.com."},
      {"_25._quic.example.com", "owner _25._quic.example.com."},
      {"_ours\\.too._tlsa.example.com", "owner _ours\\.too._tlsa.example.com."},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(words(parse_target(text)), expected);
}

TEST(Target, AnErrorNamesThePartThatIsWrong) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"", "the name is empty"},
      {"mail.example.com", "has no port"},
      {"mail.example.com:", "a port is missing"},
      {"mail.example.com:25,", "a port is missing"},
      {"mail.example.com:25,,465", "a port is missing"},
      {"mail.example.com:/tcp", "a port is missing"},
      {":25", "the host name is missing"},
      {".:25", "the host name is missing"},
      {"mail.example.com:0", "port \"0\" is not between 1 and 65535"},
      {"mail.example.com:65536", "port \"65536\" is not between 1 and 65535"},
      {"mail.example.com:99999999999999999999", "is not between 1 and 65535"},
      {"mail.example.com:025", "port \"025\" has a leading zero"},
      {"mail.example.com:00", "port \"00\" has a leading zero"},
      {"mail.example.com:-1", "neither a port from 1 to 65535 nor a known service name"},
      {"mail.example.com:+25", "neither a port from 1 to 65535 nor a known service name"},
      {"mail.example.com: 25", "neither a port from 1 to 65535 nor a known service name"},
      {"mail.example.com:smpt", "\"smpt\" is neither a port"},
      {"mail.example.com:25/quic", "\"quic\" is no transport protocol that TLSA knows"},
      {"mail.example.com:25/", "\"\" is no transport protocol that TLSA knows"},
      {"mail.example.com:25/tcp,53/udp", "\"tcp,53/udp\" is no transport protocol"},
      {"192.0.2.1:25", "\"192.0.2.1\" is an IP address or ends in a number"},
      {"192.0.2.1", "\"192.0.2.1\" is an IP address or ends in a number"},
      {"2001:db8::1", "an IPv6 address is no host name"},
      {"[2001:db8::1]:25", "an IPv6 address is no host name"},
      {"[::1]", "an IPv6 address is no host name"},
      {"mail.example.com:25:465", "several ports are written with commas"},
      {"https://mail.example.com", "is a URL"},
      {"https://mail.example.com:443/", "is a URL"},
      {"postmaster@example.com:25", "label \"postmaster@example\""},
      {"my_host.example.com:25", "label \"my_host\""},
      {"-a.example.com:25", "label \"-a\""},
      {"a-.example.com:25", "label \"a-\""},
      {"a b.example.com:25", "label \"a b\""},
      {"a\\032b.example.com:25", "label \"a\\032b\""},
      {"a\\.b.example.com:25", "label \"a\\\""},
      {"a..example.com:25", "the name has an empty label"},
      {"*.example.com:443", "a host cannot be a wildcard"},
      {"*:443", "a host cannot be a wildcard"},
      {"www.*.example.com:443", "a host cannot be a wildcard"},
      {"mx:", "the host name is missing"},
      {"mx::25", "the host name is missing"},
      {"mx:example.com:", "a port is missing"},
      {"mx:example.com:0", "port \"0\" is not between 1 and 65535"},
      {"mx:25", "\"25\" is an IP address or ends in a number"},
      {"mx:192.0.2.1", "is an IP address"},
      {"mx:2001:db8::1", "an IPv6 address is no host name"},
      {"mx:example.com/tcp", "label \"com/tcp\""},
      {"srv:", "is no SRV service label"},
      {"srv:example.com", "\"example\" is no SRV service label"},
      {"srv:_._tcp.example.com", "\"_\" is no SRV service label"},
      {"srv:_imap.example.com", "the second label is none of _tcp, _udp, _sctp and _dccp"},
      {"srv:_imap._tls.example.com", "the second label is none of _tcp, _udp, _sctp and _dccp"},
      {"srv:_imap", "the second label is none of _tcp, _udp, _sctp and _dccp"},
      {"srv:_imap._tcp", "the domain is missing"},
      {"srv:_imap._tcp.", "the host name is missing"},
      {"srv:_imap._tcp.example.com:143", "an SRV name has no port"},
      {"_0._tcp.example.com", "\"_0\" is no port label"},
      {"_025._tcp.example.com", "\"_025\" is no port label"},
      {"_65536._tcp.example.com", "\"_65536\" is no port label"},
      {"_smtp._tcp.example.com", "\"_smtp\" is no port label"},
      {"_._tcp.example.com", "\"_\" is no port label"},
      {"_25.mail.example.com", "no protocol label such as _tcp follows it"},
      {"_25._tcp", "the host name is missing"},
      {"_25._tcp.", "the host name is missing"},
      {"_25", "the host name is missing"},
      {"*", "the host name is missing"},
      {"_25._tcp.mail.example.com:25", "an owner name takes no port or protocol behind it"},
      {"_25._tcp.mail.example.com/tcp", "an owner name takes no port or protocol behind it"},
      {"_443._tcp.*.example.com", "an asterisk counts only as the first label"},
      {"*.*.example.com", "an asterisk counts only as the first label"},
  };
  for (const auto& [text, why] : table) {
    const auto targets = parse_target(text);
    EXPECT_TRUE(!targets && targets.error().what.find(why) != std::string::npos)
        << text << ": " << words(targets);
    if (!targets) {
      EXPECT_EQ(targets.error().code, ErrorCode::usage) << text;
    }
  }
}

// RFC 6698 section 3 builds the owner of two labels more: the limits hold for the owner.
TEST(Target, LongNamesAreErrors) {
  const std::string label63(63, 'a');
  const std::string longest = label63 + '.' + label63 + '.' + label63 + '.' + std::string(61, 'a');
  EXPECT_FALSE(parse_target(std::string(64, 'a') + ".example:25"));
  EXPECT_TRUE(parse_target(longest.substr(0, 244) + ":25"));  // 246 octets and "_25._tcp" in 9
  EXPECT_FALSE(parse_target(longest.substr(0, 245) + ":25"));
  EXPECT_FALSE(parse_target(longest.substr(0, 244) + ":25,65535"));
  EXPECT_FALSE(parse_target(longest + ":25"));
  EXPECT_FALSE(parse_target("_25._tcp." + longest));
  EXPECT_FALSE(parse_target(std::string(1000000, 'a') + ":25"));
  EXPECT_FALSE(parse_target("mx:" + longest + "a"));
}

TEST(Target, ServiceNamesWorkWithoutEtcServices) {
  const std::pair<std::string_view, int> table[] = {
      {"smtp", 25},    {"submission", 587},   {"submissions", 465},  {"smtps", 465},
      {"imap", 143},   {"imaps", 993},        {"pop3", 110},         {"pop3s", 995},
      {"https", 443},  {"domain-s", 853},     {"xmpp-client", 5222}, {"xmpp-server", 5269},
      {"sieve", 4190}, {"managesieve", 4190}, {"postgresql", 5432},  {"ldaps", 636},
  };
  for (const auto& [service, port] : table) {
    EXPECT_EQ(parse_target("h.example:" + std::string(service)).value(),
              (std::vector<Target>{Service{name("h.example"), static_cast<std::uint16_t>(port)}}));
  }
}

TEST(Target, OtherServiceNamesAreLookedUp) {
  const ServiceLookup lookup = [](std::string_view service,
                                  Protocol protocol) -> std::optional<std::uint16_t> {
    if (service == "gopher" && protocol == Protocol::tcp) return 70;
    if (service == "null") return 0;
    return std::nullopt;
  };
  EXPECT_EQ(words(parse_target("h.example:Gopher", lookup)), "_70._tcp.h.example.");
  EXPECT_FALSE(parse_target("h.example:gopher/udp", lookup));
  EXPECT_FALSE(parse_target("h.example:null", lookup));
  EXPECT_FALSE(parse_target(std::string("h.example:gopher\0", 17), lookup));
}

TEST(Service, AnOwnerNameTellsItsService) {
  EXPECT_EQ(service_of(name("_25._tcp.mail.example.com")),
            (Service{name("mail.example.com"), 25, Protocol::tcp}));
  EXPECT_EQ(service_of(name("_5061._sctp.a")), (Service{name("a"), 5061, Protocol::sctp}));
  for (const auto* const text :
       {"*._tcp.host.example.com", "_0._tcp.a", "_025._tcp.a", "_65536._tcp.a", "_x._tcp.a", "25._tcp.a",
        "_25._quic.a", "_25.tcp.a", "_25._tcp", "_25", ".", "_25._tcp.*.a"}) {
    EXPECT_EQ(service_of(name(text)), std::nullopt) << text;
  }
}

RC_GTEST_PROP(ServiceProperty, OwnerAndServiceAgree, ()) {
  const Service service{name("host.example"), *rc::gen::inRange<std::uint16_t>(1, 65535),
                        *rc::gen::element(Protocol::tcp, Protocol::udp, Protocol::sctp, Protocol::dccp)};
  RC_ASSERT(service_of(service.owner().value()) == service);
}

RC_GTEST_PROP(ServiceProperty, NoTextBreaksTheParser, (const std::string& text)) {
  if (const auto targets = parse_target(text)) RC_ASSERT(!targets->empty());
}

}  // namespace service_test
}  // namespace tlsa_update
