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

// Of a name whose history is known, which spares some waits.
Setting with(std::size_t secondaries, std::size_t addresses, bool is_dual = false) {
  Setting setting;
  setting.longest_ttl = setting.ttl;
  setting.secondaries = secondaries;
  setting.addresses = addresses;
  setting.is_dual = is_dual;
  return setting;
}

Setting first_of(Setting setting) {
  setting.is_published = false;
  return setting;
}

Setting unpublished() { return first_of({}); }

Setting in(model::Surroundings around, Setting setting) {
  setting.around = around;
  return setting;
}

// Not long ago the RRset was another one, of a longer TTL.
Setting with_past() {
  Setting setting;
  setting.ttl = 60;
  setting.ttl_before = 3600;
  setting.has_next = true;
  return setting;
}

Setting below_wildcard() {
  Setting setting = unpublished();
  setting.ttl = 60;
  setting.wildcard_ttl = 3600;
  return setting;
}

Setting patient() {
  Setting setting = with(1, 1);
  setting.wait_factor = 3;
  setting.margin = Seconds{60};
  setting.grace = Seconds{600};
  return setting;
}

// Each has a driver, a ledger and keys of its own.
Setting shared() {
  Setting setting = with(1, 2);
  setting.is_shared = true;
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
      {"reverts",
       "the operator goes back to the old key, and the driver is killed just then",
       {with(1, 1), by_hook(with(1, 1))},
       {{run, 0},
        {wait, 0},
        {transfer, 0},
        {take_up, 0},
        {renew, 0},
        {revert, 0},
        {run_killed, 6},
        {run_killed, 7}}},
      {"servers",
       "two secondaries lag, and are out of reach now and then",
       {with(2, 1)},
       life() + Moves{{transfer, 1}, {run_half_blind, 1}, {run_half_blind, 2}}},
      {"returns",
       "a secondary is out of reach for long, and comes back with an old zone",
       {with(1, 1)},
       {{run, 0}, {wait, 0}, {transfer, 0}, {take_up, 0}, {renew, 0}, {die, 0}, {come_back, 0}}},
      {"addresses",
       "two machines behind one name, which switch and vanish on their own",
       {with(1, 2), by_hook(with(1, 2))},
       life() + Moves{{take_up, 1}, {run_half_deaf, 0}, {run_half_deaf, 1}, {revert, 0}}},
      {"first records",
       "nothing is published at first, and machines vanish and switch on their own",
       {first_of(with(1, 1)), by_hook(first_of(with(1, 1))), first_of(with(1, 2))},
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
       {with(1, 1), by_hook(with(1, 1))},
       life() + before_each_call(run_and_time) + before_each_call(run_and_switch) +
           before_each_call(run_and_revert)},
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
      {"histories",
       "what was there before anybody looked, and was deleted or had a longer TTL",
       {with_past()},
       life() + Moves{{next_key, 0}, {lose_ledger, 0}}},
      {"wildcards",
       "a wildcard answers while the owner has no records of its own",
       {below_wildcard()},
       life() + Moves{{unpublish, 0}}},
      {"machines",
       "the ledger goes on at a machine whose clock is ahead",
       {Setting{}},
       life() + Moves{{move, 0}, {reboot, 0}}},
      {"neighbours",
       "another configuration shares the owner and the ledger",
       {Setting{}},
       life() + Moves{{claim, 0}, {unpublish, 0}}},
      {"refused chains",
       "the ACME client brings a certificate that clients refuse",
       {between("2 0 1", "3 1 1"), between("2 1 1", "3 1 1")},
       life() + Moves{{misissue, 0}, {revert, 0}}},
      {"refused combinations",
       "clients refuse a certificate by the other combination alone",
       {between("3 1 1", "2 1 1"), by_hook(between("3 1 1", "2 1 1"))},
       {{run, 0}, {wait, 0}, {transfer, 0}, {take_up, 0}, {misissue, 0}, {combinations, 0}}},
      {"caches",
       "a resolver answers as any cache may",
       {Setting{}},
       life() + Moves{{run_with_cache, 0}, {run_with_cache, 1}, {run_with_cache, 2}}},
      {"old primaries",
       "the primary names itself alone, and clients ask another server",
       {in({.is_moved = true}, with(1, 1))},
       life()},
      {"forgotten servers",
       "the primary does not name the server that the parent names",
       {in({.is_forgotten = true}, with(1, 1)), in({.is_forgotten = true}, with(2, 1))},
       life() + Moves{{transfer, 1}}},
      {"balancers",
       "two machines take turns behind one address",
       {in({.is_balanced = true}, with(1, 2))},
       life() + Moves{{take_up, 1}, {revert, 0}}},
      {"own addresses",
       "--address names the first address, DNS names two",
       {in({.has_own_address = true}, with(1, 2))},
       life() + Moves{{take_up, 1}}},
      {"lost UPDATEs",
       "an UPDATE or its answer is lost",
       {with(1, 1)},
       life() + Moves{{run_lost, 0}, {run_unanswered, 0}, {revert, 0}}},
      {"late UPDATEs",
       "an UPDATE arrives when the driver has gone",
       {with(0, 1)},
       {{run, 0}, {wait, 0}, {take_up, 0}, {renew, 0}, {revert, 0}, {run_late, 0}, {late_update, 0}}},
      {"reloads",
       "the reload command fails, and the service switches late or never",
       {with(1, 1)},
       life() + Moves{{run_broken_reload, 0}, {revert, 0}}},
      {"lost signatures",
       "a name server answers without valid signatures now and then",
       {with(1, 1)},
       life() + Moves{{run_unsigned, 0}, {run_unsigned, 1}}},
      {"renewals meanwhile",
       "the ACME client has a new key while the driver works",
       {with(1, 1)},
       life() + before_each_call(run_and_renew)},
      {"three machines",
       "three machines behind one name switch one after the other",
       {with(1, 3)},
       {{run, 0},
        {wait, 0},
        {transfer, 0},
        {take_up, 0},
        {take_up, 1},
        {take_up, 2},
        {renew, 0},
        {revert, 0}}},
      {"two drivers",
       "two machines behind one name, each with a driver, a ledger and keys of its own",
       {shared()},
       life() + Moves{{turn, 0}, {take_up, 1}, {revert, 0}}},
      {"aliases",
       "a second name is an alias of the first, and its service has other keys",
       {in({.names = model::Names::alias}, with(1, 2))},
       {{run, 0}, {wait, 0}, {transfer, 0}, {take_up, 0}, {take_up, 1}, {renew, 0}, {renew, 1}}},
      {"shared files",
       "two names with RRsets of their own, whose services read the same files",
       {in({.names = model::Names::shared_files}, with(1, 1))},
       life() + Moves{{transfer_other, 0}, {revert, 0}}},
      {"protected records",
       "the operator keeps a record, adopts what is there, and others write",
       {Setting{}},
       life() + Moves{{keep, 0}, {adopt, 0}, {foreign_add, 0}}},
      {"assumptions",
       "the operator says --assume-deployed whenever it is true",
       {with(1, 2)},
       life() + Moves{{assume_deployed, 0}, {run_half_deaf, 1}, {take_up, 1}}},
      {"long waits",
       "three TTLs, a margin and a grace",
       {patient()},
       life() + Moves{{revert, 0}, {next_key, 0}}},
  };
  return all;
}

}  // namespace tlsa_update::proof
