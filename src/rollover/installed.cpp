#include "installed.hpp"

#include <algorithm>

#include "tlsa_update/state/files.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::rollover {
namespace {

constexpr std::size_t target_limit = 16U << 20;  // octets

bool has_leaf(const Credential& credential, const Certificate& leaf) {
  return !credential.chain.empty() && credential.chain.front() == leaf;
}

}  // namespace

std::vector<std::shared_ptr<const Credential>> installed_credentials(
    const ServiceSettings& settings, const std::vector<GivenCredential>& given) {
  std::vector<std::shared_ptr<const Credential>> installed;
  const auto is_known = [&](const Certificate& leaf) {
    return std::ranges::any_of(given, [&](const auto& one) { return has_leaf(*one.credential, leaf); }) ||
           std::ranges::any_of(installed, [&](const auto& one) { return has_leaf(*one, leaf); });
  };
  for (const auto& install : settings.installs) {
    if (!state::file_exists(install.to)) continue;
    const auto content = state::read_file(install.to, target_limit);
    if (!content) continue;
    auto loaded = x509::load(*content, install.to);
    if (!loaded) continue;
    for (auto& credential : loaded->credentials) {
      if (credential.chain.empty() || holds_only_issuers(credential) || is_known(credential.chain.front()))
        continue;
      installed.push_back(std::make_shared<const Credential>(std::move(credential)));
    }
  }
  return installed;
}

}  // namespace tlsa_update::rollover
