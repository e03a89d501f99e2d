#include "tlsa_update/dns/tsig.hpp"

#include <gtest/gtest.h>

#include "dns/tsig_peer.hpp"
#include "tlsa_update/dns/message.hpp"

namespace tlsa_update::dns {
namespace tsig_test {

struct RequestVector {
  TsigAlgorithm algorithm;
  const char* secret;
  const char* message;
  std::uint64_t now;
  const char* signed_message;
};
struct AnswerVector {
  TsigAlgorithm algorithm;
  const char* secret;
  const char* request_mac;
  std::uint64_t now;
  const char* signed_message;
};
#include "tsig_vectors.inc"

Bytes hex(std::string_view text) { return from_hex(text).value(); }
Name name(std::string_view text) { return Name::parse(text).value(); }

TsigKey key(TsigAlgorithm algorithm = TsigAlgorithm::hmac_sha256, Bytes secret = peer_secret) {
  return {name("update.example."), algorithm, Secret(std::move(secret))};
}

const Bytes request_mac(32, 0x11);

// A header and a question; an UPDATE's answer with this RCODE.
Bytes answer(std::uint16_t rcode = 0) {
  Bytes wire = hex("1234 a800 0001 0000 0000 0000 07 6578616d706c65 00 0006 0001");
  wire[3] = static_cast<std::uint8_t>(rcode);
  return wire;
}

TsigVerdict verdict(const Bytes& message, std::uint64_t now = noon) {
  return verify(message, key(), request_mac, now).verdict;
}

TEST(TsigSign, EqualsWhatPythonComputes) {  // RFC 8945 sections 4.2, 4.3.3, 5.1
  for (const auto& vector : request_vectors) {
    const bool is_edge = hex(vector.message)[0] == 0xFF;
    const TsigKey signer{name(is_edge ? "k." : "update.example."), vector.algorithm,
                         Secret(hex(vector.secret))};
    EXPECT_EQ(to_hex(sign(hex(vector.message), signer, vector.now).wire), vector.signed_message)
        << text(vector.algorithm) << ", secret of " << signer.secret.size() << " octets";
  }
}

TEST(TsigSign, AKeyNameInAnyCaseIsDigestedInLowerCase) {  // RFC 8945 section 4.3.3, RFC 4034 section 6.2
  const auto& vector = request_vectors[0];
  const TsigKey signer{name("UPDATE.Example"), vector.algorithm, Secret(hex(vector.secret))};
  EXPECT_EQ(to_hex(sign(hex(vector.message), signer, vector.now).wire), vector.signed_message);
}

TEST(TsigSign, TsigStandsBehindOptAndIsCounted) {  // RFC 8945 section 5.1, RFC 6891 section 6.1.1
  const Bytes query = make_query(1, {name("example.com"), type::soa}, {});
  const auto wire = sign(query, key(), noon).wire;
  EXPECT_EQ(wire[11], 2);  // OPT and TSIG
  EXPECT_TRUE(std::equal(query.begin() + 12, query.end(), wire.begin() + 12));
  EXPECT_TRUE(parse_message(wire).has_value());
}

TEST(TsigSign, TheLongestTsigFitsBehindTheLongestUpdate) {
  std::string label(63, 'k');
  const TsigKey longest{name(label + "." + label + "." + label + "." + label.substr(2)),
                        TsigAlgorithm::hmac_sha512, Secret(peer_secret)};
  ASSERT_EQ(longest.name.wire().size(), 255U);
  EXPECT_LE(sign(answer(), longest, noon).wire.size() - answer().size(), 65535 - max_update_size);
}

TEST(TsigVerify, AcceptsWhatPythonSigned) {  // RFC 8945 section 5.3: behind the request's MAC
  for (const auto& vector : answer_vectors) {
    const auto result = verify(hex(vector.signed_message), key(vector.algorithm, hex(vector.secret)),
                               hex(vector.request_mac), vector.now);
    EXPECT_EQ(result.verdict, TsigVerdict::good) << text(vector.algorithm);
    EXPECT_TRUE(result.authentic);
    EXPECT_EQ(result.mac.size(), mac_size(vector.algorithm));
  }
}

TEST(TsigVerify, EveryBitOfAnAnswerCounts) {
  const Bytes good = PeerTsig{}.sign(answer(), request_mac);
  ASSERT_EQ(verdict(good), TsigVerdict::good);
  const std::size_t owner_at = answer().size(),
                    algorithm_at = owner_at + raw_name("update.example.").size() + 10;
  const auto is_in_name = [&](std::size_t octet) {
    return (octet >= owner_at && octet < owner_at + 16) ||
           (octet >= algorithm_at && octet < algorithm_at + 13);
  };
  for (std::size_t bit = 16; bit < good.size() * 8; ++bit) {  // an ID may change on its way (section 4.3.2)
    const std::size_t octet = bit / 8;
    if (bit % 8 == 5 && is_in_name(octet) && std::isalpha(good[octet]) != 0)
      continue;  // the case of a letter
    Bytes forged = good;
    forged[octet] = static_cast<std::uint8_t>(forged[octet] ^ (1U << bit % 8));
    EXPECT_NE(verdict(forged), TsigVerdict::good) << "bit " << bit;
  }
}

TEST(TsigVerify, EveryTruncationOfAnAnswerIsRefused) {
  const Bytes good = PeerTsig{}.sign(answer(), request_mac);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(verdict(cut), TsigVerdict::good) << size;
  }
}

TEST(TsigVerify, AnotherRequestsMacIsNotOurs) {  // RFC 8945 section 5.3
  EXPECT_EQ(verdict(PeerTsig{}.sign(answer(), Bytes(32, 0x12))), TsigVerdict::bad_mac);
  EXPECT_EQ(verdict(PeerTsig{}.sign(answer(), {})), TsigVerdict::bad_mac);
}

TEST(TsigVerify, AnAnswerWithoutTsigIsUnsignedWhateverItsRcode) {  // RFC 8945 section 5.4
  for (std::uint16_t rcode = 0; rcode <= 10; ++rcode)
    EXPECT_EQ(verdict(answer(rcode)), TsigVerdict::unsigned_answer) << rcode;
  EXPECT_EQ(verdict(hex("1234 a804 0000 0000 0000 0000")), TsigVerdict::unsigned_answer);  // NSD's NOTIMP
}

TEST(TsigVerify, NamesCompareInAnyCase) {  // RFC 8945 sections 4.3.3 and 9
  PeerTsig peer;
  peer.owner = raw_name("UPDATE.exAMPLE.");
  peer.algorithm = raw_name("HMAC-SHA256.");
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac)), TsigVerdict::good);
}

