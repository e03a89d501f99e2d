#include "version.hpp"

#include <boost/version.hpp>
#include <spdlog/version.h>

#include <ldns/ldns.h>
#include <openssl/crypto.h>

namespace tlsa_update::cli {

std::string version() {
  std::string text = std::string("tlsa-update ") + TLSA_UPDATE_VERSION + "\n";
  text += std::string(OpenSSL_version(OPENSSL_VERSION)) + "\n";
  text += std::string("ldns ") + ldns_version() + "\n";
  text += "Boost " + std::to_string(BOOST_VERSION / 100000) + "." +
          std::to_string(BOOST_VERSION / 100 % 1000) + "\n";
  text += "spdlog " + std::to_string(SPDLOG_VER_MAJOR) + "." + std::to_string(SPDLOG_VER_MINOR) + "." +
          std::to_string(SPDLOG_VER_PATCH) + "\n";
  return text;
}

}  // namespace tlsa_update::cli
