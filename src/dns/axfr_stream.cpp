#include "tlsa_update/dns/axfr_stream.hpp"

#include "judge.hpp"
#include "record_sieve.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

// The envelope of one message of the answer (RFC 5936 section 2.2.1). AA, RA, AD, CD, RD are not read, and TC
// never is.
void check_header(WireReader& reader, const Header& header, std::uint16_t id) {
  if (header.id != id) reader.fail_at("an answer to another request", 0);
  if (!header.is_response()) reader.fail_at("a request where an answer was due", 2);
  if (header.opcode() != 0) reader.fail_at("an answer with another opcode", 2);
}

// RFC 5936 section 2.2.2: the question may be missing.
void check_question(WireReader& reader, const Header& header, const Name& apex) {
  if (header.questions == 0) return;
  const std::size_t at = reader.at();
  WireName name;
  const bool is_ours = reader.name(name) && std::ranges::equal(name.view(), apex.wire()) &&
                       reader.u16() == type::axfr && reader.u16() == class_in;
  if (!is_ours || header.questions != 1) reader.fail_at("an answer to another question", at);
}

// OPT, TSIG (which is verified by then) or SIG(0): section 2.2.5.
void skip_additional(WireReader& reader, std::uint16_t count) {
  WireName owner;
  for (; count > 0 && reader.name(owner); --count) reader.octets(reader.record_fields().rdata_size);
}

}  // namespace

AxfrStream::AxfrStream(Name zone, std::uint16_t id, const TsigKey* key, Bytes request_mac,
                       std::set<Name> interesting)
    : apex_(std::move(zone)),
      id_(id),
      key_(key),
      sieve_(std::make_unique<RecordSieve>(apex_, std::move(interesting))) {
  if (key_ != nullptr) tsig_.emplace(*key_, std::move(request_mac));
}
AxfrStream::~AxfrStream() = default;
AxfrStream::AxfrStream(AxfrStream&&) noexcept = default;
AxfrStream& AxfrStream::operator=(AxfrStream&&) noexcept = default;

Result<bool> AxfrStream::next(ByteView message, std::uint64_t now) {
  if (!sieve_) return fail(ErrorCode::protocol, "a message behind the end of the transfer");
  ++messages_;
  auto is_complete = take(message, now);
  if (is_complete && *is_complete) {
    zone_ = std::move(*sieve_).finish();
    zone_.messages = messages_;
  }
  if (!is_complete)
    is_complete.error().what = "AXFR of " + apex_.text() + ", message " + std::to_string(messages_) + ": " +
                               is_complete.error().what;
  if (!is_complete || *is_complete) sieve_.reset();
  return is_complete;
}

Result<bool> AxfrStream::take(ByteView message, std::uint64_t now) {
  WireReader reader(message);
  const auto header = reader.header();
  check_header(reader, header, id_);
  check_question(reader, header, apex_);
  if (!reader.ok()) return tl::unexpected(reader.error());
  std::optional<TsigResult> tsig;
  if (tsig_) tsig = tsig_->next(message, now);
  // RFC 5936 section 2.2.1 e: an error may come in any message.
  if ((tsig && tsig->verdict != TsigVerdict::good) || header.rcode() != rcode::noerror)
    return tl::unexpected(refusal(message, tsig, now));

  for (auto count = header.answers; count > 0 && reader.ok(); --count) sieve_->take(reader);
  if (header.authorities != 0) reader.fail_at("an authority section in a transfer", 8);  // section 2.2.4
  skip_additional(reader, header.additionals);
  if (messages_ == 1 && header.answers == 0) reader.fail_at("a transfer that begins with no record", 6);
  if (reader.ok() && !reader.is_at_end()) reader.fail_at("octets behind the last record", reader.at());
  if (!reader.ok()) return tl::unexpected(reader.error());
  // RFC 8945 section 5.3.1: the last message must be signed.
  if (sieve_->is_closed() && tsig_ && !tsig_->last_was_signed())
    return fail(ErrorCode::protocol, "the last message of the transfer is not signed");
  return sieve_->is_closed();
}

Error AxfrStream::refusal(ByteView wire, const std::optional<TsigResult>& tsig, std::uint64_t now) const {
  auto message = parse_message(wire);
  if (!message) return std::move(message.error());
  message->truncated = false;  // RFC 5936 section 2.2.1: never read
  const auto rcode = message->rcode;
  Asked asked;
  asked.id = id_;
  asked.question = {apex_, type::axfr};
  asked.key = key_;
  asked.is_key_known = is_key_known_;
  auto judged = judge(asked, *std::move(message), tsig, now);
  if (judged.error) return *std::move(judged.error);
  return {ErrorCode::refused,
          rcode_text(rcode),
          {},
          "the server must allow the transfer of " + apex_.text() + " to " +
              (key_ != nullptr ? key_->label() : "this host")};
}

bool is_occluded(const TransferredZone& zone, const Name& owner) {
  for (Name at = owner;; at = at.parent()) {
    if (zone.cuts.contains(at) || (at != owner && zone.dname.contains(at))) return true;
    if (at == zone.apex || at.is_root()) return false;
  }
}

}  // namespace tlsa_update::dns
