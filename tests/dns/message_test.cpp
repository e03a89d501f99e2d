#include "tlsa_update/dns/message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "dns/ldns_message.hpp"

namespace tlsa_update::dns {
namespace message_test {

Bytes hex(std::string_view text) { return from_hex(text).value(); }
Name name(std::string_view text) { return Name::parse(text).value(); }

TlsaRecord tlsa(std::uint8_t octet) { return {TlsaParameters{}, Bytes(4, octet)}; }

// "_25._tcp.mx" against the zone at octet 12, and its fields up to RDLENGTH.
constexpr const char* owner = "03 5f3235 04 5f746370 02 6d78 c00c 0034";
constexpr const char* header_and_zone = "07 6578616d706c65 00 0006 0001";  // example. SOA IN

std::string normal(std::string_view text) { return to_hex(hex(text)); }

TEST(MakeQuery, IsExactlyThis) {  // RFC 1035 section 4.1, RFC 6891 section 6.1.2
  const Question question{name("example"), type::tlsa};
  const std::string asked = "07 6578616d706c65 00 0034 0001";
  const std::pair<QueryFlags, std::string> table[] = {
      {{}, "1234 0000 0001 0000 0000 0001" + asked + "00 0029 04d0 00008000 0000"},
      {{.dnssec_ok = false}, "1234 0000 0001 0000 0000 0001" + asked + "00 0029 04d0 00000000 0000"},
      {{.recursion_desired = true, .authentic_data = true, .checking_disabled = true, .edns = false},
       "1234 0130 0001 0000 0000 0000" + asked},
      {{.edns = false}, "1234 0000 0001 0000 0000 0000" + asked},
  };
  for (const auto& [flags, wire] : table)
    EXPECT_EQ(to_hex(make_query(0x1234, question, flags)), normal(wire));
}

TEST(MakeQuery, AnAxfrAsksWithEveryFlagZero) {  // RFC 5936 section 2.1.1
  EXPECT_EQ(to_hex(make_query(1, {name("example"), type::axfr}, {.edns = false})),
            normal("0001 0000 0001 0000 0000 0000 07 6578616d706c65 00 00fc 0001"));
}

struct UpdateRow {
  const char* what;
  RrsetChange change;
  std::string wire;
};

TEST(MakeUpdate, IsExactlyThis) {  // RFC 2136 sections 2.2 to 2.5
  const Name mx = name("_25._tcp.mx.example");
  const std::string own = owner, zone = header_and_zone;
  const UpdateRow table[] = {
      {"an add where nothing was: 2.4.3, then 2.5.1",
       {mx, {}, {}, {tlsa(0xAA)}, 3600},
       "1234 2800 0001 0001 0001 0000" + zone + own + "00fe 00000000 0000" +  //
           own + "0001 00000e10 0007 030101 aaaaaaaa"},
      {"an add beside others: 2.4.2 with every member and TTL zero",
       {mx, Rrset{300, {tlsa(1), tlsa(2)}}, {}, {tlsa(3)}, 300},
       "1234 2800 0001 0002 0001 0000" + zone + own + "0001 00000000 0007 030101 01010101" + own +
           "0001 00000000 0007 030101 02020202" + own + "0001 0000012c 0007 030101 03030303"},
      {"the deletion of one record: 2.5.4",
       {mx, Rrset{300, {tlsa(1), tlsa(2)}}, {tlsa(1)}, {}, 300},
       "1234 2800 0001 0002 0001 0000" + zone + own + "0001 00000000 0007 030101 01010101" + own +
           "0001 00000000 0007 030101 02020202" + own + "00fe 00000000 0007 030101 01010101"},
      {"another TTL: the same records deleted, then added",
       {mx, Rrset{300, {tlsa(1)}}, {tlsa(1)}, {tlsa(1)}, 7200},
       "1234 2800 0001 0001 0002 0000" + zone + own + "0001 00000000 0007 030101 01010101" + own +
           "00fe 00000000 0007 030101 01010101" + own + "0001 00001c20 0007 030101 01010101"},
  };
  for (const auto& row : table) {
    const auto wire = make_update(0x1234, {name("example"), {row.change}});
    ASSERT_TRUE(wire) << row.what;
    EXPECT_EQ(to_hex(*wire), normal(row.wire)) << row.what;
  }
}

TEST(MakeUpdate, RemovalsStandBeforeAdditionsAcrossAllChanges) {  // RFC 2136 section 3.4.2
  const RrsetChange add{name("a.example"), {}, {}, {tlsa(1)}, 60};
  const RrsetChange remove{name("b.example"), Rrset{60, {tlsa(2)}}, {tlsa(2)}, {}, 60};
  const auto message = parse_message(make_update(1, {name("example"), {add, remove}}).value());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->authority,
            (std::vector<Record>{{name("b.example"), type::tlsa, 254, 0, tlsa(2).rdata()},
                                 {name("a.example"), type::tlsa, 1, 60, tlsa(1).rdata()}}));
}

TEST(MakeUpdate, ParsesBackAsWhatItSays) {
  const RrsetChange change{name("_25._tcp.mx.example"), Rrset{60, {tlsa(1)}}, {}, {tlsa(2)}, 60};
  const auto message = parse_message(make_update(0xBEEF, {name("example"), {change}}).value());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->id, 0xBEEF);
  EXPECT_EQ(message->opcode, 5);
  EXPECT_EQ(message->questions, (std::vector<Question>{{name("example"), type::soa}}));  // section 2.3
  EXPECT_EQ(message->answer, (std::vector<Record>{{change.owner, type::tlsa, 1, 0, tlsa(1).rdata()}}));
  EXPECT_EQ(message->authority, (std::vector<Record>{{change.owner, type::tlsa, 1, 60, tlsa(2).rdata()}}));
  EXPECT_TRUE(message->additional.empty());
}

