#include "tlsa_update/dns/axfr_stream.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "dns/ldns_message.hpp"
#include "dns/tsig_peer.hpp"

namespace tlsa_update::dns {
namespace axfr_stream_test {

Name name(std::string_view text) { return Name::parse(text).value(); }

using Lines = std::vector<std::string>;

const std::string soa = "example. 3600 IN SOA ns.example. hostmaster.example. 7 3600 900 86400 300";
const std::string other_soa = "example. 3600 IN SOA ns.example. hostmaster.example. 8 3600 900 86400 300";
const std::string ns = "example. 3600 IN NS ns.example.";
const std::string mx_tlsa = "_25._tcp.mx.example. 300 IN TLSA 3 1 1 aaaa";
const Bytes request_mac(32, 0x11);
constexpr std::uint16_t id = 0x1234;

// A message of the answer, question and all.
Bytes message(const Lines& lines, bool with_question = true) {
  LdnsMessage message;
  if (with_question) message.ask("example.", type::axfr);
  for (const auto& line : lines) message.add(line);
  ldns_pkt_set_id(message.packet.get(), id);
  ldns_pkt_set_qr(message.packet.get(), true);
  ldns_pkt_set_aa(message.packet.get(), true);
  return message.wire();
}

// The server's side of a signed transfer (RFC 8945 section 5.3.1).
class Signer {
 public:
  Bytes sign(const Bytes& message) {
    const Bytes wire = peer_.sign(message, prior_mac_, unsigned_);
    prior_mac_ = peer_.mac(message, prior_mac_, unsigned_);
    unsigned_.clear();
    peer_.timers_only = true;
    return wire;
  }
  Bytes leave_unsigned(const Bytes& message) {
    put(unsigned_, message);
    return message;
  }

 private:
  PeerTsig peer_;
  Bytes prior_mac_ = request_mac, unsigned_;
};

const TsigKey& key() {
  static const TsigKey key{name("update.example."), TsigAlgorithm::hmac_sha256, Secret(peer_secret)};
  return key;
}

// What became of a transfer: the zone, or why not, or that it would still go on.
struct Outcome {
  std::optional<TransferredZone> zone;
  std::string error;
  ErrorCode code = ErrorCode::internal;
};

Outcome outcome_of(AxfrStream stream, const std::vector<Bytes>& messages) {
  for (const auto& wire : messages) {
    const auto complete = stream.next(wire, noon);
    if (!complete) {
      EXPECT_TRUE(stream.result().tlsa.empty() && stream.result().serial == 0) << "something was kept";
      return {{}, complete.error().text(), complete.error().code};
    }
    if (*complete) return {stream.result(), {}, {}};
  }
  return {{}, "unfinished", {}};
}

Outcome unsigned_transfer(const std::vector<Bytes>& messages, const std::set<Name>& interesting = {}) {
  return outcome_of(AxfrStream(name("example"), id, nullptr, {}, interesting), messages);
}

Outcome signed_transfer(const std::vector<Bytes>& messages) {
  return outcome_of(AxfrStream(name("example"), id, &key(), request_mac), messages);
}

// The zone of a transfer in one message.
TransferredZone zone_of(Lines lines, const std::set<Name>& interesting = {}) {
  lines.insert(lines.begin(), soa);
  lines.push_back(soa);
  auto outcome = unsigned_transfer({message(lines)}, interesting);
  EXPECT_TRUE(outcome.zone) << outcome.error;
  return outcome.zone.value_or(TransferredZone{});
}

TlsaRecord tlsa(std::uint8_t octet, std::size_t size = 2) { return {TlsaParameters{}, Bytes(size, octet)}; }

TEST(AxfrStream, KeepsTheZonesSoaAndItsTlsaRrsets) {  // RFC 5936 section 2.2
  const auto zone = zone_of({ns, mx_tlsa, "mx.example. 300 IN A 192.0.2.1"});
  EXPECT_EQ(zone.apex, name("example"));
  EXPECT_EQ(zone.serial, 7U);
  EXPECT_EQ(zone.soa_ttl, 3600U);
  EXPECT_EQ(zone.soa_minimum, 300U);
  EXPECT_EQ(zone.tlsa, (std::map<Name, Rrset>{{name("_25._tcp.mx.example"), Rrset{300, {tlsa(0xAA)}}}}));
  EXPECT_FALSE(zone.is_signed);
  EXPECT_EQ(zone.records, 5U);
  EXPECT_EQ(zone.messages, 1U);
}

TEST(AxfrStream, OneRecordAMessageIsAsGoodAsAllInOne) {  // RFC 5936 section 2.2: any grouping
  std::vector<Bytes> messages;
  for (const auto& line : {soa, ns, mx_tlsa, soa}) messages.push_back(message({line}));
  const auto outcome = unsigned_transfer(messages);
  ASSERT_TRUE(outcome.zone) << outcome.error;
  EXPECT_EQ(outcome.zone->tlsa, zone_of({ns, mx_tlsa}).tlsa);
  EXPECT_EQ(outcome.zone->messages, 4U);
}

RC_GTEST_PROP(AxfrStream, OrderGroupingAndDuplicatesDoNotMatter, ()) {  // RFC 5936 section 2.2
  const Lines lines{ns,
                    mx_tlsa,
                    "_25._tcp.mx.example. 300 IN TLSA 3 1 1 bbbb",
                    "_443._tcp.www.example. 60 IN TLSA 2 0 1 cccc",
                    "www.example. 60 IN CNAME web.example.",
                    "old.example. 60 IN DNAME example.",
                    "child.example. 60 IN NS ns.child.example.",
                    "*.wild.example. 60 IN A 192.0.2.1"};
  auto picks = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, lines.size()));
  for (std::size_t i = 0; i < lines.size(); ++i)
    picks.insert(picks.begin() + static_cast<std::ptrdiff_t>(i * 7 % (picks.size() + 1)), i);
  std::vector<Bytes> messages;
  Lines group{soa};
  for (const auto pick : picks) {
    group.push_back(lines[pick]);
    if (*rc::gen::arbitrary<bool>())
      messages.push_back(message(std::exchange(group, {}), *rc::gen::arbitrary<bool>()));
  }
  group.push_back(soa);
  messages.push_back(message(group));
  const auto zone = unsigned_transfer(messages).zone, whole = std::optional(zone_of(lines));
  RC_ASSERT(zone.has_value());
  RC_ASSERT(zone->tlsa == whole->tlsa && zone->cname == whole->cname && zone->dname == whole->dname);
  RC_ASSERT(zone->cuts == whole->cuts && zone->wildcards == whole->wildcards && zone->mixed_ttl.empty());
}

