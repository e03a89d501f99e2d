#include "tlsa_update/deployment/install.hpp"

#include <charconv>
#include <sstream>

#include "tlsa_update/core/ascii.hpp"

namespace tlsa_update::deployment {
namespace {

Result<unsigned> parse_mode(const std::string& text) {
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size() || mode > 0777) {
    return fail(ErrorCode::usage, "\"" + printable(text) + "\" is no file mode such as 0640");
  }
  return mode;
}

}  // namespace

Result<Install> parse_install(std::string_view text) {
  const auto arrow = text.find("->");
  if (arrow == std::string_view::npos) {
    return fail(ErrorCode::usage, "\"" + printable(text) + "\" has no ->", {},
                "write FROM -> TO [MODE [OWNER:GROUP]]");
  }
  Install install;
  install.from = trimmed(text.substr(0, arrow));
  std::istringstream rest{std::string(text.substr(arrow + 2))};
  std::string mode;
  std::string owner;
  std::string extra;
  rest >> install.to >> mode >> owner >> extra;
  if (install.from.empty() || install.to.empty() || !extra.empty()) {
    return fail(ErrorCode::usage, "\"" + printable(text) + "\" is not FROM -> TO [MODE [OWNER:GROUP]]");
  }
  if (install.to.front() != '/')
    return fail(ErrorCode::usage, "\"" + printable(install.to) + "\" is not an absolute path");
  if (!mode.empty()) {
    const auto parsed = parse_mode(mode);
    if (!parsed) return tl::unexpected(parsed.error());
    install.mode = *parsed;
  }
  const auto colon = owner.find(':');
  install.owner = owner.substr(0, colon);
  if (colon != std::string::npos) install.group = owner.substr(colon + 1);
  return install;
}

}  // namespace tlsa_update::deployment
