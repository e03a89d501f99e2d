#include "proof/planted.hpp"

#include <algorithm>
#include <cstdio>

#include "rollover/model/wrong_drivers.hpp"

namespace tlsa_update::proof {
namespace {

struct Planted {
  std::string_view driver;
  std::string_view family;
  std::size_t moves;
};
constexpr Planted table[] = {
    {"deletes as soon as the new record is there", "other writers", 1},
    {"replaces instead of adding", "renewals", 2},
    {"deploys as soon as the primary has the records", "interruptions", 2},
    {"waits one TTL where RFC 7671 asks for two", "histories", 6},
    {"forgets the last secondary", "interruptions", 4},
    {"looks at the first address only", "addresses", 10},
    {"leaves out addresses that do not answer", "addresses", 10},
    {"makes RSA handshakes only", "kinds of keys", 6},
    {"changes parameters without a look at what is served", "lost ledgers", 6},
    {"believes the wall clock", "machines", 7},
    {"forgets what it released for deployment", "reverts", 12},
    {"counts the TTL after the change only", "histories", 6},
    {"takes it that nothing was there before the first look", "histories", 6},
    {"takes it that a server which was out of reach has stood still", "returns", 12},
    {"forgets that others want records", "neighbours", 8},
    {"takes every machine for one and the same", "machines", 7},
    {"acts on evidence of any age", "interruptions", 7},
    {"takes what a close look of any length has met for new", "interruptions", 7},
    {"unpublishes without a look at the wildcard behind", "wildcards", 10},
    {"takes what a wildcard answers for nothing", "wildcards", 9},
    {"takes a service that it cannot reach for one that is not there", "first records", 2},
    {"takes a digest that matches for a chain that clients accept", "refused chains", 6},
    {"asks only the servers that the primary names", "forgotten servers", 6},
    {"takes no notice of what a resolver gives", "old primaries", 6},
    {"looks at the address of the configuration only", "own addresses", 10},
    {"takes two handshakes for a sample of what is behind an address", "balancers", 10},
    {"counts from when it published, and not from when every server has it", "servers", 8},
    {"forgets that a deletion got no answer", "late UPDATEs", 12},
    {"takes configurations that it does not see for gone", "neighbours", 8},
    {"leaves out name servers that do not answer", "servers", 10},
    {"refuses nothing", "first records", 2},
    {"takes what it cannot see for deployed", "addresses", 10},
    {"takes every record for its own", "protected records", 7},
    {"does not see that two services read the same files", "shared files", 8},
    {"takes what one name presents for what another presents", "aliases", 11},
    {"takes it that all names of a server have come as far as the first", "shared files", 8},
    {"sends an UPDATE without the prerequisite that nobody else has changed the RRset", "renewals", 1},
    {"takes every clock for confirmed", "clocks", 8},
    {"adds a combination before the service fits it", "parameters", 7},
    {"deletes what the operator protects", "protected records", 3},
    {"installs the files that are there, whatever it planned for", "renewals meanwhile", 5},
    {"takes an answer without a valid signature for an answer", "lost signatures", 7},
};

Limits up_to(std::size_t depth) {
  Limits limits;
  limits.depth = depth;
  limits.settled_one_in = limits.states;  // a wrong driver is one that breaks something
  limits.until = std::chrono::steady_clock::now() + std::chrono::minutes(10);
  return limits;
}

const Family* family_of(std::string_view name) {
  const auto family = std::ranges::find(families(), name, &Family::name);
  return family == families().end() ? nullptr : &*family;
}

bool is_caught(const model::Fault& fault) {
  const auto* const planted = std::ranges::find(table, fault.name, &Planted::driver);
  if (planted == std::end(table)) {
    std::printf("%s: not in the table\n", fault.name.c_str());
    return false;
  }
  const auto report = explore(*family_of(planted->family), fault, up_to(planted->moves));
  const auto found = report.finding ? report.finding->schedule.size() : 0;
  std::printf("%-76s %-18s %5zu %9zu %6.1f\n", fault.name.c_str(), planted->family.data(), found,
              report.distinct, report.seconds);
  std::fflush(stdout);
  return found == planted->moves;
}

}  // namespace

bool catch_wrong_drivers() {
  std::printf("%-76s %-18s %5s %9s %6s\n", "wrong driver", "family", "moves", "distinct", "s");
  bool are_caught = true;
  for (const auto& fault : model::wrong_drivers()) are_caught = is_caught(fault) && are_caught;
  return are_caught && std::size(table) == model::wrong_drivers().size();
}

}  // namespace tlsa_update::proof
