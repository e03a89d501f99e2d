#include "tlsa_update/dns/updater.hpp"

#include <algorithm>
#include <chrono>
#include <deque>

#include "forwarder.hpp"
#include "gather.hpp"
#include "owner_facts.hpp"
#include "random.hpp"
#include "read_back.hpp"
#include "tlsa_update/dns/zone_reader.hpp"
#include "update_error.hpp"

namespace tlsa_update::dns {
namespace {

using boost::asio::awaitable;
using std::chrono::milliseconds;
using Outcome = UpdateOutcome::Kind;

constexpr std::size_t messages_at_once = 2;  // servers apply one after another, within one timeout
constexpr std::size_t readings_at_once = 1000;
constexpr std::size_t records_a_question = 50;  // of a transfer, which cost a server as much as one question
constexpr auto time_to_settle = milliseconds(1000);  // after a lost reply, which took a timeout already
constexpr int most_rounds = 40;         // of one message: halving 65,535 octets of changes takes 2 x 10
constexpr std::size_t most_tasted = 8;  // of a declined message, to tell a few bad owners from all
constexpr std::size_t alone_at_once = 32;

// Members of a declined message that are tried alone first, from one end of it to the other.
std::vector<std::size_t> taste(const std::vector<std::size_t>& members) {
  if (members.size() <= most_tasted) return members;
  std::vector<std::size_t> few;
  for (std::size_t i = 0; i < most_tasted; ++i)
    few.push_back(members[i * (members.size() - 1) / (most_tasted - 1)]);
  return few;
}

// The same at random, one of each eighth: other ones at every run.
std::vector<std::size_t> taste_at_random(const std::vector<std::size_t>& members) {
  if (members.size() <= most_tasted) return members;
  std::vector<std::size_t> few;
  for (std::size_t i = 0; i < most_tasted; ++i) {
    const auto begin = i * members.size() / most_tasted, end = (i + 1) * members.size() / most_tasted;
    few.push_back(members[begin + random_number() % (end - begin)]);
  }
  return few;
}

std::vector<std::size_t> without(const std::vector<std::size_t>& members,
                                 const std::vector<std::size_t>& few) {
  std::vector<std::size_t> rest;
  std::ranges::set_difference(members, few, std::back_inserter(rest));
  return rest;
}

// Changes that travel in one message, and what has been done about them.
struct Batch {
  std::vector<std::size_t> members;
  bool is_resend = false;
  bool was_watched = false;  // for a change of the RRsets that a prerequisite denies
};

// All changes of one call, their outcomes, and the messages that carry them.
class Application {
 public:
  Application(Exchange& primary, Name zone, std::vector<RrsetChange> changes, ApplyOptions options)
      : primary_(primary),
        zone_(std::move(zone)),
        read_back_(primary, zone_),
        changes_(std::move(changes)),
        options_(std::move(options)),
        outcomes_(changes_.size()),
        is_in_doubt_(changes_.size()) {}

  awaitable<std::vector<ChangeOutcome>> run() {
    where_ = {primary_.address(), zone_, primary_.options().sign_queries};
    const auto messages = pack(zone_, changes_);
    const auto send = [&](std::size_t i) { return carry_out(messages[i]); };
    co_await gather(messages.size(), messages_at_once, send);
    if (is_transfer_cheaper()) co_await confirm_by_transfer();
    co_await confirm();
    co_return std::move(outcomes_);
  }

 private:
  using Kind = ChangeOutcome::Kind;

  // Sends a message, and then what remains of it, until every member is accepted or has its outcome.
  awaitable<void> carry_out(std::vector<std::size_t> members) {
    std::size_t open = members.size();
    std::deque<Batch> waiting{{std::move(members), false}};
    for (int failed = 0; !waiting.empty();) {
      const Batch batch = std::move(waiting.front());
      waiting.pop_front();
      if (failed == most_rounds) {
        co_await give_up(batch);
      } else if (co_await carry_out(batch, waiting) == Outcome::prerequisite_failed) {
        ++failed;
      }
      std::size_t still_open = 0;
      for (const auto& later : waiting) still_open += later.members.size();
      tell_progress(open - still_open);
      open = still_open;
    }
  }

