#include "tlsa_update/core/lint.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "make_chain.hpp"

namespace tlsa_update {
namespace lint_test {

using testing::parameters;

Bytes hex(std::string_view text) { return from_hex(text).value(); }

// A SEQUENCE of `length` zero octets with the length octets given.
Bytes sequence(std::string_view header, std::size_t length) {
  Bytes der = hex(header);
  der.resize(der.size() + length);
  return der;
}

TEST(Lint, RdataThatClientsCanUseIsNotMalformed) {
  const TlsaRecord table[] = {
      {parameters("3 1 1"), Bytes(32, 7)},
      {parameters("2 0 2"), Bytes(64, 7)},
      {parameters("3 1 0"), sequence("3000", 0)},
      {parameters("3 1 0"), sequence("307f", 127)},
      {parameters("0 0 0"), sequence("308180", 128)},
      {parameters("0 0 0"), sequence("30820100", 256)},
  };
  for (const auto& record : table) EXPECT_EQ(malformed(record), std::nullopt) << record.text();
}

// RFC 6698 section 2.1.3; the digests are what broken pipelines really published.
TEST(Lint, MalformedRdataIsCalledWhatItIs) {
  const std::pair<TlsaRecord, std::string_view> table[] = {
      {{parameters("3 1 1"), Bytes(31)}, "31 octets for SHA2-256, which has 32"},
      {{parameters("3 1 1"), Bytes(64)}, "64 octets for SHA2-256, which has 32"},
      {{parameters("3 1 1"), {}}, "0 octets for SHA2-256, which has 32"},
      {{parameters("3 1 2"), Bytes(32)}, "32 octets for SHA2-512, which has 64"},
      {{parameters("3 1 1"), hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")},
       "the SHA2-256 digest of empty input"},
      {{parameters("2 0 2"), hex("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                                 "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e")},
       "the SHA2-512 digest of empty input"},
      {{parameters("3 1 0"), {}}, "0 octets that are not one DER SEQUENCE, as a public key is"},
      {{parameters("3 0 0"), Bytes(32, 7)}, "32 octets that are not one DER SEQUENCE, as a certificate is"},
      {{TlsaParameters{static_cast<Usage>(4)}, Bytes(32)}, "parameters 4 1 1, which are not assigned"},
      {{TlsaParameters{Usage::dane_ee, Selector::priv_sel}, Bytes(32)},
       "parameters 3 255 1, which are not assigned"},
      {{TlsaParameters{Usage::dane_ee, Selector::spki, static_cast<MatchingType>(3)}, Bytes(32)},
       "parameters 3 1 3, which are not assigned"},
  };
  for (const auto& [record, why] : table) EXPECT_EQ(malformed(record), why);
}

TEST(Lint, FullDataIsExactlyOneDerSequence) {
  const Bytes table[] = {
      hex("30"),                  // cut in the header
      sequence("3001", 0),        // cut
      sequence("3000", 1),        // octets after the end
      sequence("3080", 2),        // indefinite length: BER, not DER
      sequence("308101", 1),      // a longer length than needed
      sequence("30820080", 128),  // the same
      hex("3081"),
      hex("308201"),
      sequence("30850000000001", 1),
      sequence("3100", 0),  // a SET
      sequence("0401", 1),
  };
  for (const auto& data : table)
    EXPECT_NE(malformed({parameters("3 1 0"), data}), std::nullopt) << to_hex(data);
}

TEST(Lint, WhatIsMalformedIsNeverPublished) {
  for (const bool force : {false, true}) {
    const auto checked = check({parameters("3 1 1"), Bytes(31)}, force);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::bad_data);
    EXPECT_EQ(checked.error().what, "the record has 31 octets for SHA2-256, which has 32");
    EXPECT_TRUE(check({parameters("3 1 1"), Bytes(32, 7)}, force));
  }
}

// RFC 7671 section 10.1.2: full certificates SHOULD NOT be published.
TEST(Lint, AWholeCertificateIsRefusedUnlessForced) {
  for (const char* const combination : {"0 0 0", "1 0 0", "2 0 0", "3 0 0"}) {
    const TlsaRecord record{parameters(combination), sequence("3000", 0)};
    const auto checked = check(record, false);
    ASSERT_FALSE(checked) << combination;
    EXPECT_EQ(checked.error().code, ErrorCode::bad_data);
    EXPECT_TRUE(check(record, true));
  }
  EXPECT_TRUE(check({parameters("3 1 0"), sequence("3000", 0)}, false));
}

RC_GTEST_PROP(LintProperty, NoRdataBreaksTheCheck, (const Bytes& rdata)) {
  const auto record = tlsa_from_rdata(rdata);
  if (record) RC_ASSERT(malformed(*record).has_value() == !check(*record, true).has_value());
}

}  // namespace lint_test
}  // namespace tlsa_update
