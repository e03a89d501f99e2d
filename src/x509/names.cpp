#include "names.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/core/error.hpp"

namespace tlsa_update::x509 {
namespace {

bool may_be_in_a_host_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '*';
}

std::optional<std::string> host_name(std::string_view raw) {
  if (raw.ends_with('.')) raw.remove_suffix(1);
  auto name = lowered(raw);
  if (name.empty() || !std::ranges::all_of(name, may_be_in_a_host_name)) return std::nullopt;
  return name;
}

std::string_view view_of(const ASN1_STRING* string) {
  const auto* octets = ASN1_STRING_get0_data(string);
  // The one cast from OpenSSL's octets to characters.
  return {reinterpret_cast<const char*>(octets), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::vector<std::string> common_name_of(const X509_NAME* subject) {
  int place = -1;
  int last = -1;
  while ((place = X509_NAME_get_index_by_NID(subject, NID_commonName, place)) >= 0) last = place;
  if (last < 0) return {};
  const auto name = host_name(view_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last))));
  return name ? std::vector{*name} : std::vector<std::string>{};
}

}  // namespace

std::string text_of(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  // RFC 2253, but with UTF-8 as it is: printable() takes care of what a terminal must not see.
  constexpr unsigned long flags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (!out || X509_NAME_print_ex(out.get(), name, 0, flags) < 0) return "(unreadable name)";
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return printable({text, static_cast<std::size_t>(size)});
}

std::vector<std::string> dns_names_of(const X509* x509) {
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> hosts;
  bool has_dns_name = false;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    if (type != GEN_DNS) continue;
    has_dns_name = true;
    if (auto host = host_name(view_of(value))) hosts.push_back(std::move(*host));
  }
  return has_dns_name ? hosts : common_name_of(X509_get_subject_name(x509));
}

}  // namespace tlsa_update::x509
