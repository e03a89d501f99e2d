// What doctor makes of a validator's verdict, the parent's DS records and the zone's keys.
#include "trust.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tlsa_update/dns/delegation.hpp"

namespace tlsa_update::doctor {
namespace trust_test {

using dns::Dnssec;
using testing::HasSubstr;

const auto apex = *Name::parse("example.com");

// RFC 4034 section 2.1: a secure entry point, ECDSA P-256 (RFC 6605).
dns::Record key(std::uint8_t content) {
  dns::Record record;
  record.owner = apex;
  record.type = dns::type::dnskey;
  record.rdata = {1, 1, 3, 13};
  record.rdata.resize(4 + 64, content);
  return record;
}

enum class Ds { right, wrong, none, unknown };

Trust trust(Dnssec verdict, Ds ds) {
  Trust all;
  all.verdict = verdict;
  all.dnskeys = {key(1)};
  if (ds == Ds::right) all.ds = dns::ds_for({key(1)});
  if (ds == Ds::wrong) all.ds = dns::ds_for({key(2)});
  if (ds == Ds::unknown) all.ds = fail(ErrorCode::no_answer, "SERVFAIL");
  return all;
}

struct Row {
  Dnssec verdict;
  Ds ds;
  bool ok;
  ErrorCode code;
  const char* text;
};

const Row rows[] = {
    {Dnssec::secure, Ds::right, true, {}, "is secure (AD): its parent publishes a DS record of its key"},
    {Dnssec::secure, Ds::none, true, {}, "by a trust anchor of its own"},
    {Dnssec::secure, Ds::unknown, true, {}, "is secure (AD); the parent's DS record could not be asked for"},
    {Dnssec::secure, Ds::wrong, false, ErrorCode::unsafe, "no DS record at the parent is of a key"},
    {Dnssec::insecure, Ds::right, false, ErrorCode::differences, "but is not secure itself"},
    {Dnssec::insecure, Ds::none, false, ErrorCode::differences, "its parent publishes no DS record"},
    {Dnssec::insecure, Ds::unknown, false, ErrorCode::differences, "the zone is signed, but not secure"},
    {Dnssec::insecure, Ds::wrong, false, ErrorCode::unsafe, "no DS record at the parent is of a key"},
    {Dnssec::bogus, Ds::right, false, ErrorCode::unsafe, "validation fails"},
    {Dnssec::bogus, Ds::none, false, ErrorCode::unsafe, "validation fails"},
    {Dnssec::bogus, Ds::unknown, false, ErrorCode::unsafe, "validation fails"},
    {Dnssec::bogus, Ds::wrong, false, ErrorCode::unsafe, "no DS record at the parent is of a key"},
    {Dnssec::unknown, Ds::right, true, {}, "no resolver that may be trusted tells more"},
    {Dnssec::unknown, Ds::none, false, ErrorCode::differences, "its parent publishes no DS record"},
    {Dnssec::unknown, Ds::unknown, true, {}, "no resolver that may be trusted has told"},
    {Dnssec::unknown, Ds::wrong, false, ErrorCode::unsafe, "no DS record at the parent is of a key"},
};

TEST(Trust, IsJudgedByVerdictAndDs) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    const auto check = judge_trust(apex, trust(row.verdict, row.ds));
    EXPECT_EQ(check.check, "chain-of-trust");
    EXPECT_EQ(check.ok, row.ok);
    EXPECT_THAT(check.detail, HasSubstr(row.text));
    EXPECT_THAT(check.detail, HasSubstr("example.com."));
    EXPECT_TRUE(row.ok || check.code == row.code);
    EXPECT_TRUE(row.ok || !check.advice.empty());
  }
}

TEST(Trust, WhatTheRegistrarNeedsIsReadyToPaste) {
  const auto wanted = dns::ds_text(dns::ds_for({key(1)}).front());
  for (const auto ds : {Ds::none, Ds::wrong})
    EXPECT_THAT(judge_trust(apex, trust(Dnssec::insecure, ds)).advice, HasSubstr(wanted));
}

TEST(Trust, SaysWhoseVerdictItIs) {
  auto ours = trust(Dnssec::secure, Ds::right);
  ours.by_anchor = true;
  EXPECT_THAT(judge_trust(apex, ours).detail, HasSubstr("(--trust-anchor)"));
}

// Without the zone's own keys nobody can tell whose the DS record is.
TEST(Trust, KeysThatAreUnknownCondemnNoDs) {
  auto untold = trust(Dnssec::secure, Ds::wrong);
  untold.dnskeys.clear();
  EXPECT_TRUE(judge_trust(apex, untold).ok);
}

}  // namespace trust_test
}  // namespace tlsa_update::doctor
