// list: every TLSA RRset of a zone by AXFR, what each record matches, and what nothing asks for. Reads only.

#include "commands.hpp"
#include "failure.hpp"
#include "zone_list.hpp"

namespace tlsa_update::cli {

int list(const Settings& settings) {
  const auto listing = list_zones(settings);
  return listing ? finish(*listing, settings.format) : failure(listing.error());
}

}  // namespace tlsa_update::cli