  // One message. What is to be sent again comes to `waiting`.
  awaitable<Outcome> carry_out(const Batch& batch, std::deque<Batch>& waiting) {
    if (is_stopped()) {
      leave(batch);
      co_return Outcome::unknown;
    }
    const auto outcome = co_await send(batch.members);
    if (outcome.kind == Outcome::done) {
      is_hopeless_ = false;
      accepted_.insert(accepted_.end(), batch.members.begin(), batch.members.end());
    } else if (batch.members.size() > 1 && may_be_one_owners(outcome)) {
      co_await divide(batch, outcome, waiting);
    } else if (outcome.kind == Outcome::prerequisite_failed) {
      co_await narrow(batch, waiting);
    } else if (outcome.kind == Outcome::unknown) {
      co_return co_await resolve(batch, outcome.error, waiting);
    } else {
      for (const auto member : batch.members) settle(member, Kind::failed, {}, outcome.error);
    }
    co_return outcome.kind;
  }

  // Is one owner of a message enough for this answer to all of it? Knot and PowerDNS do not sign what their
  // policies refuse; but if they sign other answers with the key, the key is not the reason.
  [[nodiscard]] bool may_be_one_owners(const UpdateOutcome& outcome) const {
    const bool is_unsigned_refusal = outcome.kind == Outcome::unknown && outcome.error &&
                                     outcome.error->code == ErrorCode::refused && primary_.has_verified();
    return outcome.kind == Outcome::denied || outcome.kind == Outcome::failed || is_unsigned_refusal;
  }

  awaitable<UpdateOutcome> send(const std::vector<std::size_t>& members) {
    Update update{zone_, {}};
    for (const auto member : members) update.changes.push_back(changes_[member]);
    auto outcome = co_await primary_.update(std::move(update));
    for (const auto member : members)
      is_in_doubt_[member] = is_in_doubt_[member] || outcome.kind == Outcome::unknown;
    co_return outcome;
  }

  [[nodiscard]] bool is_transfer_cheaper() const {
    return accepted_.size() > auto_query_limit && options_.transferable_records > 0 &&
           options_.transferable_records / records_a_question < accepted_.size();
  }

  // Settles what a transfer shows as it should be; whatever else it shows is asked about.
  awaitable<void> confirm_by_transfer() {
    std::vector<Name> owners;
    for (const auto member : accepted_) owners.push_back(changes_[member].owner);
    const auto zone = co_await transfer_zone(primary_, zone_, interesting_names(owners, zone_));
    if (!zone) co_return;
    std::erase_if(accepted_, [&](std::size_t member) {
      const auto facts = facts_of(*zone, changes_[member].owner);
      if (!facts) return false;
      const auto view = view_of(*facts);
      const Seen seen{view.rrset, view.has_rrsig, effect_of(changes_[member], view.rrset)};
      const bool lacks_signature = seen.rrset && zone->is_signed && !seen.has_rrsig;
      if (seen.effect != Effect::applied || lacks_signature) return false;
      settle(member, Kind::applied, seen);
      return true;
    });
  }

  // RFC 2136 sections 2.5.1, 2.5.4, 3.4.2.5: NOERROR does not prove a change.
  awaitable<void> confirm() {
    const auto read = [&](std::size_t i) -> awaitable<void> {
      const auto member = accepted_[i];
      const auto& change = changes_[member];
      auto seen = co_await read_back_.watch(change, options_.time_to_appear);
      const bool may_follow = seen && seen->is_as_before() && co_await may_forward();
      if (may_follow) seen = co_await read_back_.watch(change, options_.time_to_follow);
      if (!seen) {
        settle(member, Kind::failed, {}, unreadable(seen.error()));
      } else if (may_follow && seen->is_as_before()) {
        settle(member, Kind::failed, *seen, not_seen_at_forwarder(change, where_));
      } else if (seen->effect == Effect::applied || seen->effect == Effect::ttl_kept) {
        settle(member, Kind::applied, *seen);
      } else {
        settle(member, Kind::failed, *seen, disproved(change, *seen, where_));
      }
    };
    co_await gather(accepted_.size(), readings_at_once, read);
  }