TEST(TsigVerify,
     ACompressedOwnerIsReadOnReception) {  // RFC 8945 section 4.2 forbids it only for the algorithm
  Bytes message = hex("1234 a800 0001 0000 0000 0000 06 757064617465 07 6578616d706c65 00 0006 0001");
  PeerTsig peer;
  peer.owner = hex("c00c");
  EXPECT_EQ(verdict(peer.sign(message, request_mac)), TsigVerdict::good);
  peer.owner = hex("06 757064617465 c013");
  EXPECT_EQ(verdict(peer.sign(message, request_mac)), TsigVerdict::good);
  peer.owner = hex("c0ff");  // forward
  EXPECT_EQ(verdict(peer.sign(message, request_mac)), TsigVerdict::malformed);
}

TEST(TsigVerify, ACompressedAlgorithmIsMalformed) {  // RFC 8945 section 4.2
  Bytes message = hex("1234 a800 0001 0000 0000 0000 0b 686d61632d736861323536 00 0006 0001");
  PeerTsig peer;
  peer.algorithm = hex("c00c");
  EXPECT_EQ(verdict(peer.sign(message, request_mac)), TsigVerdict::malformed);
}

TEST(TsigVerify, TheOriginalIdIsWhatWasSigned) {  // RFC 8945 section 4.3.2: a forwarder changed the header's
  PeerTsig peer;
  peer.original_id = 0x4321;
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac)), TsigVerdict::good);
}

