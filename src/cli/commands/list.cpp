// list: every TLSA RRset of a zone by AXFR, what each record matches, and what nothing asks for. Reads only.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "commands.hpp"
#include "failure.hpp"
#include "terminal.hpp"
#include "tlsa_update/rollover/gathering.hpp"
#include "tlsa_update/state/ledger_file.hpp"
#include "zone_list.hpp"

namespace tlsa_update::cli {

int list(const Settings& settings) {
  const auto zones = zones_of(settings);
  if (!zones) return failure(zones.error());
  Terminal terminal(settings.quiet);
  rollover::Session session(settings, terminal);
  const auto wants = session.run(rollover::gather_sound_wants(session, rollover::Others::ignored));
  if (!wants) return failure(wants.error());
  const auto ledger = state::LedgerFile::peek(settings.state_directory, terminal);
  const auto judge = judge_of(*wants, ledger);
  Output out;
  boost::json::array documents;
  report::Findings found;
  found.troubles = wants->failures;
  for (const auto& zone : *zones) {
    const auto listed = session.run(transfer(session, zone));
    if (!listed) {
      found.troubles.push_back(listed.error());
    } else if (settings.format == Format::json) {
      documents.push_back(zone_object(*listed, judge));
    } else {
      print_text(out, *listed, judge);
    }
  }
  if (settings.format == Format::json)
    out << boost::json::serialize(boost::json::object{{"zones", std::move(documents)}}) << "\n";
  if (const auto done = out.finish(); !done) return failure(done.error());
  for (const auto& trouble : found.troubles) log_error(trouble);
  return exit_status_of(found);
}

}  // namespace tlsa_update::cli