TEST(AxfrStream, TheQuestionMayBeMissingOrRepeated) {  // RFC 5936 section 2.2.2
  for (const bool in_first : {true, false}) {
    for (const bool in_last : {true, false})
      EXPECT_TRUE(unsigned_transfer({message({soa, ns}, in_first), message({soa}, in_last)}).zone);
  }
}

TEST(AxfrStream, TcAndTheOtherFlagsAreNotRead) {  // RFC 5936 section 2.2.1 b to d
  Bytes wire = message({soa, ns, soa});
  wire[2] |= 0x07;  // AA, TC, RD
  wire[3] |= 0xF0;  // RA, Z, AD, CD
  EXPECT_TRUE(unsigned_transfer({wire}).zone);
}

TEST(AxfrStream, AnOptIsNoRecordOfTheZone) {  // RFC 5936 section 2.2.5
  Bytes wire = message({soa, ns, soa});
  put(wire, from_hex("00 0029 04d0 00000000 0000").value());
  ++wire[11];
  EXPECT_TRUE(unsigned_transfer({wire}).zone);
}

TEST(AxfrStream, MixedTtlsGiveTheLowestAndAreTold) {  // RFC 2181 section 5.2
  const auto zone = zone_of(
      {mx_tlsa, "_25._tcp.mx.example. 60 IN TLSA 3 1 1 bbbb", "_25._tcp.mx.example. 900 IN TLSA 3 1 1 cccc"});
  EXPECT_EQ(zone.tlsa, (std::map<Name, Rrset>{
                           {name("_25._tcp.mx.example"), Rrset{60, {tlsa(0xAA), tlsa(0xBB), tlsa(0xCC)}}}}));
  EXPECT_EQ(zone.mixed_ttl, std::set{name("_25._tcp.mx.example")});
}