TEST(MakeUpdate, AWildcardOwnerIsSentAsItStands) {  // RFC 2136 section 1.1.3
  const auto message = parse_message(
      make_update(1, {name("example"), {{name("*._tcp.example"), {}, {}, {tlsa(1)}, 60}}}).value());
  EXPECT_EQ(message.value().authority[0].owner.text(), "*._tcp.example.");
}

TEST(MakeUpdate, AnOwnerOutsideTheZoneIsOurFault) {  // RFC 2136 section 2.3
  const auto update = make_update(1, {name("example"), {{name("example.org"), {}, {}, {tlsa(1)}, 60}}});
  ASSERT_FALSE(update);
  EXPECT_EQ(update.error().code, ErrorCode::internal);
}

TEST(MakeUpdate, FillsAMessageAndNoMore) {
  const auto of = [](std::size_t count) {
    Update update{name("example"), {}};
    while (update.changes.size() < count)
      update.changes.push_back({name("_25._tcp.mx.example"), {}, {}, {tlsa(1)}, 60});
    return make_update(1, update);
  };
  // 25 octets before the changes; each measures 24 for its prerequisite and 31 for the addition.
  const std::size_t most = (max_update_size - 25) / 55;
  ASSERT_TRUE(of(most));
  EXPECT_EQ(of(most)->size(), 25 + most * 55);
  ASSERT_FALSE(of(most + 1));
  EXPECT_EQ(of(most + 1).error().code, ErrorCode::bad_data);
}

TEST(ParseMessage, AHeaderAloneIsAnAnswer) {  // NSD's NOTIMP to an UPDATE
  const auto message = parse_message(hex("1234 a804 0000 0000 0000 0000"));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->id, 0x1234);
  EXPECT_EQ(message->opcode, 5);
  EXPECT_EQ(message->rcode, rcode::notimp);
  EXPECT_TRUE(message->is_response);
  EXPECT_TRUE(message->questions.empty());
}

TEST(ParseMessage, ReadsEveryFlag) {  // RFC 1035 section 4.1.1, RFC 6840 section 5.7
  const auto flags = [](const char* word) {
    return parse_message(hex(std::string("0001") + word + "0000 0000 0000 0000")).value();
  };
  EXPECT_TRUE(flags("8000").is_response);
  EXPECT_TRUE(flags("0400").authoritative);
  EXPECT_TRUE(flags("0200").truncated);
  EXPECT_TRUE(flags("0080").recursion_available);
  EXPECT_TRUE(flags("0020").authentic);
  const auto none = flags("0150");  // RD, Z, CD
  EXPECT_FALSE(none.is_response || none.authoritative || none.truncated || none.recursion_available ||
               none.authentic);
}

