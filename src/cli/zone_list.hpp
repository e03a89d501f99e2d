// The zones that list transfers, and how each is shown.
#pragma once

#include <boost/json/object.hpp>

#include "output.hpp"
#include "settings.hpp"
#include "tlsa_update/core/listing.hpp"
#include "tlsa_update/dns/axfr_stream.hpp"
#include "tlsa_update/rollover/session.hpp"
#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::cli {

// The arguments, --zone, or every [zone.NAME]. Error usage: no such name, or none at all.
[[nodiscard]] Result<std::vector<Name>> zones_of(const Settings& settings);

[[nodiscard]] RecordJudge judge_of(const rollover::Wants& wants, const Ledger& ledger);

struct ListedZone {
  dns::TransferredZone zone;
  std::string server;
};

// Errors: those of the transfer; of a refusal with what is known of the key and of the zone.
[[nodiscard]] boost::asio::awaitable<Result<ListedZone>> transfer(rollover::Session& session, Name zone);

void print_text(Output& out, const ListedZone& listed, const RecordJudge& judge);
[[nodiscard]] boost::json::object zone_object(const ListedZone& listed, const RecordJudge& judge);

}  // namespace tlsa_update::cli