TEST(AxfrStream, ASignedZoneIsTold) {  // RFC 4035 section 3.1.5
  const std::string rest = " 5 3 300 20260201000000 20260101000000 1 example. AAAA";
  const auto zone = zone_of({"example. 60 IN DNSKEY 257 3 13 AAAA", mx_tlsa,
                             "_25._tcp.mx.example. 300 IN RRSIG TLSA" + rest,
                             "mx.example. 300 IN RRSIG A" + rest, "example. 60 IN NSEC3PARAM 1 0 0 -",
                             "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. 60 IN NSEC3 1 0 0 - "
                             "0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM NS SOA",
                             "example. 60 IN TYPE65534 \\# 5 0d00010001"});
  EXPECT_TRUE(zone.is_signed);
  EXPECT_EQ(zone.signed_tlsa, std::set{name("_25._tcp.mx.example")});
}

TEST(AxfrStream, ADnskeyBelowTheApexSignsNothing) {
  EXPECT_FALSE(zone_of({"child.example. 60 IN DNSKEY 257 3 13 AAAA"}).is_signed);
}

TEST(AxfrStream, WhatDecidesAboutAnswersIsKept) {  // RFC 2136 section 7.18, RFC 4592, RFC 6672
  const auto zone =
      zone_of({ns, "child.example. 60 IN NS ns.child.example.", "www.example. 60 IN CNAME WEB.example.",
               "old.example. 60 IN DNAME new.example.", "*.wild.example. 60 IN A 192.0.2.1",
               "*._tcp.mx.example. 60 IN TLSA 3 1 1 aaaa"});
  EXPECT_EQ(zone.cuts, std::set{name("child.example")});
  EXPECT_EQ(zone.cname, (std::map{std::pair{name("www.example"), name("web.example")}}));
  EXPECT_EQ(zone.dname, (std::map{std::pair{name("old.example"), name("new.example")}}));
  // RFC 2136 section 7.18, RFC 6672 section 2.3
  EXPECT_TRUE(is_occluded(zone, name("_25._tcp.mail.child.example")));
  EXPECT_TRUE(is_occluded(zone, name("_25._tcp.old.example")));
  EXPECT_FALSE(is_occluded(zone, name("old.example")));
  EXPECT_FALSE(is_occluded(zone, name("_25._tcp.mail.example")));
  EXPECT_EQ(zone.wildcards, (std::set{name("*.wild.example"), name("*._tcp.mx.example")}));
}

TEST(AxfrStream, InterestingNamesExistWhenTheyOwnOrHaveSomethingBelow) {  // RFC 4592 section 2.2.2
  const std::set interesting{name("example"),   name("mx.example"),  name("www.example"),
                             name("x.example"), name("xmx.example"), name("org")};
  EXPECT_EQ(
      zone_of({"www.example. 60 IN A 192.0.2.1", "a.b.MX.example. 60 IN A 192.0.2.1"}, interesting).existing,
      (std::set{name("example"), name("mx.example"), name("www.example")}));
}

TEST(AxfrStream, RecordsOutsideTheZoneAreCountedAndIgnored) {
  const auto zone =
      zone_of({"_25._tcp.mx.example.org. 60 IN TLSA 3 1 1 aaaa", ". 60 IN NS a.",
               "_25._tcp.myexample. 60 IN TLSA 3 1 1 aaaa", "a\\007example. 60 IN TLSA 3 1 1 aaaa",
               "example.org. 60 IN SOA a. b. 1 1 1 1 1"});
  EXPECT_EQ(zone.out_of_zone, 5U);
  EXPECT_TRUE(zone.tlsa.empty());
}

TEST(AxfrStream, MalformedTlsaContentIsKeptForTheLint) {
  const auto zone = zone_of({"_25._tcp.mx.example. 60 IN TYPE52 \\# 3 090909"});
  EXPECT_EQ(zone.tlsa.at(name("_25._tcp.mx.example")).records.at(0).data, Bytes{});
}

struct Fault {
  const char* what;
  std::vector<Bytes> messages;
  std::string error;
};

Bytes changed(Bytes wire, std::size_t at, std::uint8_t value) {
  wire[at] = value;
  return wire;
}

