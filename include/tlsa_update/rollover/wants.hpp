// What is wanted: credentials loaded, NAMEs expanded, records derived and checked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/dns/resolver.hpp"
#include "tlsa_update/rollover/request.hpp"

namespace tlsa_update::rollover {

// One TLSA owner that somebody asked for.
struct AskedOwner {
  Name owner;
  std::optional<Service> service;     // none for a raw owner such as *._tcp.host
  std::optional<Name> source_domain;  // whose MX or SRV record led here: a second name for certificates
  const ServiceSettings* settings = nullptr;
};

// What one service brings: its credentials and its owners.
struct WantedService {
  const ServiceSettings* settings = nullptr;
  std::vector<GivenCredential> credentials;
  std::vector<AskedOwner> owners;
  Desired desired;  // the same at each of its owners; `asked` is left open
};

[[nodiscard]] std::vector<Name> names_of(const WantedService& service);  // its owners
[[nodiscard]] bool can_be_probed(const WantedService& service);          // at least one owner of TCP

struct Wants {
  std::vector<WantedService> services;  // read completely
  std::vector<WantedService> unread;    // files could not be read, only the names are known
  std::vector<WantedService> foreign;   // hosts of MX and SRV records that are somebody else's: only names
  std::vector<Desired> desired;  // one for each owner of each service; the planner joins those of one owner
  std::optional<dns::Dnssec> dnssec;  // the weakest verdict on the MX and SRV RRsets that were followed
  std::optional<Error> no_verdict;    // why it is not known of one of them, where it should be
  std::vector<Error> failures;        // one for each service that could not be read
  std::vector<Error> not_readable;  // likewise, where that is no failure: of a request that looks as a client
};

// What the services that this run is not about want: kept from deletion, or of no concern because nothing is
// judged stale.
enum class Others { protected_, ignored };

// What each of these services wants at each of its owners; of `unread` ones nobody knows all of it.
[[nodiscard]] std::vector<Desired> desired_of(const std::vector<WantedService>& services,
                                              const std::vector<WantedService>& unread);

// Error usage: a service without any credential.
[[nodiscard]] Result<void> check_credentials(const Wants& wants);

}  // namespace tlsa_update::rollover
