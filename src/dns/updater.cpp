#include "tlsa_update/dns/updater.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>

#include "forwarder.hpp"
#include "gather.hpp"
#include "owner_facts.hpp"
#include "rrset_change.hpp"
#include "tlsa_answer.hpp"
#include "tlsa_update/dns/zone_reader.hpp"

namespace tlsa_update::dns {
namespace {

using boost::asio::awaitable;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Outcome = UpdateOutcome::Kind;

constexpr std::size_t messages_at_once = 2;  // servers apply one after another, within one timeout
constexpr std::size_t readings_at_once = 1000;
constexpr std::size_t records_a_question = 50;  // of a transfer, which cost a server as much as one question
constexpr auto time_to_appear = milliseconds(2000);  // BIND's inline-signing answers before it has signed
constexpr auto time_to_settle = milliseconds(1000);  // after a lost reply, which took a timeout already
constexpr milliseconds first_pause{2}, longest_pause{200};
constexpr int most_rounds = 40;        // of one message: halving 65,535 octets of changes takes 2 x 10
constexpr std::size_t most_alone = 8;  // of a refused message, to tell a few forbidden owners from all

awaitable<void> pause(milliseconds duration) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, duration);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

struct Seen {
  std::optional<Rrset> rrset;
  bool has_rrsig = false;
  Effect effect = Effect::other;
};

Error disproved(const RrsetChange& change, const Seen& seen, const std::string& server) {
  return {ErrorCode::protocol,
          "the server accepted the change of TLSA at " + change.owner.text() +
              (seen.effect == Effect::unchanged ? ", but its answers have not changed"
                                                : ", but answers something else"),
          server, "see the log of the server: a policy there, or another writer, may have undone it"};
}

// Said by a secondary that has passed the UPDATE on, and follows when the primary has told it.
Error not_seen(const RrsetChange& change, const std::string& server) {
  return {ErrorCode::protocol,
          "the server accepted the change of TLSA at " + change.owner.text() +
              ", but it is not seen there: forwarded to the zone's primary?",
          server, "run again later, or name the primary with --server"};
}

bool is_as_before(const Seen& seen) {
  return seen.effect == Effect::unchanged || seen.effect == Effect::ttl_kept;
}

constexpr const char* unchanged_yet =
    "the records are unchanged now, but the server may still apply it: look again later";

void advise(Error& error, const char* advice) {
  error.advice += error.advice.empty() ? advice : std::string("; ") + advice;
}

Error never_answered(std::optional<Error> error, const std::string& server) {
  Error result = error.value_or(Error{ErrorCode::no_answer, "no answer to the UPDATE", server, ""});
  advise(result, unchanged_yet);
  return result;
}

// Of an answer that does not count: the administrator wants to know what became of the change all the same.
// An unsigned refusal is the usual answer to common mistakes, so its word on what is unchanged is believed.
Error doubtful(Error error, const Result<Seen>& seen) {
  if (!seen) {
    advise(error, "whether the change has been made could not be read back: look again later");
  } else if (seen->effect == Effect::applied) {
    advise(error, "the change has been made all the same");
  } else if (error.code != ErrorCode::refused) {
    advise(error, unchanged_yet);
  }
  return error;
}

// Members of a refused message that are tried alone, from one end of it to the other.
std::vector<std::size_t> sample(const std::vector<std::size_t>& members) {
  if (members.size() <= most_alone) return members;
  std::vector<std::size_t> few;
  for (std::size_t i = 0; i < most_alone; ++i)
    few.push_back(members[i * (members.size() - 1) / (most_alone - 1)]);
  return few;
}

// Changes that travel in one message, and how often they have.
struct Batch {
  std::vector<std::size_t> members;
  bool is_resend = false;
};

// All changes of one call, their outcomes, and the messages that carry them.
class Application {
 public:
  Application(Exchange& primary, Name zone, std::vector<RrsetChange> changes, ApplyOptions options)
      : primary_(primary),
        zone_(std::move(zone)),
        changes_(std::move(changes)),
        options_(std::move(options)),
        outcomes_(changes_.size()) {}

  awaitable<std::vector<ChangeOutcome>> run() {
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
    if (options_.is_stopped && options_.is_stopped()) {
      leave(batch);
      co_return Outcome::unknown;
    }
    const auto outcome = co_await send(batch.members);
    if (outcome.kind == Outcome::done) {
      accepted_.insert(accepted_.end(), batch.members.begin(), batch.members.end());
    } else if (outcome.kind == Outcome::denied && batch.members.size() > 1) {
      co_await divide(batch, *outcome.error, waiting);
    } else if (outcome.kind == Outcome::denied || outcome.kind == Outcome::refused) {
      for (const auto member : batch.members) settle(member, Kind::failed, {}, outcome.error);
    } else if (outcome.kind == Outcome::prerequisite_failed) {
      co_await narrow(batch, waiting);
    } else {
      co_await resolve(batch, outcome.error, waiting);
    }
    co_return outcome.kind;
  }