TEST(TsigVerify, TheClockMayDifferByFudgeAndNoMore) {  // RFC 8945 section 5.2.3
  const Bytes message = PeerTsig{}.sign(answer(), request_mac);
  EXPECT_EQ(verdict(message, noon + 300), TsigVerdict::good);
  EXPECT_EQ(verdict(message, noon - 300), TsigVerdict::good);
  EXPECT_EQ(verdict(message, noon + 301), TsigVerdict::bad_time);
  EXPECT_EQ(verdict(message, noon - 301), TsigVerdict::bad_time);
}

TEST(TsigVerify, TheEdgesOf48BitsDoNotWrap) {
  PeerTsig peer;
  peer.fudge = 65535;
  peer.time_signed = 0xFFFF'FFFF'FFFF;
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac), 0), TsigVerdict::bad_time);
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac), 0xFFFF'FFFF'FFFF), TsigVerdict::good);
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac), 0xFFFF'FFFF'FFFF - 65535), TsigVerdict::good);
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac), 0xFFFF'FFFF'FFFF - 65536), TsigVerdict::bad_time);
  peer.time_signed = 0;
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac), 65535), TsigVerdict::good);
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac), 65536), TsigVerdict::bad_time);
  peer.time_signed = 0xFFFF'FFFF;
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac), 0x1'0000'0000), TsigVerdict::good);
}

TEST(TsigVerify, TheMacIsCheckedBeforeTheTime) {  // RFC 8945 section 5.2
  PeerTsig peer;
  peer.secret = Bytes(32, 1);
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac), noon + 1000), TsigVerdict::bad_mac);
}

TEST(TsigVerify, MacsOfOtherThanFullLength) {  // RFC 8945 sections 5.2.2.1 and 5.2.4
  struct Row {
    std::size_t mac_size;
    bool authentic;
  };
  for (const auto& row : {Row{0, false}, Row{9, false}, Row{10, false}, Row{15, false}, Row{16, true},
                          Row{31, true}, Row{33, false}, Row{64, false}}) {
    PeerTsig peer;
    peer.mac_size = row.mac_size;
    const auto result = verify(peer.sign(answer(), request_mac), key(), request_mac, noon);
    EXPECT_EQ(result.verdict, TsigVerdict::bad_mac) << row.mac_size;
    EXPECT_EQ(result.authentic, row.authentic) << row.mac_size;
  }
}

TEST(TsigVerify, TheTimeIsCheckedBeforeTheTruncation) {  // RFC 8945 section 5.2
  PeerTsig peer;
  peer.mac_size = 16;
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac), noon + 301), TsigVerdict::bad_time);
}

TEST(TsigVerify, AnotherKeyOrAlgorithmIsNeverSuccess) {  // RFC 8945 section 5.4.1
  PeerTsig peer;
  peer.owner = peer.digested_owner = raw_name("other.example.");
  EXPECT_EQ(verdict(peer.sign(answer(), request_mac)), TsigVerdict::other_key);
  PeerTsig weaker;
  weaker.algorithm = raw_name("hmac-sha1.");
  EXPECT_EQ(verdict(weaker.sign(answer(), request_mac)), TsigVerdict::other_key);
}

TEST(TsigVerify, ATsigOfTheWrongFormIsMalformed) {  // RFC 8945 sections 4.2 and 5.2
  PeerTsig wrong_class;
  wrong_class.rr_class = 1;
  PeerTsig wrong_ttl;
  wrong_ttl.ttl = 1;
  PeerTsig garbage_behind;
  garbage_behind.behind = {0};
  for (const auto& peer : {wrong_class, wrong_ttl, garbage_behind})
    EXPECT_EQ(verdict(peer.sign(answer(), request_mac)), TsigVerdict::malformed);
}

