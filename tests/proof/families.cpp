// What may happen, family by family: all at once is too much for any machine, and each kind of trouble needs
// only a few others beside it.
#include "proof/explore.hpp"

namespace tlsa_update::proof {
namespace {

using enum MoveKind;
using Moves = std::vector<Move>;

constexpr std::uint8_t most_calls = 12;  // of the world in one pass: a crash or an intrusion fits before each

Moves operator+(Moves one, const Moves& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

Moves before_each_call(MoveKind kind) {
  Moves moves;
  for (std::uint8_t at = 0; at < most_calls; ++at) moves.push_back({kind, at});
  return moves;
}

// In any world the timer runs, time goes by, servers catch up, the service takes up its files, keys are
// renewed.
Moves life() { return {{run, 0}, {wait, 0}, {second, 0}, {transfer, 0}, {take_up, 0}, {renew, 0}}; }

Setting by_hook(Setting setting) {
  setting.installs = false;
  return setting;
}

Setting with(std::size_t secondaries, std::size_t addresses, bool is_dual = false) {
  Setting setting;
  setting.secondaries = secondaries;
  setting.addresses = addresses;
  setting.is_dual = is_dual;
  return setting;
}

Setting unpublished() {
  Setting setting;
  setting.is_published = false;
  return setting;
}

Setting between(const char* one, const char* other) {
  Setting setting;
  setting.combinations = {testing::parameters(one)};
  setting.other_combinations = {testing::parameters(other)};
  return setting;
}

Setting growing(const char* one, const char* other) {
  Setting setting = between(one, other);
  setting.other_combinations.push_back(testing::parameters(one));
  return setting;
}

}  // namespace

const std::vector<Family>& families() {
  static const std::vector<Family> all{
      {"renewals",
       "keys come and go back, one server lags",
       {Setting{}, by_hook({}), unpublished()},
       life() + Moves{{revert, 0}, {next_key, 0}}},
      {"crashes",
       "the driver is killed at any call",
       {Setting{}, by_hook({})},
       life() + before_each_call(run_killed)},
      {"servers",
       "two secondaries lag, vanish and come back old",
       {with(2, 1)},
       life() + Moves{{transfer, 1}, {run_half_blind, 1}, {run_half_blind, 2}, {fall_back, 0}}},
      {"addresses",
       "two machines behind one name, which switch and vanish on their own",
       {with(1, 2), by_hook(with(1, 2))},
       life() + Moves{{take_up, 1}, {run_half_deaf, 0}, {run_half_deaf, 1}, {revert, 0}}},
      {"kinds of keys",
       "an RSA and an ECDSA certificate side by side",
       {with(1, 1, true), with(1, 2)},
       life() + Moves{{key_kinds, 0}, {run_half_deaf, 0}, {take_up, 1}}},
      {"parameters",
       "from one combination of usage, selector and matching type to another",
       {between("3 1 1", "3 1 2"), between("3 1 1", "2 0 1"), between("2 1 1", "3 1 1"),
        growing("3 1 1", "3 1 2"), growing("2 0 1", "3 1 1")},
       life() + Moves{{combinations, 0}}},
      {"TTLs",
       "the operator changes the TTL both ways",
       {Setting{}},
       life() + Moves{{ttl, 0}, {next_key, 0}}},
      {"other writers",
       "somebody else adds and deletes records, also while the driver works",
       {Setting{}},
       life() + Moves{{foreign_add, 0}, {foreign_remove, 0}} + before_each_call(run_and_writer)},
      {"interruptions",
       "the machine stands still, or the service switches, before any call",
       {Setting{}, by_hook({})},
       life() + before_each_call(run_and_time) + before_each_call(run_and_switch)},
      {"clocks",
       "the wall clock is set and the machine boots",
       {Setting{}},
       life() + Moves{{clock_ahead, 0}, {clock_back, 0}, {reboot, 0}}},
      {"unpublishing",
       "the last record goes and comes back",
       {Setting{}},
       life() + Moves{{unpublish, 0}, {revert, 0}}},
      {"lost ledgers",
       "the ledger is lost at any time",
       {Setting{}, by_hook({}), unpublished()},
       life() + Moves{{lose_ledger, 0}, {ttl, 0}, {unpublish, 0}}},
  };
  return all;
}

}  // namespace tlsa_update::proof