TEST(ParseMessage, AnExtendedRcodeIsOneNumber) {  // RFC 6891 section 6.1.3
  const auto message = parse_message(hex("0001 8000 0000 0000 0000 0001 00 0029 04d0 01000000 0000"));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->rcode, rcode::badvers);
  EXPECT_TRUE(message->has_edns);
  EXPECT_TRUE(message->additional.empty());
}

TEST(ParseMessage, MalformedOnesSayWhatAndWhere) {
  const std::pair<const char*, const char*> table[] = {
      {"", "it ends too early at octet 0"},
      {"1234 8000 0000 0000 0000 00", "it ends too early at octet 11"},
      {"1234 8000 0001 0000 0000 0000", "a name runs past the end at octet 12"},
      {"1234 8000 0001 0000 0000 0000 00 0006", "it ends too early at octet 15"},
      {"1234 8000 0001 0000 0000 0000 00 0006 0003", "a question of a class that is not IN at octet 12"},
      {"1234 8000 0000 0001 0000 0000 00 0034 0001 00000000 0004 030101",
       "RDATA runs past the end at octet 21"},
      {"1234 8000 0000 0001 0000 0000 00 0034 0001 0000", "it ends too early at octet 19"},
      {"1234 8000 0000 0000 0000 0000 00", "octets behind the last record at octet 12"},
      {"1234 8000 0000 0000 0000 0001 01 61 00 0029 04d0 00000000 0000",
       "an OPT whose owner is not the root at octet 25"},
      {"1234 8000 0000 0000 0000 0002 00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000",
       "a second OPT at octet 34"},
      {"1234 8000 0000 0001 0000 0000 00 0029 04d0 00000000 0000",
       "an OPT or TSIG outside the additional section at octet 23"},
      {"1234 8000 0000 0000 0000 0002 00 00fa 00ff 00000000 0000 00 0029 04d0 00000000 0000",
       "a TSIG that is not the last record at octet 23"},
      {"1234 8000 0000 0001 0000 0000 00 0005 0001 00000000 0002 00 00",
       "RDATA whose names do not fill its length at octet 23"},
      {"1234 8000 0000 0001 0000 0000 00 0005 0001 00000000 0002 c020 00",
       "a compression pointer that does not point backwards at octet 23"},
      {"1234 8000 0000 0001 0000 0000 00 0002 0001 00000000 0001 01 61 00",
       "RDATA whose names do not fill its length at octet 23"},
  };
  for (const auto& [wire, fault] : table) {
    const auto message = parse_message(hex(wire));
    ASSERT_FALSE(message) << fault;
    EXPECT_EQ(message.error().what, std::string("malformed message: ") + fault);
    EXPECT_EQ(message.error().code, ErrorCode::protocol);
  }
}

TEST(ParseMessage, NoTruncationOfAMessageIsAMessage) {
  const RrsetChange change{name("_25._tcp.mx.example"), Rrset{60, {tlsa(1)}}, {}, {tlsa(2)}, 60};
  const Bytes whole = make_update(1, {name("example"), {change}}).value();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_message(ByteView(whole).first(size))) << size;
}

constexpr const char* zone_lines[] = {
    "example.com. 3600 IN SOA ns.example.com. hostmaster.example.com. 7 3600 900 86400 300",
    "example.com. 3600 IN NS ns.example.com.",
    "example.com. 3600 IN MX 10 mail.example.com.",
    "mail.example.com. 300 IN A 192.0.2.1",
    "mail.example.com. 300 IN AAAA 2001:db8::1",
    "www.example.com. 300 IN CNAME mail.example.com.",
    "old.example.com. 300 IN DNAME example.com.",
    "_xmpp-server._tcp.example.com. 300 IN SRV 5 0 5269 xmpp.example.com.",
    "1.2.0.192.in-addr.arpa. 60 IN PTR mail.example.com.",
    "example.com. 60 IN RP hostmaster.example.com. txt.example.com.",
    "_25._tcp.mail.example.com. 300 IN TLSA 3 1 1 "
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "mail.example.com. 300 IN TXT \"v=spf1 -all\"",
    "example.com. 300 IN TYPE65534 \\# 3 010203",
};

