#include "wire.hpp"

#include <algorithm>
#include <cassert>

namespace tlsa_update::dns {
namespace {

// A name has at most 127 labels, so an honest one cannot need more pointers.
constexpr int max_pointers = 127;

constexpr std::uint8_t lower_octet(std::uint8_t octet) {
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

std::uint64_t WireReader::number(std::size_t size) {
  std::uint64_t value = 0;
  for (const auto octet : octets(size)) value = value << 8 | octet;
  return value;
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
                   into.octets_.begin() + static_cast<std::ptrdiff_t>(into.size_) + 1, lower_octet);
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
