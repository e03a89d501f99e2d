#include "pass.hpp"

#include <chrono>
#include <random>
#include <thread>

#include "act.hpp"
#include "log.hpp"
#include "tlsa_update/core/report.hpp"

namespace tlsa_update::cli {
namespace {

constexpr int race_rounds = 8;

// RFC 2136 section 7.20: competing requestors wait for different times, longer at each round.
void wait_before_round(int round) {
  std::random_device random;
  std::uniform_int_distribution<int> milliseconds(10, 40 << round);
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds(random)));
}

void append(std::vector<Error>& to, const std::vector<Error>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// What the report shows only in part, said once at the end of a pass.
void log_verdicts(const Findings& findings) {
  for (const auto& warning : findings.plan.warnings) log_warning(warning);
  for (const auto& trouble : findings.troubles) log_error(trouble);
  for (const auto& zone : findings.zones) {
    if (!zone.is_signed) {
      log_warning(zone.apex.text() +
                  " is not signed: clients use no TLSA record of an unsigned zone (RFC 6698 section 4.1)");
    }
    for (const auto& owner : zone.owners) {
      if (!owner.host_exists)
        log_warning(owner.asked.text() + ": the host has no records, and no wildcard stands for it");
    }
  }
}

}  // namespace

Plan Pass::plan(const Ledger& ledger) const {
  const auto views = facts_.views();
  if (depth_ == Depth::primary) return plan_publish(wants_.desired, views, policy_, ledger);
  return plan_rollover(wants_.desired, views, ledger, facts_.evidence, policy_, wall_clock());
}

Ledger Pass::observed(Ledger ledger) const {
  return observe(std::move(ledger), wants_.desired, facts_.views(), facts_.evidence, policy_, read_clock());
}

Findings Pass::findings(Plan plan) const {
  Findings findings;
  findings.zones = facts_.views();
  findings.plan = std::move(plan);
  if (depth_ == Depth::live) findings.evidence = facts_.evidence;
  findings.dnssec = facts_.dnssec;
  findings.troubles = facts_.troubles;
  append(findings.troubles, wants_.failures);  // holds up no other service, and is not forgotten either
  return findings;
}

Findings Pass::examine() {
  facts_ = look(session_, wants_, depth_);
  return findings(plan(observed(LedgerFile::peek(session_.settings().state_directory))));
}

Findings Pass::look_only() {
  auto found = examine();
  count_verdicts(found);
  log_verdicts(found);
  return found;
}

Findings Pass::remember(const LedgerFile& file) {
  facts_ = look(session_, wants_, depth_);
  return settle(file, {});
}

// The last word of a pass: what is so now is remembered, and planned on once more.
Findings Pass::settle(const LedgerFile& file, Findings so_far) {
  Plan after;
  const auto kept = file.change([&](Ledger& ledger) {
    ledger = observed(std::move(ledger));
    after = plan(ledger);
  });
  if (!kept) append(so_far.troubles, {kept.error()});
  auto found = findings(std::move(after));
  found.added = std::move(so_far.added);
  found.removed = std::move(so_far.removed);
  found.changed = so_far.changed;
  append(found.troubles, so_far.troubles);
  count_verdicts(found);
  log_verdicts(found);
  return found;
}

Findings Pass::carry_out(const LedgerFile& file) {
  Findings all;
  for (int round = 0;; ++round) {
    facts_ = look(session_, wants_, depth_);
    Plan next;
    // Ahead of the change: a full disk stops us before anything is sent, and a crash leaves our records ours
    // (I4).
    const auto ahead = file.change([&](Ledger& ledger) {
      ledger = observed(std::move(ledger));
      next = plan(ledger);
      ledger = intend(std::move(ledger), next);
    });
    if (!ahead) {
      append(all.troubles, facts_.troubles);
      append(all.troubles, {ahead.error()});
      log_verdicts(all);
      return all;
    }
    auto acted = act(session_, facts_.read, next);
    all.added.merge(acted.added);
    all.removed.merge(acted.removed);
    all.changed |= acted.changed;
    append(all.troubles, acted.troubles);
    if (acted.moved.empty()) break;
    if (round + 1 == race_rounds) {
      append(all.troubles, {{ErrorCode::not_yet, "others kept changing the RRset in between",
                             acted.moved.front().text(), "run again"}});
      break;
    }
    log_info(acted.moved.front().text() + ": somebody else changed the RRset meanwhile; reading again");
    wait_before_round(round);
  }
  if (all.changed && depth_ != Depth::primary) facts_ = look(session_, wants_, depth_);
  return settle(file, std::move(all));
}

void count_verdicts(Findings& findings) {
  for (const auto& critical : findings.plan.critical)
    append(findings.troubles, {{ErrorCode::unsafe, critical, {}, {}}});
  for (const auto& zone : findings.plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      if (rrset.refused) append(findings.troubles, {refusal(*rrset.refused, rrset.owner)});
    }
  }
}

}  // namespace tlsa_update::cli
