#include "tlsa_update/dns/updater.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>

#include "gather.hpp"
#include "rrset_change.hpp"
#include "tlsa_answer.hpp"

namespace tlsa_update::dns {
namespace {

using boost::asio::awaitable;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Outcome = UpdateOutcome::Kind;

constexpr std::size_t messages_at_once = 2;  // servers apply one after another, within one timeout
constexpr std::size_t readings_at_once = 1000;
constexpr auto time_to_appear = milliseconds(2000);  // BIND's inline-signing answers before it has signed
constexpr auto time_to_settle = milliseconds(1000);  // after a lost reply, which took a timeout already
constexpr milliseconds first_pause{2}, longest_pause{200};
constexpr int most_rounds = 40;  // of one message: halving 65,535 octets of changes takes 2 x 10

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

Error never_answered(std::optional<Error> error, const std::string& server) {
  Error result = error.value_or(Error{ErrorCode::no_answer, "no answer to the UPDATE", server, ""});
  result.advice = "the records are unchanged now, but the server may still apply it: look again later";
  return result;
}

// Changes that travel in one message, and how often they have.
struct Batch {
  std::vector<std::size_t> members;
  bool is_resend = false;
};

// All changes of one call, their outcomes, and the messages that carry them.
class Application {
 public:
  Application(Exchange& primary, Name zone, std::vector<RrsetChange> changes,
              std::function<void(std::size_t, std::size_t)> progress)
      : primary_(primary),
        zone_(std::move(zone)),
        changes_(std::move(changes)),
        progress_(std::move(progress)),
        outcomes_(changes_.size()) {}

  awaitable<std::vector<ChangeOutcome>> run() {
    const auto messages = pack(zone_, changes_);
    const auto send = [&](std::size_t i) { return carry_out(messages[i]); };
    co_await gather(messages.size(), messages_at_once, send);
    co_return std::move(outcomes_);
  }

 private:
  using Kind = ChangeOutcome::Kind;

  // Sends a message, and then what remains of it, until every member has its outcome.
  awaitable<void> carry_out(std::vector<std::size_t> members) {
    std::deque<Batch> waiting{{std::move(members), false}};
    for (int round = 0; !waiting.empty(); ++round) {
      const Batch batch = std::move(waiting.front());
      waiting.pop_front();
      if (round == most_rounds) {
        co_await give_up(batch);
        --round;
        continue;
      }
      const auto outcome = co_await send(batch.members);
      if (outcome.kind == Outcome::done) {
        co_await confirm(batch.members);
      } else if (outcome.kind == Outcome::refused) {
        for (const auto member : batch.members) settle(member, Kind::failed, {}, outcome.error);
      } else if (outcome.kind == Outcome::prerequisite_failed) {
        co_await narrow(batch, waiting);
      } else {
        co_await resolve(batch, outcome.error, waiting);
      }
    }
  }

  awaitable<UpdateOutcome> send(const std::vector<std::size_t>& members) {
    Update update{zone_, {}};
    for (const auto member : members) update.changes.push_back(changes_[member]);
    co_return co_await primary_.update(std::move(update));
  }

  // RFC 2136 sections 2.5.1, 2.5.4, 3.4.2.5: NOERROR does not prove a change.
  awaitable<void> confirm(const std::vector<std::size_t>& members) {
    const auto read = [&](std::size_t i) -> awaitable<void> {
      const auto& change = changes_[members[i]];
      const auto seen = co_await watch(change, time_to_appear);
      if (!seen) {
        settle(members[i], Kind::failed, {}, unreadable(seen.error()));
      } else if (seen->effect == Effect::applied) {
        settle(members[i], Kind::applied, *seen);
      } else {
        settle(members[i], Kind::failed, *seen, disproved(change, *seen, primary_.address()));
      }
    };
    co_await gather(members.size(), readings_at_once, read);
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
      const auto middle = same.begin() + static_cast<std::ptrdiff_t>(same.size() / 2);
      waiting.push_back({{same.begin(), middle}, batch.is_resend});
      waiting.push_back({{middle, same.end()}, batch.is_resend});
    }
  }

  // RFC 2136 section 3.5: without an answer the change is made, or not made, or made later.
  awaitable<void> resolve(const Batch& batch, const std::optional<Error>& error, std::deque<Batch>& waiting) {
    if (error && error->code != ErrorCode::no_answer) {
      // Somebody answered, but not so that it counts.
      for (const auto member : batch.members) settle(member, Kind::failed, {}, error);
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

  // Settles members that are applied, moved or cannot be read; what is as observed comes back.
  awaitable<std::vector<std::size_t>> sort_out(const std::vector<std::size_t>& members,
                                               milliseconds patience) {
    std::vector<std::size_t> same;
    const auto read = [&](std::size_t i) -> awaitable<void> {
      const auto member = members[i];
      const auto seen = co_await watch(changes_[member], patience);
      if (!seen) {
        settle(member, Kind::failed, {}, seen.error());
      } else if (seen->effect == Effect::unchanged) {
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

  static Error unreadable(Error error) {
    error.what = "the server accepted the change, but reading it back failed: " + error.what;
    return error;
  }

  void settle(std::size_t member, Kind kind, Seen seen, std::optional<Error> error = {}) {
    outcomes_[member] = {changes_[member].owner, kind, std::move(error), std::move(seen.rrset),
                         seen.has_rrsig};
    if (progress_) progress_(++settled_, changes_.size());
  }

  Exchange& primary_;
  Name zone_;
  std::vector<RrsetChange> changes_;
  std::function<void(std::size_t, std::size_t)> progress_;
  std::vector<ChangeOutcome> outcomes_;
  std::size_t settled_ = 0;
  std::optional<bool> is_signed_;
};

}  // namespace

awaitable<std::vector<ChangeOutcome>> apply(Exchange& primary, Name zone, std::vector<RrsetChange> changes,
                                            std::function<void(std::size_t, std::size_t)> progress) {
  Application application(primary, std::move(zone), std::move(changes), std::move(progress));
  co_return co_await application.run();
}

}  // namespace tlsa_update::dns
