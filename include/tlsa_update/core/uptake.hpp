// After a deployment: does a service present what was installed, and has one of its addresses gone dumb?
// Judges chains that were met; knows no files and no commands.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update {

struct Uptake {
  bool is_done = false;           // one address presents it, and none what it replaced
  std::vector<std::string> lost;  // addresses that presented a chain before, and present none now
  bool operator==(const Uptake&) const = default;
};

// `wanted`: of the service; those of Role::current count. `replaced`: SHA-256, in hex, of the certificates
// that lay where it was installed. An address that presents neither is another machine's, with a certificate
// of its own.
[[nodiscard]] Uptake uptake(const std::vector<ServiceEvidence>& before,
                            const std::vector<ServiceEvidence>& after,
                            const std::vector<GivenCredential>& wanted,
                            const std::set<std::string>& replaced);

// A published record that clients rely on at another name, and that nothing will match any more.
struct LeftBehind {
  Name owner;
  TlsaRecord record;
  bool operator==(const LeftBehind&) const = default;
};

// Of the TLSA RRsets at other names of the same hosts: the first that accepts a chain which is to be
// replaced, and none of those that are wanted. Whoever reads the same file there would be cut off.
[[nodiscard]] std::optional<LeftBehind> left_behind(const std::vector<std::pair<Name, Rrset>>& others,
                                                    const std::vector<Chain>& replaced,
                                                    const std::vector<GivenCredential>& wanted);

}  // namespace tlsa_update
