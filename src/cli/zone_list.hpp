// What list finds: zones that were transferred, and what is known of their TLSA records.
#pragma once

#include <string>
#include <vector>

#include "settings.hpp"
#include "tlsa_update/core/ledger.hpp"
#include "tlsa_update/dns/axfr_stream.hpp"
#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::cli {

struct ListedZone {
  dns::TransferredZone zone;
  std::string server;
};

struct Listing {
  rollover::Wants wants;
  Ledger ledger;
  std::vector<ListedZone> zones;
  std::vector<Error> troubles;  // of files, and of zones that could not be transferred
};

// Errors: those of the command line, of the configuration, and of a NAME.
[[nodiscard]] Result<Listing> list_zones(const Settings& settings);

// Prints it, logs the troubles, and returns the exit status.
[[nodiscard]] int finish(const Listing& listing, Format format);

}  // namespace tlsa_update::cli
