// resolv.conf(5), as far as a stub resolver of ours needs it: which servers, and whether their AD bit may be
// believed. Timeouts and search lists are not ours to take: names here are always absolute.
#pragma once

#include <string_view>
#include <vector>

#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

struct ResolvConf {
  std::vector<ServerName> servers;  // never empty: without any, the one on this host
  bool trust_ad = false;
};

// Lines that make no sense are skipped, as the system's resolver does.
[[nodiscard]] ResolvConf parse_resolv_conf(std::string_view text);

// A file that cannot be read is an empty one.
[[nodiscard]] ResolvConf read_resolv_conf(const std::string& path);

}  // namespace tlsa_update::dns
