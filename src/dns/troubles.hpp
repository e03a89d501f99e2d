// Why each address of one server was of no use, folded into one Error.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "stream.hpp"
#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

// In the order in which the addresses were tried; the last reason of each.
class Troubles {
 public:
  void add(const std::string& address, const Error& error) {
    const auto known =
        std::find_if(list_.begin(), list_.end(), [&](auto& entry) { return entry.first == address; });
    if (known == list_.end())
      list_.emplace_back(address, error);
    else
      known->second = error;
  }

  // "192.0.2.1@53: connection refused; 192.0.2.2@53: SERVFAIL"
  [[nodiscard]] Error fold(const ServerName& server) const {
    Error all{ErrorCode::no_answer, {}, {}, {}};
    for (const auto& [address, error] : list_) {
      if (!all.what.empty()) all.what += "; ";
      all.what += (list_.size() > 1 ? address + ": " : "") + error.what;
      all.code = more_severe(all.code, error.code);
      if (all.advice.empty()) all.advice = error.advice;
      if (all.topic == Topic::none) all.topic = error.topic;
    }
    all.where = list_.size() == 1 ? list_.front().first : server.text();
    return all;
  }

 private:
  std::vector<std::pair<std::string, Error>> list_;
};

inline tl::unexpected<Error> at(const Endpoint& where, Error error) {
  if (error.where.empty()) error.where = where.text();
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace tlsa_update::dns
