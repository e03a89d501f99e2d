#include "tlsa_update/core/tlsa.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tlsa_update {
namespace tlsa_test {

constexpr TlsaParameters dane_ee{};  // 3 1 1

TlsaParameters parameters(int usage, int selector, int matching_type) {
  return {static_cast<Usage>(usage), static_cast<Selector>(selector),
          static_cast<MatchingType>(matching_type)};
}

TEST(TlsaParameters, AreWrittenInEveryUsualForm) {
  const std::pair<std::string_view, TlsaParameters> table[] = {
      {"3 1 1", dane_ee},
      {"311", dane_ee},
      {"03 01 01", dane_ee},
      {"  3\t1  1 ", dane_ee},
      {"DANE-EE SPKI SHA2-256", dane_ee},  // RFC 7218 section 2
      {"dane-ee spki sha2-256", dane_ee},
      {"Dane-EE 1 SHA2-256", dane_ee},
      {"PKIX-TA Cert Full", parameters(0, 0, 0)},
      {"PKIX-EE cert sha2-512", parameters(1, 0, 2)},
      {"DANE-TA SPKI SHA2-512", parameters(2, 1, 2)},
      {"000", parameters(0, 0, 0)},
      {"2 0 1", parameters(2, 0, 1)},
  };
  for (const auto& [text, expected] : table) {
    const auto parsed = parse_parameters(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().text();
    EXPECT_EQ(*parsed, expected) << text;
  }
}

TEST(TlsaParameters, TheErrorSaysWhichFieldIsWrong) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"4 1 1", "certificate usage \"4\" is not assigned"},
      {"411", "certificate usage \"4\" is not assigned"},
      {"255 1 1", "certificate usage \"255\" is not assigned"},
      {"PrivCert 1 1", "certificate usage \"PrivCert\" is not assigned"},
      {"-3 1 1", "certificate usage \"-3\" is not assigned"},
      {"SPKI DANE-EE SHA2-256", "certificate usage \"SPKI\" is not assigned"},
      {"3 2 1", "selector \"2\" is not assigned"},
      {"321", "selector \"2\" is not assigned"},
      {"3 1 3", "matching type \"3\" is not assigned"},
      {"3 1 SHA256", "matching type \"SHA256\" is not assigned"},
      {"3 1 99999999999999999999", "matching type \"99999999999999999999\" is not assigned"},
  };
  for (const auto& [text, why] : table) {
    const auto parsed = parse_parameters(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().what, why);
    EXPECT_EQ(parsed.error().code, ErrorCode::bad_data);
  }
  for (const std::string_view text :
       {"", "   ", "3", "3 1", "31", "3111", "3 11", "3 1 1 1", "3,1,1", "3 1 1 abcd"}) {
    const auto parsed = parse_parameters(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().what,
              "the parameters are three fields: certificate usage, selector and matching type");
  }
}

// RFC 6698 section 2.2: white space is allowed in the hexadecimal part, and case does not matter.
TEST(TlsaRecord, IsReadInEveryUsualForm) {
  const TlsaRecord record{dane_ee, {0xAB, 0xCD, 0x01, 0x02}};
  for (const std::string_view text :
       {"3 1 1 abcd0102", "3 1 1 ABCD 0102", "3 1 1 a b c d 0 1 0 2", "03 01 01 (abcd\n\t0102 )",
        "( 3 1 1 abcd0102 )", "DANE-EE SPKI SHA2-256 abcd0102", "\\# 7 030101abcd0102",
        "\\#\t7 03 01 01 ab cd 01 02", "\\# 7 ( 030101 abcd0102 )"}) {
    const auto parsed = parse_tlsa(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().text();
    EXPECT_EQ(*parsed, record) << text;
  }
  EXPECT_EQ(record.text(), "3 1 1 abcd0102");
  EXPECT_EQ(record.rdata(), (Bytes{3, 1, 1, 0xAB, 0xCD, 1, 2}));
}

TEST(TlsaRecord, ValuesThatAreNotAssignedAreHeldAsTheyStand) {
  EXPECT_EQ(parse_tlsa("255 9 255 00").value(), (TlsaRecord{parameters(255, 9, 255), {0}}));
  EXPECT_EQ(parse_tlsa("PrivCert PrivSel PrivMatch 00").value(),
            (TlsaRecord{parameters(255, 255, 255), {0}}));
}

TEST(TlsaRecord, BadPresentationFormIsRefused) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"", "certificate usage \"\" is not a number from 0 to 255"},
      {"3 1", "matching type \"\" is not a number from 0 to 255"},
      {"256 1 1 ab", "certificate usage \"256\" is not a number from 0 to 255"},
      {"3 x 1 ab", "selector \"x\" is not a number from 0 to 255"},
      {"3 1 1", "the record has no association data"},
      {"3 1 1 abc", "the association data is not an even number of hexadecimal digits"},
      {"3 1 1 0xab", "the association data is not an even number of hexadecimal digits"},
      {"3 1 1 ab ; comment", "the association data is not an even number of hexadecimal digits"},
      {"3 1 1 ( ab", "the parentheses do not pair"},
      {"3 1 1 ab )", "the parentheses do not pair"},
      {")3 1 1 ab(", "the parentheses do not pair"},
      {"\\# 5 030101ab", "\\# says 5 octets and 4 follow"},
      {"\\# 99999999999 030101ab", "the generic form is \\# LENGTH HEX (RFC 3597 section 5)"},
      {"\\# x 030101ab", "the generic form is \\# LENGTH HEX (RFC 3597 section 5)"},
      {"\\#", "the generic form is \\# LENGTH HEX (RFC 3597 section 5)"},
      {"\\# 2 0301", "TLSA RDATA of 2 octets: three fields come first (RFC 6698 section 2.1)"},
  };
  for (const auto& [text, why] : table) {
    const auto parsed = parse_tlsa(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().what, why) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::bad_data);
  }
  EXPECT_FALSE(parse_tlsa("3 1 1 " + std::string(2 * 65533, '0')));
  EXPECT_TRUE(parse_tlsa("3 1 1 " + std::string(2 * 65532, '0')));
}

TEST(TlsaRecord, WireFormNeedsTheThreeFields) {
  EXPECT_FALSE(tlsa_from_rdata({}));
  EXPECT_FALSE(tlsa_from_rdata(Bytes{3, 1}));
  EXPECT_FALSE(tlsa_from_rdata(Bytes(65536)));
  EXPECT_EQ(tlsa_from_rdata(Bytes{3, 1, 1}).value(), (TlsaRecord{dane_ee, {}}));
}

RC_GTEST_PROP(TlsaProperty, EveryRecordSurvivesItsPresentationAndWireForms,
              (std::uint8_t usage, std::uint8_t selector, std::uint8_t matching_type, const Bytes& data)) {
  const TlsaRecord record{parameters(usage, selector, matching_type), data};
  RC_ASSERT(parse_tlsa(record.text()).value() == record);
  RC_ASSERT(tlsa_from_rdata(record.rdata()).value() == record);
}

RC_GTEST_PROP(TlsaProperty, NoTextBreaksTheParsers, (const std::string& text)) {
  const auto record = parse_tlsa(text);
  if (record) RC_ASSERT(parse_tlsa(record->text()).value() == *record);
  const auto combination = parse_parameters(text);
  if (combination) RC_ASSERT(parse_parameters(combination->text()).value() == *combination);
}

}  // namespace tlsa_test
}  // namespace tlsa_update