TEST(TsigVerify, ATsigThatIsNotLastOrNotAloneIsMalformed) {  // RFC 8945 section 5.2
  const Bytes once = PeerTsig{}.sign(answer(), request_mac);
  EXPECT_EQ(verdict(PeerTsig{}.sign(once, request_mac)), TsigVerdict::malformed);
  Bytes not_last = once;
  put(not_last, hex("00 0029 04d0 00000000 0000"));  // an OPT
  ++not_last[11];
  EXPECT_EQ(verdict(not_last), TsigVerdict::malformed);
  Bytes in_authority = once;
  --in_authority[11];
  ++in_authority[9];
  EXPECT_EQ(verdict(in_authority), TsigVerdict::malformed);
}

TEST(TsigVerify, RdataThatLiesAboutItsLengthsIsMalformed) {
  const Bytes good = PeerTsig{}.sign(answer(), request_mac);
  const std::size_t mac_size_at = good.size() - 6 - 32 - 2, other_size_at = good.size() - 2;
  for (const std::size_t at : {mac_size_at, other_size_at}) {
    for (const int change : {1, -1, 100}) {
      Bytes lying = good;
      lying[at + 1] = static_cast<std::uint8_t>(lying[at + 1] + change);
      EXPECT_EQ(verdict(lying), TsigVerdict::malformed) << at << " by " << change;
    }
  }
}

struct PeerError {
  std::uint16_t error;
  TsigVerdict verdict;
};
constexpr PeerError peer_errors[] = {
    {16, TsigVerdict::peer_badsig},      {17, TsigVerdict::peer_badkey},
    {18, TsigVerdict::peer_badtime},     {22, TsigVerdict::peer_badtrunc},
    {19, TsigVerdict::peer_other_error}, {65535, TsigVerdict::peer_other_error},
};

TEST(TsigVerify, WhatAPeerReportsWithoutAMacIsUnauthenticated) {  // RFC 8945 sections 5.3.2 and 5.4
  for (const auto& row : peer_errors) {
    PeerTsig peer;
    peer.error = row.error;
    peer.mac_size = 0;
    const auto result = verify(peer.sign(answer(rcode::notauth), request_mac), key(), request_mac, noon);
    EXPECT_EQ(result.verdict, row.verdict) << row.error;
    EXPECT_FALSE(result.authentic);
    EXPECT_EQ(result.peer_error, row.error);
  }
}

TEST(TsigVerify, WithoutAMacOnlyNotauthMayReport) {  // RFC 8945 section 5.4: else discard
  for (const auto& row : peer_errors) {
    PeerTsig peer;
    peer.error = row.error;
    peer.mac_size = 0;
    const auto result = verify(peer.sign(answer(rcode::servfail), request_mac), key(), request_mac, noon);
    EXPECT_EQ(result.verdict, TsigVerdict::bad_mac) << row.error;
    EXPECT_EQ(result.peer_error, row.error);
  }
}

TEST(TsigVerify, BadtimeIsVerifiedWithOurTimeAndTellsTheServers) {  // RFC 8945 section 5.2.3
  PeerTsig peer;
  peer.error = 18;
  put(peer.other, noon + 7200, 6);
  // Time Signed is the request's; our clock may have moved on, which is no reason to doubt it.
  const auto result = verify(peer.sign(answer(rcode::notauth), request_mac), key(), request_mac, noon + 400);
  EXPECT_EQ(result.verdict, TsigVerdict::peer_badtime);
  EXPECT_TRUE(result.authentic);
  EXPECT_EQ(result.server_time, noon + 7200);
}

TEST(TsigVerify, AnUnsignedBadtimeIsReportedAsUnauthenticated) {  // NSD does so, against section 5.2.3
  PeerTsig peer;
  peer.error = 18;
  peer.mac_size = 0;
  put(peer.other, noon + 7200, 6);
  const auto result = verify(peer.sign(answer(rcode::notauth), request_mac), key(), request_mac, noon);
  EXPECT_EQ(result.verdict, TsigVerdict::peer_badtime);
  EXPECT_FALSE(result.authentic);
  EXPECT_EQ(result.server_time, noon + 7200);
}

