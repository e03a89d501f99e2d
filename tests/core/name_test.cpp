#include "tlsa_update/core/name.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tlsa_update {
namespace name_test {

Name name(std::string_view text) { return Name::parse(text).value(); }

Bytes octets(std::string_view text) { return {text.begin(), text.end()}; }

Bytes wire_of(const Name& name) { return {name.wire().begin(), name.wire().end()}; }

std::string trouble(const Result<Name>& result) { return result ? "none" : result.error().what; }

// A name of `labels` labels of `length` octets each.
std::string labels(std::size_t count, std::size_t length) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += std::string(length, 'a') + '.';
  return text;
}

TEST(Name, PresentationFormAndWireFormAgree) {
  struct Row {
    std::string_view text;       // as given
    std::string_view canonical;  // as printed
    Bytes wire;
  };
  const Row table[] = {
      {".", ".", {0}},
      {"com", "com.", {3, 'c', 'o', 'm', 0}},
      {"MX.Example.", "mx.example.", {2, 'm', 'x', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0}},
      {"*.a", "*.a.", {1, '*', 1, 'a', 0}},
      {"\\*.a", "*.a.", {1, '*', 1, 'a', 0}},  // RFC 4592 section 2.1.1: only the octet counts
      {"a\\.b.c", "a\\.b.c.", {3, 'a', '.', 'b', 1, 'c', 0}},
      {"a\\\\b", "a\\\\b.", {3, 'a', '\\', 'b', 0}},
      {"a\\032b", "a\\032b.", {3, 'a', ' ', 'b', 0}},
      {"a\\000b", "a\\000b.", {3, 'a', 0, 'b', 0}},
      {"\\255", "\\255.", {1, 255, 0}},
      {"\\065", "a.", {1, 'a', 0}},  // an escaped letter is a letter (RFC 4343 section 2.1)
      {"\\\"x", "\\\"x.", {2, '"', 'x', 0}},
      {"a;b@(c)$", "a\\;b\\@\\(c\\)\\$.", {8, 'a', ';', 'b', '@', '(', 'c', ')', '$', 0}},
      {"_25._TCP.x", "_25._tcp.x.", {3, '_', '2', '5', 4, '_', 't', 'c', 'p', 1, 'x', 0}},
  };
  for (const auto& row : table) {
    const auto parsed = Name::parse(row.text);
    ASSERT_TRUE(parsed) << row.text;
    EXPECT_EQ(parsed->text(), row.canonical);
    EXPECT_EQ(parsed->host_text() + (parsed->is_root() ? "" : "."), row.canonical);
    EXPECT_EQ(wire_of(*parsed), row.wire) << row.text;
    EXPECT_EQ(*Name::from_wire(row.wire), *parsed) << row.text;
  }
}

TEST(Name, BadPresentationFormIsRefusedAndSaysWhy) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"", "the name is empty"},
      {"..", "the name has an empty label"},
      {".a", "the name has an empty label"},
      {"a..b", "the name has an empty label"},
      {"a\\", "a backslash is followed by neither a character nor three digits up to 255"},
      {"a\\25", "a backslash is followed by neither a character nor three digits up to 255"},
      {"a\\2x5", "a backslash is followed by neither a character nor three digits up to 255"},
      {"a\\256", "a backslash is followed by neither a character nor three digits up to 255"},
      {"a b", "a name has a blank, control or non-ASCII octet that is not written as \\DDD"},
      {"b\xc3\xbc"
       "cher",
       "a name has a blank, control or non-ASCII octet that is not written as \\DDD"},
      {std::string_view("a\0b", 3),
       "a name has a blank, control or non-ASCII octet that is not written as \\DDD"},
  };
  for (const auto& [text, why] : table) {
    const auto parsed = Name::parse(text);
    EXPECT_EQ(trouble(parsed), why) << text;
    if (!parsed) {
      EXPECT_EQ(parsed.error().code, ErrorCode::bad_data);
    }
  }
}