TEST(AxfrStream, AFaultEndsTheTransferWithNothingUsed) {  // RFC 5936 sections 2.2 and 6
  const Bytes first = message({soa, ns, mx_tlsa}), last = message({soa});
  Bytes garbage_behind = message({soa, ns, soa});
  garbage_behind.push_back(0);
  Bytes with_authority = changed(message({soa, ns, soa}), 7, 2);
  with_authority[9] = 1;
  const std::string malformed = "malformed message: ";
  const Fault table[] = {
      {"no SOA first",
       {message({ns, soa})},
       "message 1: " + malformed + "a transfer that does not begin with the zone's SOA at octet 37"},
      {"the SOA of another zone",
       {message({"org. 60 IN SOA a. b. 1 1 1 1 1"})},
       "message 1: " + malformed + "a transfer that does not begin with the zone's SOA at octet 40"},
      {"nothing at all",
       {message({})},
       "message 1: " + malformed + "a transfer that begins with no record at octet 6"},
      {"another serial at the end",
       {first, message({other_soa})},
       "message 2: " + malformed + "a closing SOA that is not the opening one at octet 37"},
      {"a record behind the end",
       {message({soa, ns, soa, ns})},
       "message 1: " + malformed + "a record behind the closing SOA at octet 125"},
      {"another ID",
       {first, changed(last, 0, 0)},
       "message 2: " + malformed + "an answer to another request at octet 0"},
      {"a request",
       {first, changed(last, 2, 4)},
       "message 2: " + malformed + "a request where an answer was due at octet 2"},
      {"another opcode",
       {first, changed(last, 2, 0xA8)},
       "message 2: " + malformed + "an answer with another opcode at octet 2"},
      {"REFUSED at once",
       {changed(message({}), 3, 5)},
       "message 1: REFUSED; the server must allow the transfer of example. to this host"},
      {"SERVFAIL midway",
       {first, changed(last, 3, 2)},
       "message 2: SERVFAIL: the server fails to answer AXFR of example.; see the server's log: has the zone "
       "failed "
       "to load, or expired?"},
      {"another question",
       {changed(first, 13, 'x')},
       "message 1: " + malformed + "an answer to another question at octet 12"},
      {"an authority section",
       {with_authority},
       "message 1: " + malformed + "an authority section in a transfer at octet 8"},
      {"a count that is too high",
       {changed(first, 7, 4)},
       "message 1: " + malformed + "a name runs past the end at octet 118"},
      {"a count that is too low",
       {changed(first, 7, 2)},
       "message 1: " + malformed + "octets behind the last record at octet 89"},
      {"octets behind the end",
       {garbage_behind},
       "message 1: " + malformed + "octets behind the last record at octet 125"},
      {"a header cut off",
       {Bytes(first.begin(), first.begin() + 11)},
       "message 1: " + malformed + "it ends too early at octet 11"},
      {"class CH",
       {message({soa, "example. 60 CH TXT x"})},
       "message 1: " + malformed + "a zone's record of a class that is not IN at octet 75"},
      {"a TLSA record of two octets",
       {message({soa, "a.example. 60 IN TYPE52 \\# 2 0301"})},
       "message 1: " + malformed + "a TLSA record of fewer than three octets at octet 89"},
  };
  for (const auto& row : table) {
    const auto outcome = unsigned_transfer(row.messages);
    EXPECT_EQ(outcome.error, "AXFR of example., " + row.error) << row.what;
    EXPECT_EQ(outcome.code, row.error.find("REFUSED") != std::string::npos    ? ErrorCode::refused
                            : row.error.find("SERVFAIL") != std::string::npos ? ErrorCode::no_answer
                                                                              : ErrorCode::protocol)
        << row.what;
  }
}

TEST(AxfrStream, ASoaAloneIsNoTransfer) {  // RFC 5936 section 2.2; IXFR would mean "up to date" (RFC 1995)
  EXPECT_EQ(unsigned_transfer({message({soa})}).error, "unfinished");
}

TEST(AxfrStream, NothingMayFollowTheEndOrAFault) {
  AxfrStream complete(name("example"), id, nullptr, {});
  ASSERT_TRUE(complete.next(message({soa, ns, soa}), noon).value());
  EXPECT_FALSE(complete.next(message({soa}), noon));
  EXPECT_EQ(complete.result().serial, 7U);
  AxfrStream failed(name("example"), id, nullptr, {});
  ASSERT_FALSE(failed.next(message({ns}), noon));
  EXPECT_FALSE(failed.next(message({soa, ns, soa}), noon));
}

