#include "no_route.hpp"

#include <algorithm>
#include <boost/system/errc.hpp>

namespace tlsa_update {

std::string advice_without_route(const boost::system::error_code& error,
                                 const boost::asio::ip::address& peer) {
  namespace errc = boost::system::errc;
  constexpr errc::errc_t without_route[] = {errc::network_unreachable, errc::host_unreachable,
                                            errc::address_family_not_supported, errc::address_not_available};
  const auto is_it = [&](errc::errc_t one) { return error == errc::make_error_condition(one); };
  if (std::none_of(std::begin(without_route), std::end(without_route), is_it)) return {};
  return peer.is_v6() ? "if this host has no IPv6, -4 (ipv4-only) leaves IPv6 addresses out"
                      : "if this host has no IPv4, -6 (ipv6-only) leaves IPv4 addresses out";
}

}  // namespace tlsa_update
