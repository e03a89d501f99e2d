#include "wire.hpp"

#include <algorithm>
#include <cassert>

namespace tlsa_update::dns {
namespace {

constexpr std::size_t max_label = 63;
// A name has at most 127 labels, so an honest one cannot need more pointers.
constexpr int max_pointers = 127;

constexpr std::uint8_t lower(std::uint8_t octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet + 32) : octet;
}

}  // namespace

Name WireName::name() const {
  auto name = Name::from_wire(view());
  assert(name);
  return *std::move(name);
}

bool WireReader::fail_at(const char* what, std::size_t octet) {
  if (ok()) {
    fault_ = what;
    fault_at_ = octet;
  }
  return false;
}

Error WireReader::error() const {
  assert(!ok());
  return {ErrorCode::protocol,
          std::string("malformed message: ") + fault_ + " at octet " + std::to_string(fault_at_),
          {},
          {}};
}

bool WireReader::has(std::size_t size) {
  if (ok() && size <= message_.size() - at_) return true;
  return fail_at("it ends too early", message_.size());
}

std::uint64_t WireReader::number(std::size_t size) {
  std::uint64_t value = 0;
  for (const auto octet : octets(size)) value = value << 8 | octet;
  return value;
}

ByteView WireReader::octets(std::size_t size) {
  if (!has(size)) return {};
  const auto view = message_.subspan(at_, size);
  at_ += size;
  return view;
}

Header WireReader::header() {
  Header header;
  header.id = u16();
  header.flags = u16();
  header.questions = u16();
  header.answers = u16();
  header.authorities = u16();
  header.additionals = u16();
  return header;
}

bool WireReader::name(WireName& into) {
  into.size_ = 0;
  std::size_t from = at_, run = at_;  // `run`: where the labels now being read began
  std::size_t resume = 0;             // behind the first pointer
  for (int pointers = 0; ok();) {
    if (from >= message_.size()) return fail_at("a name runs past the end", from);
    const std::size_t length = message_[from];
    if (length > max_label) {
      if (length < 0xC0) return fail_at("a label of an unknown type", from);
      if (from + 1 >= message_.size()) return fail_at("a name runs past the end", from);
      const std::size_t target = (length & 0x3F) << 8 | message_[from + 1];
      // "a prior occurance of the same name": strictly before these labels, so that no loop can be written.
      if (target >= run) return fail_at("a compression pointer that does not point backwards", from);
      if (++pointers > max_pointers) return fail_at("a name of too many compression pointers", from);
      if (resume == 0) resume = from + 2;
      from = run = target;
      continue;
    }
    if (length >= message_.size() - from) return fail_at("a name runs past the end", from);
    // Room for this label, and for the root unless this is it.
    if (into.size_ + length + (length == 0 ? 1 : 2) > WireName::max_size)
      return fail_at("a name of over 255 octets", at_);
    const auto label = message_.subspan(from, length + 1);
    into.octets_[into.size_] = label[0];
    std::transform(label.begin() + 1, label.end(),
                   into.octets_.begin() + static_cast<std::ptrdiff_t>(into.size_) + 1, lower);
    into.size_ += label.size();
    from += label.size();
    if (length == 0) {
      at_ = resume == 0 ? from : resume;
      return true;
    }
  }
  return false;
}

Name WireReader::name() {
  WireName wire;
  return name(wire) ? wire.name() : Name();
}

void WireReader::skip_name() {
  while (has(1)) {
    const std::size_t start = at_, length = u8();
    if (length == 0) return;
    if (length > max_label) {
      if (length < 0xC0) fail_at("a label of an unknown type", start);
      octets(1);
      return;
    }
    octets(length);
  }
}

RecordFields WireReader::record_fields() {
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

void WireWriter::number(std::uint64_t value, int octets) {
  for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8)
    out_.push_back(static_cast<std::uint8_t>(value >> shift));
}

void WireWriter::header(const Header& header) {
  for (const auto field :
       {header.id, header.flags, header.questions, header.answers, header.authorities, header.additionals})
    u16(field);
}

void WireWriter::record(std::uint16_t type, std::uint16_t rr_class, std::uint32_t ttl, ByteView rdata) {
  u16(type);
  u16(rr_class);
  u32(ttl);
  u16(rdata.size());
  octets(rdata);
}

}  // namespace tlsa_update::dns