// RFC 1035 section 2.3.4: labels of 63 octets or less, names of 255 octets or less.
TEST(Name, LimitsOf63And255OctetsAreExact) {
  EXPECT_TRUE(Name::parse(labels(1, 63)));
  EXPECT_EQ(trouble(Name::parse(labels(1, 64))), "a label is over 63 octets (RFC 1035 section 2.3.4)");
  EXPECT_EQ(name(labels(3, 63) + labels(1, 61)).wire().size(), 255U);
  EXPECT_EQ(name(labels(127, 1)).wire().size(), 255U);
  const std::string over = "the name is over 255 octets (RFC 1035 section 2.3.4)";
  EXPECT_EQ(trouble(Name::parse(labels(3, 63) + labels(1, 62))), over);
  EXPECT_EQ(trouble(Name::parse(labels(3, 63) + std::string(62, 'a'))), over);
  EXPECT_EQ(trouble(Name::parse(labels(128, 1))), over);
  EXPECT_EQ(trouble(Name::parse(labels(100000, 9))), over);
}

TEST(Name, WireFormIsTakenWholeOrNotAtAll) {
  EXPECT_EQ(name("mx.example"), *Name::from_wire(octets(std::string_view("\2Mx\7eXample\0", 12))));
  EXPECT_EQ(trouble(Name::from_wire({})), "the name is cut short");
  EXPECT_EQ(trouble(Name::from_wire(Bytes{3, 'c', 'o'})), "the name is cut short");
  EXPECT_EQ(trouble(Name::from_wire(Bytes{3, 'c', 'o', 'm'})), "the name is cut short");
  EXPECT_EQ(trouble(Name::from_wire(Bytes{0, 0})), "octets follow the name");
  EXPECT_EQ(trouble(Name::from_wire(Bytes{0xC0, 12})), "the name is compressed or has a bad label type");
  EXPECT_EQ(trouble(Name::from_wire(Bytes{0x40, 1, 0})), "the name is compressed or has a bad label type");
  EXPECT_EQ(trouble(Name::from_wire(Bytes(300, 1))), "the name is over 255 octets");
  auto longest = wire_of(name(labels(127, 1)));
  EXPECT_TRUE(Name::from_wire(longest));
  longest.insert(longest.begin(), {1, 'a'});
  EXPECT_EQ(trouble(Name::from_wire(longest)), "the name is over 255 octets");
}

TEST(Name, LooksUpAndDownTheTree) {
  const Name host = name("mail.example.com");
  EXPECT_EQ(host.label_count(), 3U);
  EXPECT_EQ(Name{}.label_count(), 0U);
  EXPECT_EQ(host.first_label(), "mail");
  EXPECT_EQ(Name{}.first_label(), "");
  EXPECT_EQ(host.parent(), name("example.com"));
  EXPECT_EQ(Name{}.parent(), Name{});
  EXPECT_EQ(*host.child("_TCP"), name("_tcp.mail.example.com"));
  EXPECT_EQ(*host.child("a.b"), name("a\\.b.mail.example.com"));
  EXPECT_EQ(host.wildcard(), name("*.example.com"));
  EXPECT_TRUE(host.wildcard().is_wildcard());
  EXPECT_FALSE(name("**.example.com").is_wildcard());
  EXPECT_FALSE(name("a.*.example.com").is_wildcard());
}

TEST(Name, AChildThatDoesNotFitIsAnError) {
  EXPECT_EQ(trouble(Name{}.child("")), "the name has an empty label");
  EXPECT_EQ(trouble(Name{}.child(std::string(64, 'a'))),
            "a label is over 63 octets (RFC 1035 section 2.3.4)");
  EXPECT_FALSE(name(labels(127, 1)).child("a"));
  EXPECT_TRUE(name(labels(126, 1)).child("a"));
  EXPECT_FALSE(name(labels(126, 1)).child("ab"));
}

TEST(Name, ASuffixOfOctetsIsNoAncestor) {
  EXPECT_TRUE(name("a.example.com").is_at_or_below(name("EXAMPLE.com")));
  EXPECT_TRUE(name("example.com").is_at_or_below(name("example.com")));
  EXPECT_TRUE(name("example.com").is_at_or_below(Name{}));
  EXPECT_FALSE(name("example.com").is_at_or_below(name("a.example.com")));
  EXPECT_FALSE(name("badexample.com").is_at_or_below(name("example.com")));
  EXPECT_FALSE(name("x\\003com").is_at_or_below(name("com")));  // ends in the octets of "com." inside a label
}