  // A prerequisite of the message failed and nothing was changed (RFC 2136 section 3.2.5): which one?
  awaitable<void> narrow(const Batch& batch, std::deque<Batch>& waiting) {
    auto same = co_await sort_out(batch.members);
    if (same.size() == batch.members.size() && !batch.was_watched) {
      // The change of another writer may be in the zone before it is answered (inline signing).
      same = co_await sort_out(batch.members, [this](const RrsetChange& change) {
        return read_back_.watch_for_movement(change, options_.time_to_appear);
      });
    }
    if (same.empty()) co_return;
    if (same.size() < batch.members.size()) {
      waiting.push_back({std::move(same), batch.is_resend, batch.was_watched});
    } else if (same.size() == 1) {
      co_await give_up(batch);
    } else {
      halve(same, batch.is_resend, true, waiting);
    }
  }

  // One owner that the policy forbids (BIND, Knot), or that the server fails at (BIND: 100 records), is
  // enough for all of the message. Some are tried alone: if one of these is done, the halves of the rest tell
  // which it is. Else few may be good or none, and only all of them, alone, can tell. A key that may change
  // nothing does not cost that with every message: after one that was tried whole in vain, a few stand for
  // the rest.
  awaitable<void> divide(const Batch& batch, const UpdateOutcome& outcome, std::deque<Batch>& waiting) {
    const auto few = is_hopeless_ ? taste_at_random(batch.members) : taste(batch.members);
    const auto rest = without(batch.members, few);
    const bool is_one_done = co_await try_alone(few, batch, outcome.kind, waiting);
    if (is_one_done || rest.empty()) {
      halve(rest, batch.is_resend, batch.was_watched, waiting);
      co_return;
    }
    if (!is_hopeless_) {
      is_hopeless_ = true;  // the message beside this one need not find out as well
      const bool is_another_done = co_await try_alone(rest, batch, outcome.kind, waiting);
      if (is_another_done) {
        is_hopeless_ = false;
        co_return;
      }
    }
    if (is_stopped()) {
      leave({rest, batch.is_resend});
    } else if (outcome.kind == Outcome::unknown) {
      co_await doubt(batch.members, *outcome.error);
    } else {
      for (const auto member : batch.members) settle(member, Kind::failed, {}, outcome.error);
    }
  }

  // True when one of them met with another answer than the whole. Knot gives SERVFAIL to all that it applies
  // together, so after SERVFAIL they go one by one.
  awaitable<bool> try_alone(const std::vector<std::size_t>& members, const Batch& batch, Outcome kind,
                            std::deque<Batch>& waiting) {
    bool is_one_done = false;
    const auto attempt = [&](std::size_t i) -> awaitable<void> {
      const Batch alone{{members[i]}, batch.is_resend, batch.was_watched};
      const auto outcome = co_await carry_out(alone, waiting);
      if (outcome != kind && outcome != Outcome::denied) is_one_done = true;
    };
    co_await gather(members.size(), kind == Outcome::failed ? 1 : alone_at_once, attempt);
    co_return is_one_done;
  }

  static void halve(const std::vector<std::size_t>& members, bool is_resend, bool was_watched,
                    std::deque<Batch>& waiting) {
    const auto middle = members.begin() + static_cast<std::ptrdiff_t>(members.size() / 2);
    if (middle != members.begin()) waiting.push_back({{members.begin(), middle}, is_resend, was_watched});
    if (middle != members.end()) waiting.push_back({{middle, members.end()}, is_resend, was_watched});
  }

  // RFC 2136 section 3.5: without an answer the change is made, or not made, or made later.
  awaitable<Outcome> resolve(const Batch& batch, const std::optional<Error>& error,
                             std::deque<Batch>& waiting) {
    if (error && error->code != ErrorCode::no_answer)  // somebody answered, but not so that it counts
      co_return co_await doubt(batch.members, *error);
    auto same = co_await sort_out(batch.members, [this](const RrsetChange& change) {
      return read_back_.watch(change, time_to_settle);
    });
    if (!batch.is_resend && !same.empty()) {
      waiting.push_back({std::move(same), true, batch.was_watched});
      co_return Outcome::unknown;
    }
    for (const auto member : same) settle(member, Kind::failed, {}, never_answered(error, where_));
    co_return Outcome::unknown;
  }

