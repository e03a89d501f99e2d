#include "proof/caveats.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "proof/explore.hpp"

namespace tlsa_update::proof {
namespace {

using enum MoveKind;
using Moves = std::vector<Move>;

struct Scenario {
  std::string sentence;  // how the caveat begins
  Family as_it_is;
  Family with_remedy;
  std::size_t moves;  // to the outage
};

Setting setting_with(std::size_t secondaries, std::size_t addresses, model::Surroundings around = {}) {
  Setting setting;
  setting.longest_ttl = setting.ttl;
  setting.secondaries = secondaries;
  setting.addresses = addresses;
  setting.around = around;
  return setting;
}

Moves life_and(const Moves& more) {
  Moves moves{{run, 0}, {wait, 0}, {transfer, 0}, {take_up, 0}, {renew, 0}};
  moves.insert(moves.end(), more.begin(), more.end());
  return moves;
}

Setting with_an_unasked_key(bool is_kept) {
  auto setting = setting_with(1, 1, {.is_half_asked = true});
  setting.is_dual = true;
  setting.is_kept = is_kept;
  return setting;
}

Setting with_next_key() {
  auto setting = setting_with(0, 1);
  setting.has_next = true;
  return setting;
}

Moves ledger_moves(MoveKind remedy) {
  return {{run, 0}, {take_up, 0}, {renew, 0}, {next_key, 0}, {wait, 0}, {back_up, 0}, {remedy, 0}};
}

// The world differs.
Scenario in_worlds(std::string sentence, const Setting& as_it_is, const Setting& with_remedy,
                   const Moves& more, std::size_t moves) {
  return {std::move(sentence),
          {{}, {}, {as_it_is}, life_and(more)},
          {{}, {}, {with_remedy}, life_and(more)},
          moves};
}

// People do something else.
Scenario by_moves(std::string sentence, const Setting& setting, const Moves& as_it_is,
                  const Moves& with_remedy, std::size_t moves) {
  return {std::move(sentence),
          {{}, {}, {setting}, life_and(as_it_is)},
          {{}, {}, {setting}, life_and(with_remedy)},
          moves};
}

std::vector<Scenario> scenarios() {
  using model::Names;
  return {
      by_moves("A host, or an owner of TLSA records, that becomes an alias",
               setting_with(1, 1, {.names = Names::shared_files}), {{transfer_other, 0}, {repoint, 0}},
               {{transfer_other, 0}, {late_repoint, 0}}, 9),
      in_worlds("An address that leaves DNS", setting_with(1, 2, {.is_hidden = true}), setting_with(1, 2),
                {{take_up, 1}}, 10),
      in_worlds("A host that leaves the MX or SRV records", setting_with(1, 1, {.names = Names::left_behind}),
                setting_with(1, 1, {.names = Names::shared_files}), {{transfer_other, 0}}, 8),
      in_worlds("A name server that leaves the NS records", setting_with(2, 1, {.is_retired = true}),
                setting_with(2, 1), {{transfer, 1}}, 8),
      by_moves("A record that somebody deletes and puts back between two looks", setting_with(1, 1),
               {{flicker, 0}}, {{seen_flicker, 0}}, 8),
      in_worlds("If several machines share an address",
                setting_with(1, 3, {.is_balanced = true, .is_sticky = true}), setting_with(1, 3),
                {{take_up, 1}, {take_up, 2}}, 11),
      in_worlds("If the resolver shows other addresses", setting_with(1, 2, {.is_hidden = true}),
                setting_with(1, 2), {{take_up, 1}}, 10),
      in_worlds("A probe never reaches an Ed25519 certificate", with_an_unasked_key(false),
                with_an_unasked_key(true), {{key_kinds, 0}}, 6),
      {"A ledger that was put back from a backup",
       {{}, {}, {with_next_key()}, ledger_moves(restore)},
       {{}, {}, {with_next_key()}, ledger_moves(lose_ledger)},
       12},
  };
}

Limits no_deeper_than(std::size_t depth) {
  Limits limits;
  limits.depth = depth;
  limits.states = 150'000;
  limits.settled_one_in = limits.states;  // nothing is promised about the end
  limits.until = std::chrono::steady_clock::now() + std::chrono::minutes(10);
  return limits;
}

bool is_so(const Scenario& scenario) {
  const model::Fault shipped;
  const auto found = explore(scenario.as_it_is, shipped, no_deeper_than(scenario.moves));
  const auto left = explore(scenario.with_remedy, shipped, no_deeper_than(scenario.moves + 1));
  const auto moves = found.finding ? found.finding->schedule.size() : 0;
  std::printf("%-64s %5zu %9zu %9zu%s\n", scenario.sentence.c_str(), moves, found.distinct, left.distinct,
              left.finding ? "  and with the remedy:" : "");
  if (left.finding) std::printf("%s", replay(scenario.with_remedy, *left.finding, shipped).c_str());
  std::fflush(stdout);
  return moves == scenario.moves && !left.finding;
}

// The lines between ".Sh CAVEATS" and the next section.
std::string section_of(const std::string& manual) {
  std::ifstream file(manual);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto begin = text.find(".Sh CAVEATS");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find("\n.Sh ", begin + 1) - begin);
}

bool tells_of(const std::string& caveats, const std::vector<Scenario>& all) {
  std::size_t items = 0;
  for (auto at = caveats.find(".It\n"); at != std::string::npos; at = caveats.find(".It\n", at + 1)) {
    ++items;
    const auto is_it = [&](const Scenario& one) {
      return caveats.compare(at + 4, one.sentence.size(), one.sentence) == 0;
    };
    if (std::ranges::any_of(all, is_it)) continue;
    std::printf("no scenario: %s\n", caveats.substr(at + 4, caveats.find('\n', at + 4) - at - 4).c_str());
    return false;
  }
  if (items == all.size()) return true;
  std::printf("the manual has %zu caveats, here are %zu scenarios\n", items, all.size());
  return false;
}

}  // namespace

bool check_caveats(const std::string& manual) {
  const auto all = scenarios();
  if (!tells_of(section_of(manual), all)) return false;
  std::printf("%-64s %5s %9s %9s\n", "caveat", "moves", "distinct", "remedied");
  bool are_so = true;
  for (const auto& scenario : all) are_so = is_so(scenario) && are_so;
  return are_so;
}

}  // namespace tlsa_update::proof
