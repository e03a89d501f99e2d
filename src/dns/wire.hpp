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
  [[nodiscard]] bool has(std::size_t size);
  std::uint64_t number(std::size_t size);

  ByteView message_;
  std::size_t at_ = 0;
  const char* fault_ = nullptr;
  std::size_t fault_at_ = 0;
};

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
