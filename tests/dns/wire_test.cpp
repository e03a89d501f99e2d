#include "wire.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tlsa_update::dns {
namespace wire_test {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

// The name at octet `at`, or what is wrong with it.
std::string name_at(const Bytes& wire, std::size_t at) {
  WireReader reader(wire, at);
  const Name name = reader.name();
  return reader.ok() ? name.text() : reader.error().what;
}

TEST(WireReader, FollowsPointersThatPointBackwards) {  // RFC 1035 section 4.1.4
  //                        0           4         7   10          15
  const Bytes wire = hex("03 636f6d 00  01 41 c000   02 4d58 c005   c009");
  EXPECT_EQ(name_at(wire, 0), "com.");
  EXPECT_EQ(name_at(wire, 5), "a.com.");
  EXPECT_EQ(name_at(wire, 9), "mx.a.com.");
  EXPECT_EQ(name_at(wire, 14), "mx.a.com.");
  WireReader reader(wire, 9);
  (void)reader.name();
  EXPECT_EQ(reader.at(), 14U);  // behind the first pointer
}

TEST(WireReader, RefusesNamesThatAreNone) {  // RFC 1035 section 4.1.4, RFC 5936 section 3.4
  const std::pair<const char*, const char*> table[] = {
      {"", "a name runs past the end at octet 0"},
      {"03 6162", "a name runs past the end at octet 0"},
      {"01 61", "a name runs past the end at octet 2"},
      {"c0", "a name runs past the end at octet 0"},
      {"c000", "a compression pointer that does not point backwards at octet 0"},
      {"01 61 c000", "a compression pointer that does not point backwards at octet 2"},
      {"c002 00", "a compression pointer that does not point backwards at octet 0"},
      {"c0ff", "a compression pointer that does not point backwards at octet 0"},
      {"41 61", "a label of an unknown type at octet 0"},
      {"80 61", "a label of an unknown type at octet 0"},
  };
  for (const auto& [wire, fault] : table)
    EXPECT_EQ(name_at(hex(wire), 0), std::string("malformed message: ") + fault);
}

TEST(WireReader, TwoPointersCannotLoop) {
  EXPECT_EQ(name_at(hex("c002 c000"), 2),
            "malformed message: a compression pointer that does not point backwards at octet 0");
}

TEST(WireReader, ANameHasAtMost255Octets) {  // RFC 1035 section 2.3.4, also through compression
  Bytes wire;
  for (int i = 0; i < 3; ++i) {
    wire.push_back(63);
    wire.insert(wire.end(), 63, 'a');
  }
  const auto with_last_label = [&](std::uint8_t length) {
    Bytes whole{length};
    whole.insert(whole.end(), length, 'b');
    whole.insert(whole.end(), wire.begin(), wire.end());
    whole.push_back(0);
    return whole;
  };
  EXPECT_EQ(name_at(with_last_label(61), 0).size(), 254U);
  EXPECT_EQ(name_at(with_last_label(62), 0), "malformed message: a name of over 255 octets at octet 0");
  Bytes compressed = with_last_label(61);  // 255 octets, and one more label before a pointer to them
  const std::size_t at = compressed.size();
  for (const int octet : {0x01, 0x63, 0xC0, 0x00}) compressed.push_back(static_cast<std::uint8_t>(octet));
  EXPECT_EQ(name_at(compressed, at), "malformed message: a name of over 255 octets at octet 255");
}

TEST(WireReader, AChainOfPointersIsBounded) {
  Bytes wire = hex("00");
  for (std::size_t i = 0; i < 200; ++i) {
    const std::size_t target = i == 0 ? 0 : wire.size() - 2;
    wire.push_back(static_cast<std::uint8_t>(0xC0 | target >> 8));
    wire.push_back(static_cast<std::uint8_t>(target));
  }
  EXPECT_EQ(name_at(wire, 1 + 2 * 126), ".");
  EXPECT_EQ(name_at(wire, 1 + 2 * 127),
            "malformed message: a name of too many compression pointers at octet 1");
}

TEST(WireReader, TheFirstFaultSticksAndNothingMovesAfterIt) {
  const Bytes wire = hex("01 02 03");
  WireReader reader(wire);
  EXPECT_EQ(reader.u16(), 0x0102);
  EXPECT_EQ(reader.u16(), 0);
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.at(), 2U);
  EXPECT_EQ(reader.error().what, "malformed message: it ends too early at octet 3");
  EXPECT_EQ(reader.error().code, ErrorCode::protocol);
}

RC_GTEST_PROP(WireReader, AnyNameReadsBackAndIsSkippedAlike, (const std::vector<std::string>& labels)) {
  Name name;
  for (const auto& label : labels) {
    if (const auto child = name.child(label.substr(0, 63))) name = *child;
  }
  WireWriter out;
  out.octets(name.wire());
  out.u16(7);
  const Bytes wire = out.take();
  WireReader reader(wire), skipping(wire);
  RC_ASSERT(reader.name() == name);
  skipping.skip_name();
  RC_ASSERT(reader.at() == skipping.at());
}

RC_GTEST_PROP(WireReader, AnyOctetsEndInANameOrAFault, (const Bytes& wire)) {
  for (std::size_t at = 0; at <= wire.size(); ++at) {
    WireReader reader(wire, at);
    const Name name = reader.name();
    RC_ASSERT(reader.at() <= wire.size());
    RC_ASSERT(name.wire().size() <= 255U);
  }
}

}  // namespace wire_test
}  // namespace tlsa_update::dns
