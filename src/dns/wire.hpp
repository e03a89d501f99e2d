// Octets of DNS messages (RFC 1035 section 4.1), read front to back, and appended:
// numbers, names with their compression, record headers. Never reads past the end, never follows a pointer
// that does not point backwards, and knows no record type's meaning.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/name.hpp"

namespace tlsa_update::dns {

inline constexpr std::uint16_t class_in = 1, class_none = 254, class_any = 255;
inline constexpr std::size_t header_size = 12;
inline constexpr std::size_t max_message_size = 65535;  // RFC 1035 section 4.2.2

[[nodiscard]] inline Bytes copy(ByteView view) { return {view.begin(), view.end()}; }

// A name off the wire: uncompressed, ASCII letters in lower case, without an allocation.
class WireName {
 public:
  static constexpr std::size_t max_size = 255;  // RFC 1035 section 2.3.4

  [[nodiscard]] ByteView view() const { return {octets_.data(), size_}; }
  [[nodiscard]] Name name() const;

 private:
  friend class WireReader;
  std::array<std::uint8_t, max_size> octets_;
  std::size_t size_ = 0;
};

// RFC 1035 section 4.1.1.
struct Header {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::uint16_t questions = 0, answers = 0, authorities = 0, additionals = 0;

  [[nodiscard]] bool is_response() const { return (flags & 0x8000) != 0; }
  [[nodiscard]] std::uint8_t opcode() const { return static_cast<std::uint8_t>((flags >> 11) & 15); }
  [[nodiscard]] std::uint16_t rcode() const { return flags & 15; }
  [[nodiscard]] std::uint32_t records() const { return std::uint32_t{answers} + authorities + additionals; }
};

// What stands between a record's owner and its RDATA (RFC 1035 section 4.1.3), and where that RDATA is.
struct RecordFields {
  std::uint16_t type = 0;
  std::uint16_t rr_class = 0;
  std::uint32_t ttl = 0;
  std::uint16_t rdata_size = 0;
  std::size_t rdata_at = 0;
};

// The first fault sticks: whatever is read after it is zero or empty and moves nothing, so that a caller may
// read several fields and ask once.
class WireReader {
 public:
  explicit WireReader(ByteView message, std::size_t at = 0) : message_(message), at_(at) {}

  [[nodiscard]] bool ok() const { return fault_ == nullptr; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool is_at_end() const { return at_ == message_.size(); }
  [[nodiscard]] Error error() const;  // protocol: what is wrong and at which octet

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u48() { return number(6); }
  ByteView octets(std::size_t size);
  Header header();

  // RFC 1035 section 4.1.4. False on a fault: past the end, a pointer that does not point backwards, an
  // unknown label type, over 255 octets.
  bool name(WireName& into);
  Name name();
  // As far as the name goes here; a pointer at its end is not followed.
  void skip_name();

  // The fields after an owner. RDATA lies within the message; the reader stands before it.
  RecordFields record_fields();

  // `what` is a literal. Always false.
  bool fail_at(const char* what, std::size_t octet);

 private:
  static constexpr std::size_t max_label = 63;

  [[nodiscard]] bool has(std::size_t size);
  std::uint64_t number(std::size_t size);

  ByteView message_;
  std::size_t at_ = 0;
  const char* fault_ = nullptr;
  std::size_t fault_at_ = 0;
};

// What every record of a transfer passes through, a million times, is inline.

inline bool WireReader::has(std::size_t size) {
  if (ok() && size <= message_.size() - at_) return true;
  return fail_at("it ends too early", message_.size());
}

inline ByteView WireReader::octets(std::size_t size) {
  if (!has(size)) return {};
  const auto view = message_.subspan(at_, size);
  at_ += size;
  return view;
}

inline void WireReader::skip_name() {
  while (has(1)) {
    const std::size_t length = message_[at_];
    if (length > max_label) {
      if (length < 0xC0) fail_at("a label of an unknown type", at_);
      octets(2);
      return;
    }
    octets(length + 1);
    if (length == 0) return;
  }
}

inline RecordFields WireReader::record_fields() {
  RecordFields fields;
  const auto fixed = octets(10);
  if (fixed.empty()) return fields;
  const auto at = [&](std::size_t i) { return std::uint32_t{fixed[i]}; };
  fields.type = static_cast<std::uint16_t>(at(0) << 8 | at(1));
  fields.rr_class = static_cast<std::uint16_t>(at(2) << 8 | at(3));
  fields.ttl = at(4) << 24 | at(5) << 16 | at(6) << 8 | at(7);
  fields.rdata_size = static_cast<std::uint16_t>(at(8) << 8 | at(9));
  fields.rdata_at = at_;
  if (fields.rdata_size > message_.size() - at_) fail_at("RDATA runs past the end", at_ - 2);
  return fields;
}

// Appends to a message. No compression but what the caller asks for.
class WireWriter {
 public:
  explicit WireWriter(Bytes out = {}) : out_(std::move(out)) {}

  void u16(std::uint64_t value) { number(value, 2); }
  void u32(std::uint64_t value) { number(value, 4); }
  void u48(std::uint64_t value) { number(value, 6); }
  void octets(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void header(const Header& header);
  // The fields of a record after its owner, then RDATA.
  void record(std::uint16_t type, std::uint16_t rr_class, std::uint32_t ttl, ByteView rdata);

  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  void number(std::uint64_t value, int octets);
  Bytes out_;
};

}  // namespace tlsa_update::dns
