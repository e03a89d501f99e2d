// What people paste into keep and --adopt.
#include "tlsa_update/core/pasted.hpp"

#include <gtest/gtest.h>

namespace tlsa_update {
namespace pasted_test {

const std::string digest = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";
const TlsaRecord record{{}, from_hex(digest).value()};

std::string in_colons(const std::string& hex) {
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2) text += (i == 0 ? "" : ":") + hex.substr(i, 2);
  return text;
}

TEST(Pasted, RdataIsTakenAsItStands) {
  const std::string halves = digest.substr(0, 56) + " " + digest.substr(56);
  for (const auto& text : {"3 1 1 " + digest, " 3 1 1\t" + halves + "\n", "3 1 1 ( " + halves + " )",
                           "DANE-EE SPKI SHA2-256 " + digest, "3 1 1 " + in_colons(digest),
                           "3 1 1 " + digest + " ; the backup key",
                           "3 1 1 (" + digest.substr(0, 32) + " ; first half\n" + digest.substr(32) + ")",
                           "\\# 35 030101" + digest}) {
    const auto pasted = parse_pasted(text);
    ASSERT_TRUE(pasted) << text << ": " << pasted.error().text();
    EXPECT_EQ(*pasted, (RecordAt{record, std::nullopt})) << text;
  }
}

// Of zone files, dig, `generate` (text, rfc3597, nsupdate) and `list`.
TEST(Pasted, ALineNamesItsOwner) {
  const auto owner = Name::parse("_25._tcp.mail.example.com").value();
  const std::string at = "_25._tcp.mail.example.com.";
  for (const auto& text :
       {at + " 3600 IN TLSA 3 1 1 " + digest, at + "\t\t3600\tIN\tTLSA\t3 1 1 " + digest + "\n",
        at + " TLSA 3 1 1 " + digest, at + " IN TLSA 3 1 1 " + digest, at + " in 1h tlsa 3 1 1 " + digest,
        "_25._tcp.MAIL.example.com 300 TLSA 3 1 1 " + digest, at + " 3600 IN TYPE52 \\# 35 030101" + digest,
        "update add " + at + " 3600 IN TLSA 3 1 1 " + digest,
        at + " 3600 IN TLSA 3 1 1 " + digest + " ; stale: superseded"}) {
    const auto pasted = parse_pasted(text);
    ASSERT_TRUE(pasted) << text << ": " << pasted.error().text();
    EXPECT_EQ(*pasted, (RecordAt{record, owner})) << text;
  }
  EXPECT_EQ(parse_pasted("TLSA 3 1 1 " + digest)->owner, std::nullopt);
  EXPECT_EQ(parse_pasted("IN TLSA 3 1 1 " + digest)->owner, std::nullopt);
  EXPECT_EQ(parse_pasted("tlsa 60 IN TLSA 3 1 1 " + digest)->owner, Name::parse("tlsa").value());
}

TEST(Pasted, WhatNoClientCouldMatchIsRefused) {
  const std::string of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::pair<std::string, std::string_view> table[] = {
      {"3 1 1 " + digest.substr(2), "the record has 31 octets for SHA2-256, which has 32"},
      {"3 1 2 " + digest, "the record has 32 octets for SHA2-512, which has 64"},
      {"3 1 1 " + of_nothing, "the record has the SHA2-256 digest of empty input"},
      {"3 1 0 " + digest, "the record has 32 octets that are not one DER SEQUENCE, as a public key is"},
      {"3 1 7 " + digest, "the record has parameters 3 1 7, which are not assigned"},
      {"3 1 1 " + digest.substr(1), "the association data is not an even number of hexadecimal digits"},
      {"3 1 1 " + digest.substr(2) + "zz",
       "the association data is not an even number of hexadecimal digits"},
      {digest, ""},
      {"all of them", ""},
      {"", ""},
      {"_25._tcp.a. 60 CH TLSA 3 1 1 " + digest, "what stands before TLSA is not OWNER TTL IN"},
      {"TLSA 3 1 1 " + digest + "\nTLSA 3 1 1 " + digest, "these are several records"},
      {"a. TLSA 3 1 1 " + digest + "\nb. TLSA 3 1 1 " + digest, "these are several records"},
      {"3 1 1 " + digest + "\n3 1 1 " + digest,
       "the association data is not an even number of hexadecimal digits"},
  };
  for (const auto& [text, why] : table) {
    const auto pasted = parse_pasted(text);
    ASSERT_FALSE(pasted) << text;
    EXPECT_TRUE(why.empty() || pasted.error().what == why) << text << ": " << pasted.error().what;
  }
}

TEST(Pasted, ATypingErrorLeavesMostOctetsAsTheyWere) {
  auto mistyped = record;
  mistyped.data[3] ^= 0x10;
  mistyped.data[20] ^= 0x01;
  EXPECT_TRUE(resembles(record, mistyped));
  mistyped.parameters = {Usage::dane_ta, Selector::cert, MatchingType::sha2_256};
  EXPECT_TRUE(resembles(record, mistyped));
  EXPECT_TRUE(resembles(record, record));
  mistyped.data[21] ^= 0x01;
  EXPECT_FALSE(resembles(record, mistyped));
  EXPECT_FALSE(resembles(record, {{}, Bytes(64)}));
}

}  // namespace pasted_test
}  // namespace tlsa_update