// RFC 6672 section 2.2: the suffix is replaced, and a result that is too long is YXDOMAIN.
TEST(Name, RebasingReplacesTheSuffix) {
  EXPECT_EQ(*name("_25._tcp.a.old").rebased(name("old"), name("new.example")),
            name("_25._tcp.a.new.example"));
  EXPECT_EQ(*name("old").rebased(name("old"), name("new")), name("new"));
  EXPECT_EQ(*name("a.old").rebased(name("old"), Name{}), name("a"));
  EXPECT_FALSE(name("a.b").rebased(name("b"), name(labels(127, 1))));
}

RC_GTEST_PROP(NameProperty, EveryNameSurvivesItsPresentationAndWireForms, ()) {
  const auto some = *rc::gen::container<std::vector<std::string>>(
      rc::gen::suchThat(rc::gen::container<std::string>(rc::gen::arbitrary<char>()),
                        [](const std::string& label) { return !label.empty() && label.size() < 64; }));
  Name built;
  for (const auto& label : some) {
    if (auto child = built.child(label)) built = std::move(*child);
  }
  RC_ASSERT(*Name::parse(built.text()) == built);
  RC_ASSERT(*Name::from_wire(built.wire()) == built);
  RC_ASSERT(built.is_at_or_below(built.parent()));
  RC_ASSERT(
      std::none_of(built.wire().begin(), built.wire().end(), [](auto c) { return c >= 'A' && c <= 'Z'; }));
}

RC_GTEST_PROP(NameProperty, NoTextBreaksTheParser, (const std::string& text)) {
  const auto parsed = Name::parse(text);
  if (parsed) RC_ASSERT(*Name::parse(parsed->text()) == *parsed);
}

RC_GTEST_PROP(NameProperty, NoOctetsBreakTheWireParser, (const Bytes& wire)) {
  const auto parsed = Name::from_wire(wire);
  if (parsed) RC_ASSERT(parsed->wire().size() == wire.size());
}

// RFC 6698 section 3 and RFC 5891: U-labels become A-labels.
TEST(Idn, ULabelsBecomeALabels) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"example.com", "example.com"},
      {"Example.COM.", "Example.COM."},
      {"b\u00fccher.example", "xn--bcher-kva.example"},
      {"B\u00dcCHER.example.", "xn--bcher-kva.example."},
      {"bu\u0308cher.example", "xn--bcher-kva.example"},  // decomposed
      {"fa\u00df.example", "xn--fa-hia.example"},         // non-transitional: no "fass"
      {"_25._tcp.b\u00fccher.example", "_25._tcp.xn--bcher-kva.example"},
      {"*.b\u00fccher.example", "*.xn--bcher-kva.example"},
      {"\u4f8b\u3048\u3002\u30c6\u30b9\u30c8", "xn--r8jz45g.xn--zckzah"},  // an ideographic full stop
      {"xn--bcher-kva.b\u00fccher", "xn--bcher-kva.xn--bcher-kva"},
  };
  for (const auto& [text, ascii] : table) {
    const auto converted = to_ascii(text);
    EXPECT_EQ(converted ? *converted : converted.error().text(), ascii);
  }
}

TEST(Idn, BadULabelsAreNamed) {
  std::string too_long;
  for (int i = 0; i < 64; ++i) too_long += "\u00fc";
  const std::string table[] = {
      "\xff.example",          // no UTF-8
      "b\u00fc_cher.example",  // STD 3: no underscore among the letters
      "b\u00fc\\.cher",        // no escapes either
      "a\uff1ab.example",      // a fullwidth colon must not become a colon
      "\u00fc" + std::string("\0", 1),
      "\u200d\u00fc.example",  // RFC 5892 appendix A: a joiner out of context
      "-\u00fc.example",       // RFC 5891 section 4.2.3.1
      too_long + ".example",
  };
  for (const auto& text : table) {
    const auto converted = to_ascii(text);
    ASSERT_FALSE(converted) << text << " became " << *converted;
    EXPECT_EQ(converted.error().code, ErrorCode::bad_data);
    EXPECT_TRUE(converted.error().what.find("is not a valid internationalized label") != std::string::npos);
  }
  EXPECT_FALSE(to_ascii(std::string(2000, '\xc3')));
}

}  // namespace name_test
}  // namespace tlsa_update