TEST(TsigVerify, ASignedBadtruncIsAuthentic) {  // RFC 8945 section 5.2.4
  PeerTsig peer;
  peer.error = 22;
  const auto result = verify(peer.sign(answer(rcode::notauth), request_mac), key(), request_mac, noon);
  EXPECT_EQ(result.verdict, TsigVerdict::peer_badtrunc);
  EXPECT_TRUE(result.authentic);
}

TEST(TsigVerify, ATruncatedAnswerOverUdpVerifiesAsItIs) {  // RFC 8945 section 5.3: TC, question and TSIG only
  Bytes truncated = answer();
  truncated[2] = 0x86;
  EXPECT_EQ(verdict(PeerTsig{}.sign(truncated, request_mac)), TsigVerdict::good);
}

TEST(TsigAlgorithms, AreKnownByTheirNamesInAnyCase) {  // RFC 8945 section 6
  EXPECT_EQ(parse_algorithm("hmac-sha256"), TsigAlgorithm::hmac_sha256);
  EXPECT_EQ(parse_algorithm("HMAC-SHA512."), TsigAlgorithm::hmac_sha512);
  EXPECT_EQ(parse_algorithm("hmac-md5"), TsigAlgorithm::hmac_md5);
  EXPECT_EQ(parse_algorithm("hmac-md5.sig-alg.reg.int"), TsigAlgorithm::hmac_md5);
  EXPECT_EQ(wire_name(TsigAlgorithm::hmac_md5).text(), "hmac-md5.sig-alg.reg.int.");
  EXPECT_TRUE(is_weak(TsigAlgorithm::hmac_md5));
  EXPECT_TRUE(is_weak(TsigAlgorithm::hmac_sha1));
  EXPECT_FALSE(is_weak(TsigAlgorithm::hmac_sha224));
}

TEST(TsigAlgorithms, TruncatedOnesAreRefusedByName) {  // RFC 8945 section 5.2.2.1: never generated
  const auto refused = parse_algorithm("hmac-sha256-128");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(),
            "TSIG algorithm hmac-sha256-128 truncates the MAC, which is not supported; configure hmac-sha256 "
            "for this "
            "key on the server and here");
  for (const auto* unknown : {"", "sha256", "gss-tsig", "hmac-sha3-256", "hmac..sha256"})
    EXPECT_FALSE(parse_algorithm(unknown));
}

TEST(TsigKey, ItsLabelHoldsNoSecret) { EXPECT_EQ(key().label(), "key update.example. (hmac-sha256)"); }

// A stream of answers to one request, signed where `signs` says so.
class Stream {
 public:
  TsigResult next(bool is_signed = true, std::uint64_t time_signed = noon, std::uint64_t now = noon) {
    peer_.time_signed = time_signed;
    const Bytes message = answer();
    if (!is_signed) {
      put(unsigned_, message);
      return stream_.next(message, now);
    }
    const Bytes wire = peer_.sign(message, prior_mac_, unsigned_);
    prior_mac_ = peer_.mac(message, prior_mac_, unsigned_);
    unsigned_.clear();
    peer_.timers_only = true;
    return stream_.next(wire, now);
  }
  TsigStream& stream() { return stream_; }

 private:
  TsigKey key_ = key();
  TsigStream stream_{key_, request_mac};
  PeerTsig peer_;
  Bytes prior_mac_ = request_mac, unsigned_;
};

