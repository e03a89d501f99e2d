#include "tlsa_update/dns/tsig.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cctype>

#include "mac.hpp"
#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/dns/message.hpp"
#include "tsig_record.hpp"

namespace tlsa_update::dns {
namespace {

struct AlgorithmFacts {
  TsigAlgorithm algorithm;
  std::string_view text;
  std::string_view wire_text;  // RFC 8945 section 6
  std::size_t mac_size;
};

// In the order of the enumerators.
constexpr std::array algorithms{
    AlgorithmFacts{TsigAlgorithm::hmac_md5, "hmac-md5", "hmac-md5.sig-alg.reg.int.", 16},
    AlgorithmFacts{TsigAlgorithm::hmac_sha1, "hmac-sha1", "hmac-sha1.", 20},
    AlgorithmFacts{TsigAlgorithm::hmac_sha224, "hmac-sha224", "hmac-sha224.", 28},
    AlgorithmFacts{TsigAlgorithm::hmac_sha256, "hmac-sha256", "hmac-sha256.", 32},
    AlgorithmFacts{TsigAlgorithm::hmac_sha384, "hmac-sha384", "hmac-sha384.", 48},
    AlgorithmFacts{TsigAlgorithm::hmac_sha512, "hmac-sha512", "hmac-sha512.", 64},
};

const AlgorithmFacts& facts(TsigAlgorithm algorithm) {
  return algorithms[static_cast<std::size_t>(algorithm)];
}

constexpr std::uint64_t max_time = 0xFFFF'FFFF'FFFF;  // 48 bits
constexpr unsigned max_unsigned_run = 99;             // RFC 8945 section 5.3.1

// RFC 8945 section 4.3.1: a MAC is digested behind its length.
void digest_prior_mac(Mac& mac, ByteView prior) {
  mac.update_u16(prior.size());
  mac.update(prior);
}

// RFC 8945 section 4.3.2: the message as it was before the TSIG RR: without it, ARCOUNT less one, and with
// its Original ID.
void digest_message(Mac& mac, ByteView message, const TsigRecord& tsig) {
  assert(tsig.at >= header_size);
  auto header = WireReader(message).header();
  header.id = tsig.original_id;
  --header.additionals;
  WireWriter original;
  original.header(header);
  mac.update(original.take());
  mac.update(message.subspan(header_size, tsig.at - header_size));
}

TsigVerdict verdict_of_peer_error(std::uint16_t error) {
  switch (error) {
    case 0:
      return TsigVerdict::good;
    case tsig_error::badsig:
      return TsigVerdict::peer_badsig;
    case tsig_error::badkey:
      return TsigVerdict::peer_badkey;
    case tsig_error::badtime:
      return TsigVerdict::peer_badtime;
    case tsig_error::badtrunc:
      return TsigVerdict::peer_badtrunc;
    default:
      return TsigVerdict::peer_other_error;
  }
}

// RFC 8945 section 5.2.3: with BADTIME the server's clock stands in Other Data.
std::uint64_t server_time(const TsigRecord& tsig) {
  if (tsig.error != tsig_error::badtime || tsig.other.size() != 6) return tsig.time_signed;
  return WireReader(tsig.other).u48();
}

bool is_within_fudge(const TsigRecord& tsig, std::uint64_t now) {
  const std::uint64_t apart = now > tsig.time_signed ? now - tsig.time_signed : tsig.time_signed - now;
  return apart <= tsig.fudge;
}

// RFC 8945 section 5.2.2.1: is this the beginning of the digest, and long enough to be looked at?
bool matches(ByteView received, ByteView digest) {
  const std::size_t least = std::max<std::size_t>(10, digest.size() / 2);
  return received.size() >= least && received.size() <= digest.size() &&
         equal_in_constant_time(received, digest.first(received.size()));
}

// RFC 8945 section 5.2 for one TSIG RR whose key is ours: MAC, time, truncation, then what the peer says.
TsigVerdict judge(const TsigRecord& tsig, ByteView digest, std::uint16_t rcode, std::uint64_t now,
                  bool& authentic) {
  const auto peer = verdict_of_peer_error(tsig.error);
  authentic = matches(tsig.mac, digest);
  if (!authentic) {
    // Section 5.4: only NOTAUTH may carry a report that cannot be verified.
    return peer != TsigVerdict::good && rcode == rcode::notauth ? peer : TsigVerdict::bad_mac;
  }
  // Section 5.2.3: Time Signed of a BADTIME answer is our own, which the server found wanting.
  if (peer == TsigVerdict::peer_badtime) return peer;
  if (!is_within_fudge(tsig, now)) return TsigVerdict::bad_time;
  if (tsig.mac.size() != digest.size()) return TsigVerdict::bad_mac;  // section 5.2.4
  return peer;
}

// `mac` has digested whatever comes before the message; it begins anew.
TsigResult check_signed(ByteView message, TsigRecord tsig, const TsigKey& key, Mac& mac, bool timers_only,
                        std::uint64_t now) {
  TsigResult result;
  result.peer_error = tsig.error;
  result.server_time = server_time(tsig);
  // Section 5.2.1. Names compare as Names: in any case.
  if (tsig.key_name != key.name || tsig.algorithm != wire_name(key.algorithm)) {
    result.verdict = TsigVerdict::other_key;
    return result;
  }
  digest_message(mac, message, tsig);
  mac.update(timers_only ? tsig_timers(tsig) : tsig_variables(tsig));
  const auto rcode = WireReader(message).header().rcode();
  result.verdict = judge(tsig, mac.finish(), rcode, now, result.authentic);
  result.mac = std::move(tsig.mac);
  return result;
}

// "hmac-sha256-128": so RFC 8945 table 3 and BIND name HMACs with truncated MACs.
bool is_truncated_form(std::string_view label, std::string_view known) {
  return label.size() > known.size() + 1 && label.starts_with(known) && label[known.size()] == '-' &&
         label.find_first_not_of("0123456789", known.size() + 1) == std::string_view::npos;
}

// Only "hmac-" and a short word, or a short word: there may be a secret in the wrong place.
Fact shown_algorithm(std::string_view written) {
  const auto word = lowered(written);
  constexpr std::string_view prefix = "hmac-";
  if (!word.starts_with(prefix) || Fact::word(word.substr(prefix.size())).text().front() != '"')
    return Fact::word(word);
  return Fact::not_of_file('"' + word + '"');
}

}  // namespace

std::string_view text(TsigAlgorithm algorithm) { return facts(algorithm).text; }

const Name& wire_name(TsigAlgorithm algorithm) {
  static const auto names = [] {
    std::array<Name, algorithms.size()> parsed;
    for (std::size_t i = 0; i < parsed.size(); ++i) parsed[i] = Name::parse(algorithms[i].wire_text).value();
    return parsed;
  }();
  return names[static_cast<std::size_t>(algorithm)];
}

std::size_t mac_size(TsigAlgorithm algorithm) { return facts(algorithm).mac_size; }

// RFC 8945 section 6, table 3: MD5 must not be used, SHA-1 is not recommended.
bool is_weak(TsigAlgorithm algorithm) {
  return algorithm == TsigAlgorithm::hmac_md5 || algorithm == TsigAlgorithm::hmac_sha1;
}

Result<TsigAlgorithm> parse_algorithm(std::string_view text) {
  const auto name = Name::parse(text);
  for (const auto& known : algorithms) {
    if (name && (*name == wire_name(known.algorithm) || *name == Name::parse(known.text).value()))
      return known.algorithm;
    if (name && is_truncated_form(name->first_label(), known.text)) {
      return fail(
          ErrorCode::bad_data,
          "TSIG algorithm " + std::string(name->first_label()) + " truncates the MAC, which is not supported",
          {}, "configure " + std::string(known.text) + " for this key on the server and here");
    }
  }
  return fail(ErrorCode::bad_data, "unknown TSIG algorithm " + shown_algorithm(text).text(), {},
              "expected hmac-sha224, hmac-sha256, hmac-sha384, hmac-sha512, hmac-sha1 or hmac-md5");
}

std::string TsigKey::label() const {
  return "key " + name.text() + " (" + std::string(text(algorithm)) + ")";
}

Signed sign(ByteView message, const TsigKey& key, std::uint64_t now, ByteView request_mac,
            std::uint16_t fudge) {
  assert(message.size() >= header_size);
  TsigRecord tsig;
  tsig.key_name = key.name;
  tsig.algorithm = wire_name(key.algorithm);
  tsig.time_signed = now & max_time;
  tsig.fudge = fudge;
  tsig.original_id = WireReader(message).u16();
  Mac mac(key);
  if (!request_mac.empty()) digest_prior_mac(mac, request_mac);
  mac.update(message);
  mac.update(tsig_variables(tsig));
  tsig.mac = mac.finish();
  return {with_tsig(message, tsig), tsig.mac};
}

TsigResult verify(ByteView message, const TsigKey& key, ByteView request_mac, std::uint64_t now) {
  return TsigStream(key, Bytes(request_mac.begin(), request_mac.end())).next(message, now);
}

TsigStream::TsigStream(const TsigKey& key, Bytes request_mac) : key_(&key), mac_(std::make_unique<Mac>(key)) {
  if (!request_mac.empty()) digest_prior_mac(*mac_, request_mac);
}
TsigStream::~TsigStream() = default;
TsigStream::TsigStream(TsigStream&&) noexcept = default;
TsigStream& TsigStream::operator=(TsigStream&&) noexcept = default;

TsigResult TsigStream::next(ByteView message, std::uint64_t now) {
  TsigResult result;
  result.verdict = verdict_;
  if (verdict_ != TsigVerdict::good) return result;
  result = check(message, now);
  verdict_ = result.verdict;
  ++count_;
  return result;
}

TsigResult TsigStream::check(ByteView message, std::uint64_t now) {
  TsigResult result;
  auto search = find_tsig(message);
  if (search.outcome == TsigSearch::Outcome::malformed) return result;
  if (search.outcome == TsigSearch::Outcome::absent) {
    const bool is_tolerated = count_ > 0 && ++unsigned_run_ <= max_unsigned_run;
    result.verdict = is_tolerated ? TsigVerdict::good : TsigVerdict::unsigned_answer;
    mac_->update(message);
    return result;
  }
  const std::uint64_t time_signed = search.record.time_signed;
  // The first message covers all variables; later ones the timers alone (section 5.3.1).
  result = check_signed(message, std::move(search.record), *key_, *mac_, count_ > 0, now);
  if (result.verdict != TsigVerdict::good) return result;
  if (time_signed < last_time_) result.verdict = TsigVerdict::bad_time;
  last_time_ = time_signed;
  unsigned_run_ = 0;
  digest_prior_mac(*mac_, result.mac);
  return result;
}

}  // namespace tlsa_update::dns