  awaitable<UpdateOutcome> send(const std::vector<std::size_t>& members) {
    Update update{zone_, {}};
    for (const auto member : members) update.changes.push_back(changes_[member]);
    co_return co_await primary_.update(std::move(update));
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
      auto seen = co_await watch(change, time_to_appear);
      const bool may_follow = seen && is_as_before(*seen) && co_await may_forward();
      if (may_follow) seen = co_await watch(change, options_.time_to_follow);
      if (!seen) {
        settle(member, Kind::failed, {}, unreadable(seen.error()));
      } else if (may_follow && is_as_before(*seen)) {
        settle(member, Kind::failed, *seen, not_seen(change, primary_.address()));
      } else if (seen->effect == Effect::applied || seen->effect == Effect::ttl_kept) {
        settle(member, Kind::applied, *seen);
      } else {
        settle(member, Kind::failed, *seen, disproved(change, *seen, primary_.address()));
      }
    };
    co_await gather(accepted_.size(), readings_at_once, read);
  }

  // A prerequisite of the message failed and nothing was changed (RFC 2136 section 3.2.5): which one?
  awaitable<void> narrow(const Batch& batch, std::deque<Batch>& waiting) {
    auto same = co_await sort_out(batch.members, milliseconds(0));
    if (same.empty()) co_return;
    if (same.size() < batch.members.size()) {
      waiting.push_back({std::move(same), batch.is_resend});
    } else if (same.size() == 1) {
      // Its answers are as observed, and yet the server says no: it moved back and forth, or the prerequisite
      // is held against other data than what is answered.
      co_await give_up(batch);
    } else {
      halve(same, batch.is_resend, waiting);
    }
  }

  // One owner that the policy forbids is enough for the whole message to be refused (BIND, Knot). Some are
  // tried alone: when all of these are refused, the key may change nothing here, and the others are not
  // asked about, lest each of 250 changes costs a message. Else the halves of the rest tell which it is.
  awaitable<void> divide(const Batch& batch, const Error& error, std::deque<Batch>& waiting) {
    const auto few = sample(batch.members);
    bool all_denied = true;
    for (const auto member : few) {
      const Batch alone{{member}, batch.is_resend};
      if (co_await carry_out(alone, waiting) != Outcome::denied) all_denied = false;
    }
    std::vector<std::size_t> rest;
    std::ranges::set_difference(batch.members, few, std::back_inserter(rest));
    if (!all_denied) {
      halve(rest, batch.is_resend, waiting);
    } else if (!rest.empty()) {
      for (const auto member : batch.members) settle(member, Kind::failed, {}, error);
    }
  }

  static void halve(const std::vector<std::size_t>& members, bool is_resend, std::deque<Batch>& waiting) {
    const auto middle = members.begin() + static_cast<std::ptrdiff_t>(members.size() / 2);
    if (middle != members.begin()) waiting.push_back({{members.begin(), middle}, is_resend});
    if (middle != members.end()) waiting.push_back({{middle, members.end()}, is_resend});
  }

  // RFC 2136 section 3.5: without an answer the change is made, or not made, or made later.
  awaitable<void> resolve(const Batch& batch, const std::optional<Error>& error, std::deque<Batch>& waiting) {
    if (error && error->code != ErrorCode::no_answer) {
      // Somebody answered, but not so that it counts.
      co_await doubt(batch.members, *error);
      co_return;
    }
    auto same = co_await sort_out(batch.members, time_to_settle);
    if (same.empty()) co_return;
    if (!batch.is_resend) {
      waiting.push_back({std::move(same), true});
      co_return;
    }
    for (const auto member : same)
      settle(member, Kind::failed, {}, never_answered(error, primary_.address()));
  }

  awaitable<void> doubt(const std::vector<std::size_t>& members, const Error& error) {
    const auto read = [&](std::size_t i) -> awaitable<void> {
      const auto seen = co_await look(changes_[members[i]]);
      settle(members[i], Kind::failed, seen ? *seen : Seen{}, doubtful(error, seen));
    };
    co_await gather(members.size(), readings_at_once, read);
  }