TEST(ParseMessage, ReadsWhatLdnsCompresses) {  // RFC 1035 section 4.1.4, RFC 3597 section 4
  LdnsMessage theirs;
  for (const auto* line : zone_lines) theirs.add(line);
  const Bytes wire = theirs.wire();
  std::size_t uncompressed = 12;
  for (const auto& record : theirs.records)
    uncompressed += record.owner.wire().size() + 10 + record.rdata.size();
  ASSERT_LT(wire.size(), uncompressed);
  EXPECT_EQ(parse_message(wire).value().answer, theirs.records);
}

RC_GTEST_PROP(ParseMessage, AgreesWithLdnsInAnyOrder, ()) {
  LdnsMessage theirs;
  const auto picks =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, std::size(zone_lines)));
  for (const auto pick : picks) theirs.add(zone_lines[pick]);
  RC_ASSERT(parse_message(theirs.wire()).value().answer == theirs.records);
}

RC_GTEST_PROP(ParseMessage, AnyOctetsGiveAMessageOrAProtocolError, (Bytes wire)) {
  if (wire.size() >= 12) {  // small counts, else nearly every message ends too early
    for (std::size_t count = 4; count < 12; count += 2) wire[count] = 0;
  }
  const auto message = parse_message(wire);
  if (!message) RC_ASSERT(message.error().code == ErrorCode::protocol);
}

RC_GTEST_PROP(ParseMessage, AnyMutationOfAnAnswerGivesAMessageOrAProtocolError, ()) {
  static const Bytes whole = [] {
    LdnsMessage theirs;
    for (const auto* line : zone_lines) theirs.add(line);
    return theirs.wire();
  }();
  Bytes wire = whole;
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i)
    wire[*rc::gen::inRange<std::size_t>(0, wire.size())] = *rc::gen::arbitrary<std::uint8_t>();
  const auto message = parse_message(wire);
  if (!message) RC_ASSERT(message.error().code == ErrorCode::protocol);
}

TEST(Rdata, SoaAndTargetsAreRead) {
  LdnsMessage theirs;
  for (const auto* line : zone_lines) theirs.add(line);
  const auto& records = theirs.records;
  const auto soa = soa_of(records[0]);
  ASSERT_TRUE(soa);
  EXPECT_EQ(soa->mname.text(), "ns.example.com.");
  EXPECT_EQ(soa->serial, 7U);
  EXPECT_EQ(soa->minimum, 300U);
  EXPECT_EQ(target_of(records[1]).value().text(), "ns.example.com.");
  EXPECT_EQ(target_of(records[2]).value().text(), "mail.example.com.");
  EXPECT_EQ(target_of(records[5]).value().text(), "mail.example.com.");
  EXPECT_EQ(target_of(records[6]).value().text(), "example.com.");
  EXPECT_EQ(target_of(records[7]).value().text(), "xmpp.example.com.");
}

TEST(Rdata, WhatIsMalformedIsAProtocolError) {
  Record record{name("example"), type::soa, 1, 60, hex("00 00 00000001")};
  EXPECT_EQ(soa_of(record).error().code, ErrorCode::protocol);
  record.rdata = hex("00 00 00000001 00000000 00000000 00000000 00000000 00");
  EXPECT_EQ(soa_of(record).error().code, ErrorCode::protocol);
  record.type = type::mx;
  record.rdata = hex("00");
  EXPECT_EQ(target_of(record).error().code, ErrorCode::protocol);
  record.rdata = hex("000a 00 00");
  EXPECT_EQ(target_of(record).error().code, ErrorCode::protocol);
}

TEST(Texts, NameWhatTheyKnowAndNumberTheRest) {
  EXPECT_EQ(rcode_text(rcode::nxrrset), "NXRRSET");
  EXPECT_EQ(rcode_text(rcode::notauth), "NOTAUTH");
  EXPECT_EQ(rcode_text(rcode::notzone), "NOTZONE");
  EXPECT_EQ(rcode_text(rcode::badvers), "BADVERS");
  EXPECT_EQ(rcode_text(23), "RCODE23");
  EXPECT_EQ(type_text(type::tlsa), "TLSA");
  EXPECT_EQ(type_text(65534), "TYPE65534");
}

}  // namespace message_test
}  // namespace tlsa_update::dns
