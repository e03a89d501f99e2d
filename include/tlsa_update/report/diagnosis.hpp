// What doctor found, as one value: the checks in the order of the path from the key file to the live service,
// and the lines that the primaries' configurations need.
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/name.hpp"

namespace tlsa_update::report {

struct Check {
  std::string check;  // a fixed word: "key-file", "update"
  bool ok = true;
  std::string detail;                       // what was seen, and where
  std::string advice;                       // what to do about it; empty when there is nothing to do
  ErrorCode code = ErrorCode::differences;  // when not ok

  bool operator==(const Check&) const = default;
};

// What one zone's primary needs in its configuration so that the key may change these TLSA RRsets and nothing
// else.
struct Grants {
  Name zone;
  std::string bind;      // lines of named.conf
  std::string knot;      // lines of knot.conf
  std::string powerdns;  // shell commands, and what pdns.conf needs as comments

  bool operator==(const Grants&) const = default;
};

struct Diagnosis {
  std::vector<Check> checks;
  std::vector<Grants> grants;
};

}  // namespace tlsa_update::report
