#include "resolv_conf.hpp"

#include <fstream>
#include <sstream>

#include "lookup.hpp"

namespace tlsa_update::dns {

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#') || line.starts_with(';')) continue;
    std::istringstream words(line);
    std::string keyword, word;
    words >> keyword;
    if (keyword == "nameserver" && words >> word) {
      const ServerName server{word, 53};
      if (literal_endpoint(server)) conf.servers.push_back(server);
    }
    if (keyword == "options")
      while (words >> word) conf.trust_ad |= word == "trust-ad";
  }
  if (conf.servers.empty()) conf.servers.push_back({"127.0.0.1", 53});
  return conf;
}

ResolvConf read_resolv_conf(const std::string& path) {
  constexpr std::streamsize more_than_enough = 1 << 16;
  std::ifstream file(path);
  std::string text(more_than_enough, '\0');
  file.read(text.data(), more_than_enough);
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return parse_resolv_conf(text);
}

}  // namespace tlsa_update::dns
