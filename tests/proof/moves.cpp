#include "proof/moves.hpp"

#include <algorithm>
#include <string_view>

namespace tlsa_update::proof {
namespace {

struct Word {
  MoveKind kind;
  bool is_numbered;
  std::string_view text;
};
constexpr Word words[] = {
    {MoveKind::run, false, "run"},
    {MoveKind::run_broken_reload, false, "run, and the reload fails"},
    {MoveKind::run_lost, false, "run, and its UPDATE is lost"},
    {MoveKind::run_unanswered, false, "run, and the answer to its UPDATE is lost"},
    {MoveKind::run_late, false, "run, and its UPDATE is late"},
    {MoveKind::run_killed, true, "run, killed at its call"},
    {MoveKind::run_and_writer, true, "run, and another writer before its call"},
    {MoveKind::run_and_time, true, "run, suspended for an hour before its call"},
    {MoveKind::run_and_switch, true, "run, and the service switches before its call"},
    {MoveKind::run_and_revert, true, "run, and the old files are put back before its call"},
    {MoveKind::run_and_renew, true, "run, and a renewal before its call"},
    {MoveKind::run_with_cache, true, "run, and the resolver answers as cache"},
    {MoveKind::run_half_blind, true, "run, out of reach is name server"},
    {MoveKind::run_half_deaf, true, "run, out of reach is address"},
    {MoveKind::run_unsigned, true, "run, without signatures is name server"},
    {MoveKind::transfer, true, "transfer to secondary"},
    {MoveKind::die, true, "out of reach from now on is secondary"},
    {MoveKind::come_back, false, "the secondary comes back with its old zone"},
    {MoveKind::take_up, true, "reload at address"},
    {MoveKind::transfer_other, true, "transfer of the second name to its secondary"},
    {MoveKind::late_update, false, "the late UPDATE arrives"},
    {MoveKind::second, false, "a second"},
    {MoveKind::wait, false, "wait"},
    {MoveKind::foreign_add, false, "another writer adds a record"},
    {MoveKind::foreign_remove, false, "another writer deletes a record"},
    {MoveKind::claim, false, "another configuration publishes a record of its own"},
    {MoveKind::flicker, false, "a record is deleted everywhere and put back, unseen"},
    {MoveKind::seen_flicker, false, "a record is deleted everywhere, ready runs, and it is put back"},
    {MoveKind::repoint, false, "the first name becomes an alias of the second"},
    {MoveKind::late_repoint, false,
     "the first name becomes an alias of the second, which has had all for two TTLs"},
    {MoveKind::turn, false, "now the other machine"},
    {MoveKind::lose_ledger, false, "the ledger is lost"},
    {MoveKind::back_up, false, "backup of the ledger"},
    {MoveKind::restore, false, "the ledger comes back from the backup"},
    {MoveKind::clock_ahead, false, "the clock is set ahead"},
    {MoveKind::clock_back, false, "the clock is set back"},
    {MoveKind::reboot, false, "reboot"},
    {MoveKind::move, false, "another machine goes on"},
    {MoveKind::renew, true, "renewal for service"},
    {MoveKind::misissue, false, "renewal that clients refuse"},
    {MoveKind::revert, true, "revert to the key before for service"},
    {MoveKind::key_kinds, false, "another choice of key kinds"},
    {MoveKind::next_key, false, "next key given or taken"},
    {MoveKind::combinations, false, "other parameters"},
    {MoveKind::ttl, false, "another TTL"},
    {MoveKind::unpublish, false, "unpublish, or no longer"},
    {MoveKind::keep, false, "keep, or no longer"},
    {MoveKind::adopt, false, "adopt all, or no longer"},
    {MoveKind::assume_deployed, false, "assume deployed where it is true, or no longer"},
};

}  // namespace

std::string text(const Move& move) {
  const auto* word = std::ranges::find(words, move.kind, &Word::kind);
  return std::string(word->text) + (word->is_numbered ? " " + std::to_string(move.at + 1) : std::string{});
}

}  // namespace tlsa_update::proof