TEST(AxfrStream, TheRootZoneTransfersAsWell) {
  LdnsMessage theirs;
  const std::string root_soa = ". 60 IN SOA a. b. 1 1 1 1 1";
  for (const auto& line : {root_soa, std::string("_25._tcp.mx. 60 IN TLSA 3 1 1 aaaa"), root_soa})
    theirs.add(line);
  Bytes wire = theirs.wire();
  wire[0] = id >> 8, wire[1] = id & 0xFF, wire[2] = 0x84;
  const auto outcome = outcome_of(AxfrStream(Name(), id, nullptr, {}, {name("mx")}), {wire});
  ASSERT_TRUE(outcome.zone) << outcome.error;
  EXPECT_EQ(outcome.zone->tlsa.size(), 1U);
  EXPECT_EQ(outcome.zone->existing, std::set{name("mx")});
}

TEST(AxfrStream, ASignedTransferMayLeaveMessagesBetweenUnsigned) {  // RFC 8945 section 5.3.1
  Signer server;
  std::vector<Bytes> messages{server.sign(message({soa, ns}))};
  for (int i = 0; i < 99; ++i) messages.push_back(server.leave_unsigned(message({mx_tlsa})));
  messages.push_back(server.sign(message({soa})));
  const auto outcome = signed_transfer(messages);
  ASSERT_TRUE(outcome.zone) << outcome.error;
  EXPECT_EQ(outcome.zone->tlsa.size(), 1U);
}

TEST(AxfrStream, ASignedTransferFailsAsAWhole) {  // RFC 8945 section 5.3.1: discard all
  const auto first = message({soa, ns, mx_tlsa}), middle = message({mx_tlsa}), last = message({soa});
  Signer unsigned_end, hundred, dropped, forged, error_midway;
  std::vector<Bytes> unsigned_run{hundred.sign(first)};
  for (int i = 0; i < 100; ++i) unsigned_run.push_back(hundred.leave_unsigned(middle));
  std::vector<Bytes> gap{dropped.sign(first), dropped.sign(middle), dropped.sign(last)};
  gap.erase(gap.begin() + 1);
  std::vector<Bytes> forgery{forged.sign(first), forged.sign(middle)};
  forgery[1][forgery[1].size() - 1 - 6 - 16] ^= 1;  // inside the MAC
  PeerTsig bad_key;
  bad_key.error = 17;
  const Fault table[] = {
      {"no message signed", {first, last}, "message 1: unauthenticated answer NOERROR"},
      {"the last message unsigned",
       {unsigned_end.sign(first), unsigned_end.leave_unsigned(last)},
       "message 2: the last message of the transfer is not signed"},
      {"100 unsigned in a row", unsigned_run, "message 101: unauthenticated answer NOERROR"},
      {"a message lost", gap,
       "message 2: the answer's signature does not verify under key update.example. (hmac-sha256)"},
      {"a bad MAC in the middle", forgery, "message 2: the answer's signature does not verify"},
      {"another request's answer",
       {PeerTsig{}.sign(message({soa, ns, soa}), Bytes(32, 1))},
       "message 1: the answer's signature does not verify"},
      {"an error RCODE, signed",
       {error_midway.sign(first), error_midway.sign(changed(last, 3, 2))},
       "message 2: SERVFAIL"},
      {"BADKEY, unsigned as it must be",
       {bad_key.attach(changed(message({}), 3, 9), {})},
       "message 1: unauthenticated answer NOTAUTH with TSIG error BADKEY"},
  };
  for (const auto& row : table) {
    const auto outcome = signed_transfer(row.messages);
    EXPECT_TRUE(outcome.error.starts_with("AXFR of example., " + row.error))
        << row.what << ": " << outcome.error;
  }
}

TEST(AxfrStream, ASignedSingleMessageIsEnough) {
  EXPECT_TRUE(signed_transfer({Signer().sign(message({soa, ns, soa}))}).zone);
}

RC_GTEST_PROP(AxfrStream, AnyDamageEndsInAFaultOrAWholeZone, ()) {
  static const Bytes whole =
      message({soa, ns, mx_tlsa, "www.example. 60 IN CNAME web.example.",
               "old.example. 60 IN DNAME new.example.", "*.wild.example. 60 IN MX 10 mx.example.", soa});
  Bytes wire = whole;
  for (int i = *rc::gen::inRange(1, 5); i > 0; --i)
    wire[*rc::gen::inRange<std::size_t>(0, wire.size())] = *rc::gen::arbitrary<std::uint8_t>();
  const auto outcome = unsigned_transfer({wire});
  if (outcome.zone) RC_ASSERT(outcome.zone->records == 7U);
}

}  // namespace axfr_stream_test
}  // namespace tlsa_update::dns