TEST(TsigStream, AcceptsWhatPythonSigned) {  // RFC 8945 section 5.3.1
  Bytes secret, first_mac;
  for (unsigned i = 0; i < 48; ++i) {
    secret.push_back(static_cast<std::uint8_t>(7 * i + 48));
    first_mac.push_back(static_cast<std::uint8_t>(i));
  }
  const auto signer = key(TsigAlgorithm::hmac_sha384, secret);
  TsigStream stream(signer, first_mac);
  for (const auto* message : stream_vector)
    EXPECT_EQ(stream.next(hex(message), noon).verdict, TsigVerdict::good);
  EXPECT_TRUE(stream.last_was_signed());
}

TEST(TsigStream, TheFirstMessageMustBeSigned) {  // RFC 8945 section 5.3.1
  EXPECT_EQ(Stream().next(false).verdict, TsigVerdict::unsigned_answer);
}

TEST(TsigStream, NinetyNineUnsignedInARowAndNoMore) {  // RFC 8945 section 5.3.1
  Stream stream;
  EXPECT_EQ(stream.next().verdict, TsigVerdict::good);
  for (int i = 0; i < 99; ++i) EXPECT_EQ(stream.next(false).verdict, TsigVerdict::good);
  EXPECT_FALSE(stream.stream().last_was_signed());
  EXPECT_EQ(stream.next().verdict, TsigVerdict::good);
  EXPECT_TRUE(stream.stream().last_was_signed());
  for (int i = 0; i < 99; ++i) EXPECT_EQ(stream.next(false).verdict, TsigVerdict::good);
  EXPECT_EQ(stream.next(false).verdict, TsigVerdict::unsigned_answer);
  EXPECT_EQ(stream.next().verdict, TsigVerdict::unsigned_answer);  // and nothing mends it
}

TEST(TsigStream, TimesMustNotDecrease) {  // RFC 8945 section 5.3.1
  Stream stream;
  EXPECT_EQ(stream.next(true, noon).verdict, TsigVerdict::good);
  EXPECT_EQ(stream.next(true, noon).verdict, TsigVerdict::good);
  EXPECT_EQ(stream.next(true, noon - 1).verdict, TsigVerdict::bad_time);
}

TEST(TsigStream, EachTimeIsHeldAgainstTheClockAtItsArrival) {
  Stream stream;
  EXPECT_EQ(stream.next(true, noon, noon + 300).verdict, TsigVerdict::good);
  EXPECT_EQ(stream.next(true, noon, noon + 301).verdict, TsigVerdict::bad_time);
}

TEST(TsigStream, AChangedUnsignedMessageIsFoundByTheNextMac) {
  const Bytes first = PeerTsig{}.sign(answer(), request_mac);
  PeerTsig later;
  later.timers_only = true;
  const Bytes second = later.sign(answer(), PeerTsig{}.mac(answer(), request_mac), answer());
  const auto signer = key();
  for (const bool is_forged : {false, true}) {
    TsigStream stream(signer, request_mac);
    ASSERT_EQ(stream.next(first, noon).verdict, TsigVerdict::good);
    ASSERT_EQ(stream.next(answer(is_forged ? 1 : 0), noon).verdict, TsigVerdict::good);
    EXPECT_EQ(stream.next(second, noon).verdict, is_forged ? TsigVerdict::bad_mac : TsigVerdict::good);
  }
}

TEST(TsigStream, ADroppedMessageIsFound) {
  Stream stream;
  ASSERT_EQ(stream.next().verdict, TsigVerdict::good);
  PeerTsig later;
  later.timers_only = true;
  EXPECT_EQ(stream.stream().next(later.sign(answer(), Bytes(32, 7)), noon).verdict, TsigVerdict::bad_mac);
}

TEST(TsigStream, AFirstMessageRepeatedInTheMiddleIsRefused) {
  const auto signer = key();
  TsigStream stream(signer, request_mac);
  const Bytes first = PeerTsig{}.sign(answer(), request_mac);
  ASSERT_EQ(stream.next(first, noon).verdict, TsigVerdict::good);
  EXPECT_EQ(stream.next(first, noon).verdict, TsigVerdict::bad_mac);
}

}  // namespace tsig_test
}  // namespace tlsa_update::dns