  // `denied` when it is refused and all is as before, whoever answered so.
  awaitable<Outcome> doubt(const std::vector<std::size_t>& members, const Error& error) {
    bool is_as_before = error.code == ErrorCode::refused;
    const auto read = [&](std::size_t i) -> awaitable<void> {
      const auto seen = co_await read_back_.look(changes_[members[i]]);
      is_as_before = is_as_before && seen && seen->is_as_before();
      settle(members[i], Kind::failed, seen ? *seen : Seen{}, doubtful(error, seen));
    };
    co_await gather(members.size(), readings_at_once, read);
    co_return is_as_before ? Outcome::denied : Outcome::unknown;
  }

  using Look = std::function<awaitable<Result<Seen>>(const RrsetChange&)>;

  // Settles members that are applied, moved or cannot be read; what is as observed comes back.
  awaitable<std::vector<std::size_t>> sort_out(const std::vector<std::size_t>& members, Look look) {
    std::vector<std::size_t> same;
    const auto read = [&](std::size_t i) -> awaitable<void> {
      const auto member = members[i];
      const auto seen = co_await look(changes_[member]);
      if (!seen) {
        settle(member, Kind::failed, {}, seen.error());
      } else if (seen->is_as_before()) {
        same.push_back(member);
      } else {
        settle(member, seen->effect == Effect::applied ? Kind::applied : Kind::moved, *seen);
      }
    };
    co_await gather(members.size(), readings_at_once, read);
    std::sort(same.begin(), same.end());
    co_return same;
  }

  awaitable<std::vector<std::size_t>> sort_out(const std::vector<std::size_t>& members) {
    return sort_out(members, [this](const RrsetChange& change) { return read_back_.look(change); });
  }

  // A prerequisite of each of these failed. If its RRset is as observed all the same, it is no race: the
  // server compares with other data than it answers, and would do so for ever.
  awaitable<void> give_up(const Batch& batch) {
    for (const auto member : batch.members) {
      const auto& change = changes_[member];
      const auto seen = co_await read_back_.look(change);
      if (seen && seen->is_as_before()) {
        settle(member, Kind::failed, *seen, compares_other_data(change, where_));
      } else {
        settle(member, Kind::moved, seen ? *seen : Seen{});
      }
    }
  }

  [[nodiscard]] bool is_stopped() const { return options_.is_stopped && options_.is_stopped(); }

  // Stopped: what was lost on its way may still arrive.
  void leave(const Batch& batch) {
    for (const auto member : batch.members) {
      if (batch.is_resend)
        settle(member, Kind::failed, {}, never_answered({}, where_));
      else
        settle(member, Kind::not_sent, {});
    }
  }

  awaitable<bool> may_forward() {
    if (!may_forward_) may_forward_ = co_await dns::may_forward(primary_, zone_);
    co_return *may_forward_;
  }

  void settle(std::size_t member, Kind kind, Seen seen, std::optional<Error> error = {}) {
    outcomes_[member] = {changes_[member].owner, kind,           std::move(error),
                         std::move(seen.rrset),  seen.has_rrsig, is_in_doubt_[member]};
  }

  void tell_progress(std::size_t more) {
    for (; options_.progress && more > 0; --more) options_.progress(++answered_, changes_.size());
  }

  Exchange& primary_;
  Name zone_;
  ReadBack read_back_;
  UpdatedAt where_;
  std::vector<RrsetChange> changes_;
  ApplyOptions options_;
  std::vector<ChangeOutcome> outcomes_;
  std::vector<bool> is_in_doubt_;
  std::vector<std::size_t> accepted_;  // NOERROR, not read back yet
  std::size_t answered_ = 0;
  bool is_hopeless_ = false;  // every owner of one message was declined alone, and none was done since
  std::optional<bool> may_forward_;
};

}  // namespace

awaitable<std::vector<ChangeOutcome>> apply(Exchange& primary, Name zone, std::vector<RrsetChange> changes,
                                            ApplyOptions options) {
  Application application(primary, std::move(zone), std::move(changes), std::move(options));
  co_return co_await application.run();
}

}  // namespace tlsa_update::dns
