#include "tlsa_update/rollover/names.hpp"

#include <netdb.h>
#include <string>

namespace tlsa_update::rollover {
namespace {

// getservbyname(3): what the built-in table does not know.
std::optional<std::uint16_t> system_port(std::string_view service, Protocol protocol) {
  const servent* entry = ::getservbyname(std::string(service).c_str(), std::string(text(protocol)).c_str());
  if (entry == nullptr) return std::nullopt;
  return ntohs(static_cast<std::uint16_t>(entry->s_port));
}

}  // namespace

Result<std::vector<Target>> parse_name(std::string_view text) { return parse_target(text, system_port); }

Result<Name> parse_zone(std::string_view text) {
  const auto ascii = to_ascii(text);
  return ascii ? Name::parse(*ascii) : tl::unexpected(ascii.error());
}

}  // namespace tlsa_update::rollover
