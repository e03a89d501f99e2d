// The way from a name that was asked for to the owner of its TLSA records: aliases followed, wildcards told
// from names, the zone found. What locate() and the reader by query have in common.
#pragma once

#include "inquiry.hpp"
#include "owner_facts.hpp"
#include "tlsa_update/dns/discovery.hpp"

namespace tlsa_update::dns {

struct Found {
  Location location;
  OwnerFacts facts;
  std::vector<std::string> notes;  // for people
};

// Errors as locate(). `primary_for` is asked for the name and for each target of an alias.
[[nodiscard]] boost::asio::awaitable<Result<Found>> walk(Inquiry& inquiry, const PrimaryFor& primary_for,
                                                         Name asked, std::optional<Name> zone);

}  // namespace tlsa_update::dns
