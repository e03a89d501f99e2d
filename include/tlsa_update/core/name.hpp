// A domain name (RFC 1035 section 3.1): at most 255 octets of wire form, labels of at most 63, ASCII
// letters in lower case. Because a Name can only be made valid and lower-cased, everything above it
// compares names correctly (RFC 4343). It never resolves anything.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/error.hpp"

namespace tlsa_update {

class Name {
 public:
  Name() : wire_(1, '\0') {}  // the root

  // Presentation form (RFC 1035 section 5.1), \DDD and \X escapes; always absolute, with or without the
  // final dot. No IDN here: see to_ascii(). Error bad_data: empty label, label over 63 or name over 255
  // octets, bad escape, empty text.
  [[nodiscard]] static Result<Name> parse(std::string_view text);

  // Exactly one uncompressed name in wire form. Error bad_data.
  [[nodiscard]] static Result<Name> from_wire(ByteView wire);

  [[nodiscard]] std::string text() const;  // absolute, escaped, with the final dot: "mx.example.com."
  [[nodiscard]] std::string host_text()
      const;                            // the same without the final dot, as TLS and files have it; "." stays
  [[nodiscard]] ByteView wire() const;  // uncompressed, lower-case, with the root octet

  [[nodiscard]] std::size_t label_count() const;  // without the root; a leading "*" counts
  [[nodiscard]] bool is_root() const { return wire_.size() == 1; }
  [[nodiscard]] bool is_wildcard() const;                      // first label is "*" (RFC 4592)
  [[nodiscard]] bool is_at_or_below(const Name& other) const;  // other is this name or an ancestor
  [[nodiscard]] std::string_view first_label() const;          // raw octets; empty for the root

  [[nodiscard]] Name parent() const;                                   // of the root: the root
  [[nodiscard]] Result<Name> child(std::string_view raw_label) const;  // one label in front
  [[nodiscard]] Name wildcard() const;  // "*." in front of parent(): what would synthesise this name

  // This name with the `from` suffix replaced by `to` (RFC 6672 section 2.2). Error bad_data when the
  // result is over 255 octets (YXDOMAIN). Precondition: is_at_or_below(from).
  [[nodiscard]] Result<Name> rebased(const Name& from, const Name& to) const;

  // RFC 4034 section 6.1 canonical order would be nicer to read; plain octet order is all maps need.
  auto operator<=>(const Name&) const = default;

 private:
  explicit Name(std::string wire) : wire_(std::move(wire)) {}
  std::string wire_;
};

// U-labels to A-labels (IDNA 2008, non-transitional, UTS #46 mapping) by libidn2; ASCII comes back as it
// was. `text` is a host name in UTF-8. Error bad_data names the label.
[[nodiscard]] Result<std::string> to_ascii(std::string_view text);

}  // namespace tlsa_update