  // Settles members that are applied, moved or cannot be read; what is as observed comes back.
  awaitable<std::vector<std::size_t>> sort_out(const std::vector<std::size_t>& members,
                                               milliseconds patience) {
    std::vector<std::size_t> same;
    const auto read = [&](std::size_t i) -> awaitable<void> {
      const auto member = members[i];
      const auto seen = co_await watch(changes_[member], patience);
      if (!seen) {
        settle(member, Kind::failed, {}, seen.error());
      } else if (is_as_before(*seen)) {
        same.push_back(member);
      } else {
        settle(member, seen->effect == Effect::applied ? Kind::applied : Kind::moved, *seen);
      }
    };
    co_await gather(members.size(), readings_at_once, read);
    std::sort(same.begin(), same.end());
    co_return same;
  }

  awaitable<void> give_up(const Batch& batch) {
    for (const auto member : batch.members) {
      const auto seen = co_await look(changes_[member]);
      settle(member, Kind::moved, seen ? *seen : Seen{});
    }
  }

  // Stopped: what was lost on its way may still arrive.
  void leave(const Batch& batch) {
    for (const auto member : batch.members) {
      if (batch.is_resend)
        settle(member, Kind::failed, {}, never_answered({}, primary_.address()));
      else
        settle(member, Kind::not_sent, {});
    }
  }

  // Looks again until the change shows, with its signature in a signed zone, or `patience` is over.
  awaitable<Result<Seen>> watch(const RrsetChange& change, milliseconds patience) {
    const auto end = Clock::now() + patience;
    for (auto wait = first_pause;; wait = std::min(wait * 2, longest_pause)) {
      const auto seen = co_await look(change);
      if (!seen || Clock::now() >= end) co_return seen;
      if (seen->effect == Effect::applied && !(co_await lacks_signature(*seen))) co_return seen;
      co_await pause(wait);
    }
  }

  awaitable<Result<Seen>> look(const RrsetChange& change) {
    const Question question{change.owner, type::tlsa};
    const auto message = co_await primary_.query(question);
    if (!message) co_return tl::unexpected(message.error());
    const auto answer = read_tlsa_answer(*message, change.owner, primary_.address());
    if (!answer) co_return tl::unexpected(answer.error());
    if (answer->kind == TlsaAnswer::Kind::alias) {
      co_return fail(ErrorCode::protocol,
                     change.owner.text() + " is an alias of " + answer->target.text() + " and holds no TLSA",
                     primary_.address(), "publish at the alias's target");
    }
    if (answer->kind == TlsaAnswer::Kind::delegated) {
      co_return fail(ErrorCode::protocol,
                     change.owner.text() + " lies below the delegation of " + answer->cut.text() +
                         ", so what is stored there is never answered",
                     primary_.address(), "publish in that zone");
    }
    Seen seen;
    // What a wildcard gives is not the owner's (RFC 4035 section 5.3.4).
    const bool is_own = !answer->signed_labels || dns::is_own(change.owner, *answer->signed_labels);
    if (is_own) {
      seen.rrset = answer->rrset;
      seen.has_rrsig = answer->has_rrsig;
    }
    seen.effect = effect_of(change, seen.rrset);
    co_return seen;
  }

  awaitable<bool> lacks_signature(const Seen& seen) {
    if (!seen.rrset || seen.has_rrsig) co_return false;
    if (!is_signed_) {
      const Question question{zone_, type::dnskey};
      const auto keys = co_await primary_.query(question);
      is_signed_ = keys && std::any_of(keys->answer.begin(), keys->answer.end(),
                                       [](const auto& record) { return record.type == type::dnskey; });
    }
    co_return *is_signed_;
  }

  awaitable<bool> may_forward() {
    if (!may_forward_) may_forward_ = co_await dns::may_forward(primary_, zone_);
    co_return *may_forward_;
  }

  static Error unreadable(Error error) {
    error.what = "the server accepted the change, but reading it back failed: " + error.what;
    return error;
  }

  void settle(std::size_t member, Kind kind, Seen seen, std::optional<Error> error = {}) {
    outcomes_[member] = {changes_[member].owner, kind, std::move(error), std::move(seen.rrset),
                         seen.has_rrsig};
  }

  void tell_progress(std::size_t more) {
    for (; options_.progress && more > 0; --more) options_.progress(++answered_, changes_.size());
  }

  Exchange& primary_;
  Name zone_;
  std::vector<RrsetChange> changes_;
  ApplyOptions options_;
  std::vector<ChangeOutcome> outcomes_;
  std::vector<std::size_t> accepted_;  // NOERROR, not read back yet
  std::size_t answered_ = 0;
  std::optional<bool> is_signed_, may_forward_;
};

}  // namespace

awaitable<std::vector<ChangeOutcome>> apply(Exchange& primary, Name zone, std::vector<RrsetChange> changes,
                                            ApplyOptions options) {
  Application application(primary, std::move(zone), std::move(changes), std::move(options));
  co_return co_await application.run();
}

}  // namespace tlsa_update::dns
