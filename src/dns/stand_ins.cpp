// Stand-ins until propagation.cpp and validator.cpp are here; delete this file with the last of them.
#include "tlsa_update/dns/propagation.hpp"
#include "tlsa_update/dns/validator.hpp"

namespace tlsa_update::dns {

boost::asio::awaitable<std::vector<ServerView>> read_servers(Exchange& /*primary*/, ZoneView /*zone*/,
                                                             Resolver& /*resolver*/, PropagationOptions /*options*/) {
  co_return std::vector<ServerView>{};
}

Result<Dnssec> validate(const Question& /*question*/, const std::string& /*trust_anchor_file*/,
                        const std::vector<ServerName>& /*servers*/) {
  return Dnssec::unknown;
}

}  // namespace tlsa_update::dns
