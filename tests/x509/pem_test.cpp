// PEM blocks out of any text.
#include "pem.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/certificates.hpp"

namespace tlsa_update::x509 {
namespace pem_test {

// Each block as "LABEL hex", or the error.
std::string blocks_in(const std::string& text) {
  const auto blocks = pem_blocks(text);
  if (!blocks) return blocks.error().in("f").text();
  std::string all;
  for (const auto& block : *blocks)
    all += (all.empty() ? "" : ", ") + block.label + "@" + std::to_string(block.line) + " " +
           to_hex(block.body.view());
  return all;
}

constexpr const char* lost =
    "the line breaks of this PEM are lost; put them back: "
    "sed -E 's/ *(-----(BEGIN|END) [A-Z0-9 ]+-----) */\\n\\1\\n/g'";

struct PemCase {
  const char* why;
  std::string text;
  std::string expected;
};

TEST(Pem, FindsBlocksInAnyText) {
  const PemCase table[] = {
      {"plain", "-----BEGIN X-----\nAAEC\n-----END X-----\n", "X@1 000102"},
      {"no last line feed", "-----BEGIN X-----\nAAEC\n-----END X-----", "X@1 000102"},
      {"CRLF", "-----BEGIN X-----\r\nAAEC\r\n-----END X-----\r\n", "X@1 000102"},
      {"CR", "-----BEGIN X-----\rAAEC\r-----END X-----\r", "X@1 000102"},
      {"indented", "  -----BEGIN X-----\n  AA\n  EC\n  -----END X-----\n", "X@1 000102"},
      {"byte order mark", "\xEF\xBB\xBF-----BEGIN X-----\nAAEC\n-----END X-----\n", "X@1 000102"},
      {"padding", "-----BEGIN X-----\nAAE=\n-----END X-----\n", "X@1 0001"},
      {"more padding", "-----BEGIN X-----\nAA==\n-----END X-----\n", "X@1 00"},
      {"junk around",
       "subject=CN = a\n-----BEGIN X-----\nAAEC\n-----END X-----\nBag\n-----BEGIN Y Z-----\n/+8=\n-----END Y "
       "Z-----\n.",
       "X@2 000102, Y Z@6 ffef"},
      {"a mark inside a line", "see -----BEGIN X-----", ""},
      {"nothing", "", ""},
      {"no END", "-----BEGIN X-----\nAAEC\n", "f:1: the X block is cut: its END line is missing"},
      {"two BEGIN", "\n-----BEGIN X-----\nAAEC\n-----BEGIN X-----\n",
       "f:2: the X block is cut: another block begins at line 4"},
      {"no BEGIN", "AAEC\n-----END X-----\n", "f:2: a block without a BEGIN line ends here"},
      {"another END", "-----BEGIN X-----\nAAEC\n-----END Y-----\n",
       "f:1: the X block is not closed by its END line at line 3"},
      {"END cut", "-----BEGIN X-----\nAAEC\n-----END X--",
       "f:1: the X block is not closed by its END line at line 3"},
      {"BEGIN cut", "-----BEGIN X----\nAAEC\n", "f:1: this BEGIN line does not end in five hyphens"},
      {"BEGIN with a hyphen more", "-----BEGIN X------\nAAEC\n",
       "f:1: this BEGIN line does not end in five hyphens"},
      {"all joined", "-----BEGIN X-----AAEC-----END X-----\n", "f:1: " + std::string(lost)},
      {"joined by blanks", "\n-----BEGIN X----- AAEC AAEC -----END X-----\n", "f:2: " + std::string(lost)},
      {"joined by \\n", "-----BEGIN X-----\\nAAEC\\n-----END X-----\\n\n",
       "f:1: the line breaks of this PEM are lost; put them back: sed 's/\\\\r//g; s/\\\\n/\\n/g'"},
      {"BEGIN joined", "-----BEGIN X-----AAEC\nAAEC\n-----END X-----\n", "f:1: " + std::string(lost)},
      {"END joined", "-----BEGIN X-----\nAAEC\nAAEC-----END X-----\n", "f:3: " + std::string(lost)},
      {"two files joined",
       "-----BEGIN X-----\nAAEC\n-----END X----------BEGIN Y-----\nAAEC\n-----END Y-----\n",
       "f:3: " + std::string(lost)},
      {"a label that is none", "-----BEGIN AAECAwQFBgcICQoL-----\nA*EC\n-----END AAECAwQFBgcICQoL-----\n",
       "f:1: the PEM block is not base64: it is cut or damaged"},
      {"empty", "-----BEGIN X-----\n\n-----END X-----\n", "f:1: the X block is empty"},
      {"not base64", "-----BEGIN X-----\nA*EC\n-----END X-----\n",
       "f:1: the X block is not base64: it is cut or damaged"},
      {"a digit short", "-----BEGIN X-----\nAAECA\n-----END X-----\n",
       "f:1: the X block is not base64: it is cut or damaged"},
      {"padding missing", "-----BEGIN X-----\nAA\n-----END X-----\n",
       "f:1: the X block is not base64: it is cut or damaged"},
      {"padding inside", "-----BEGIN X-----\nAA==AAEC\n-----END X-----\n",
       "f:1: the X block is not base64: it is cut or damaged"},
  };
  for (const auto& [why, text, expected] : table) EXPECT_EQ(blocks_in(text), expected) << why;
}

TEST(Pem, HeadersStandApart) {
  const auto blocks =
      pem_blocks("-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: A,00\n\nAAEC\n-----END X-----\n");
  ASSERT_TRUE(blocks.has_value());
  EXPECT_EQ(blocks->at(0).headers, "Proc-Type: 4,ENCRYPTED\nDEK-Info: A,00\n");
  EXPECT_EQ(to_hex(blocks->at(0).body.view()), "000102");
}

// Any octets, as one block between any lines, come back as they were.
RC_GTEST_PROP(Pem, ABlockComesBackFromAnyText, (const Bytes& octets, const std::string& junk)) {
  RC_PRE(!octets.empty() && junk.find('-') == std::string::npos);
  const auto file = junk + "\n" + test::pem("X", octets) + junk;
  const auto blocks = pem_blocks(file);
  RC_ASSERT(blocks.has_value());
  RC_ASSERT(blocks->size() == 1U);
  RC_ASSERT(to_hex(blocks->at(0).body.view()) == to_hex(octets));
}

// No text makes it do anything but answer.
RC_GTEST_PROP(Pem, AnyTextHasAnAnswer, (const std::vector<int>& pieces)) {
  static const std::string parts[] = {
      "-----BEGIN X-----", "-----END X-----", "\n", "\r\n", "AAAA", "=", ":", "-----", " "};
  std::string text;
  for (const int piece : pieces) text += parts[static_cast<unsigned>(piece) % std::size(parts)];
  const auto blocks = pem_blocks(text);
  if (!blocks) RC_ASSERT(!blocks.error().in({}).text().empty());
}

}  // namespace pem_test
}  // namespace tlsa_update::x509
