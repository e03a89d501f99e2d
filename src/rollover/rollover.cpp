#include "tlsa_update/rollover/rollover.hpp"

#include <algorithm>
#include <functional>

#include "tlsa_update/report/health.hpp"
#include "tlsa_update/rollover/pass.hpp"
#include "tlsa_update/rollover/rollout.hpp"

namespace tlsa_update::rollover {
namespace {

// In a dry run everything that was withheld is a difference.
void conclude(report::Findings& found, Goal goal) {
  found.is_withheld ? conclude_look(found, goal) : conclude_pass(found, goal);
}

Result<void> check_installs(const Wants& wants) {
  const bool any = std::ranges::any_of(
      wants.services, [](const WantedService& service) { return !service.settings->installs.empty(); });
  if (any) return {};
  return fail(ErrorCode::usage, "there is nothing to install", wants.services.front().settings->label,
              "give --install \"FROM -> TO\"");
}

// A chain that we have not deployed is not served, whatever --assume-deployed says: it speaks of the time
// afterwards. So what it lets go is deleted by the pass after the deployment, at the earliest.
void weigh_assumption(World& world, const Request& request, const Wants& wants, Events& events, Pass& pass) {
  if (!request.assume_deployed || is_deployed(world, wants)) return;
  events.info("--assume-deployed does not count yet: the deployment is not done");
  pass.ignore_assume_deployed();
}

Result<void> finish_what_was_begun(World& world, LedgerStore& ledger) {
  if (!world.has_unfinished_installation()) return {};
  if (auto held = ledger.hold(); !held) return held;
  return world.finish_installation();
}

// What is missing is shown, not added, and nothing is refused for it.
Policy without_additions(const Request& request) {
  auto policy = policy_of(request);
  policy.adds = false;
  return policy;
}

// Mail to the domain goes to the hosts of others, too: whoever monitors wants to know.
void judge_foreign(Wants& wants) {
  auto desired = desired_of({}, wants.foreign);
  std::ranges::move(desired, std::back_inserter(wants.desired));
  std::ranges::move(wants.foreign, std::back_inserter(wants.unread));
  wants.foreign.clear();
}

// What every operation asks before it touches anything.
Result<Wants> sound_wants(World& world, Others others) {
  auto wants = world.wants(others);
  if (!wants) return wants;
  if (const auto sound = check_credentials(*wants); !sound) return tl::unexpected(sound.error());
  return wants;
}

// Status judges what clients meet as verify does.
void tell_outages(report::Findings& found, Events& events) {
  for (const auto& outage : report::outages_of(found)) {
    found.troubles.push_back(
        {ErrorCode::unsafe, outage.text, {}, std::string(report::advice_on(outage.matter)), Topic::outage});
    events.error(found.troubles.back());
  }
}

}  // namespace

Outcome publish(World& world, LedgerStore& ledger, const Request& request, Events& events) {
  const auto wants = sound_wants(world, Others::ignored);
  if (!wants) return tl::unexpected(wants.error());
  if (const auto signing = world.check_keys(*wants); !signing) return tl::unexpected(signing.error());
  auto policy = policy_of(request);
  policy.removes = false;
  auto found = Pass(world, ledger, events, *wants, std::move(policy), Depth::primary).carry_out();
  conclude(found, Goal::addition);
  return found;
}

Outcome ready(World& world, LedgerStore& ledger, const Request& request, Events& events) {
  const auto wants = sound_wants(world, Others::ignored);
  if (!wants) return tl::unexpected(wants.error());
  Pass pass(world, ledger, events, *wants, without_additions(request), Depth::live);
  auto found = pass.remember();
  hand_over({world, ledger, events, request, *wants, pass.facts(), found});
  conclude(found, Goal::deployment);
  return found;
}

Outcome deploy(World& world, LedgerStore& ledger, const Request& request, Events& events) {
  if (const auto done = finish_what_was_begun(world, ledger); !done) return tl::unexpected(done.error());
  const auto wants = sound_wants(world, Others::ignored);
  if (!wants) return tl::unexpected(wants.error());
  if (const auto sound = check_installs(*wants); !sound) return tl::unexpected(sound.error());
  if (const auto held = ledger.hold(); !held) return tl::unexpected(held.error());
  Pass pass(world, ledger, events, *wants, without_additions(request), Depth::live);
  auto found = pass.remember();
  conclude(found, Goal::deployment);
  Stage stage{world, ledger, events, request, *wants, pass.facts(), found};
  stage.renew = [&] {
    if (pass.renew(found)) conclude(found, Goal::deployment);
  };
  stage.conclude = [&] {
    pass.plan_anew(found);
    conclude(found, Goal::deployment);
  };
  roll_out(stage);
  return found;
}

Outcome prune(World& world, LedgerStore& ledger, const Request& request, Events& events) {
  const auto wants =
      request.unpublish ? world.wants(Others::protected_) : sound_wants(world, Others::protected_);
  if (!wants) return tl::unexpected(wants.error());
  if (const auto signing = world.check_keys(*wants); !signing) return tl::unexpected(signing.error());
  if (auto held = ledger.hold(); !held) return tl::unexpected(held.error());
  auto found = Pass(world, ledger, events, *wants, without_additions(request), Depth::live).carry_out();
  conclude(found, Goal::deletion);
  return found;
}

Outcome run(World& world, LedgerStore& ledger, const Request& request, Events& events) {
  if (const auto done = finish_what_was_begun(world, ledger); !done) return tl::unexpected(done.error());
  const auto wants = sound_wants(world, Others::protected_);
  if (!wants) return tl::unexpected(wants.error());
  if (const auto signing = world.check_keys(*wants); !signing) return tl::unexpected(signing.error());
  if (const auto held = ledger.hold(); !held) return tl::unexpected(held.error());
  Pass pass(world, ledger, events, *wants, policy_of(request), Depth::live);
  weigh_assumption(world, request, *wants, events, pass);
  auto found = pass.carry_out();
  conclude(found, Goal::all);
  Stage stage{world, ledger, events, request, *wants, pass.facts(), found};
  stage.renew = [&] {
    if (pass.renew(found)) conclude(found, Goal::all);
  };
  stage.conclude = [&] {
    pass.plan_anew(found);
    conclude(found, Goal::all);
  };
  hand_over(stage);
  roll_out(stage);
  return found;
}

Outcome status(World& world, LedgerStore& ledger, const Request& request, Events& events) {
  const auto wants = world.wants(Others::protected_);
  if (!wants) return tl::unexpected(wants.error());
  auto found = Pass(world, ledger, events, *wants, policy_of(request), Depth::live).look_only();
  conclude_status(found);
  tell_outages(found, events);
  return found;
}

Outcome verify(World& world, LedgerStore& ledger, const Request& request, Events& events) {
  auto wants = world.wants(Others::ignored);
  if (!wants) return tl::unexpected(wants.error());
  judge_foreign(*wants);
  auto found = Pass(world, ledger, events, *wants, without_additions(request), Depth::live).examine();
  found.counts_resolvers = true;
  count_verdicts(found);
  forget_plans(found.plan);  // it looks, and plans nothing
  return found;
}

}  // namespace tlsa_update::rollover
