#include "rollover/model/wrong_drivers.hpp"

#include <algorithm>

namespace tlsa_update::model {
namespace {

bool is_wanted(const Step& step) {
  return step.reason == Reason::wanted || step.reason == Reason::next_key ||
         step.reason == Reason::propagating || step.reason == Reason::may_be_cached ||
         step.reason == Reason::not_signed || step.reason == Reason::unread;
}

void delete_what_is_not_wanted(Plan& plan) {
  for (auto& step : plan.zones[0].rrsets[0].steps) {
    if (step.state != RecordState::missing && !is_wanted(step)) step.action = Action::remove;
  }
}

Fault deletes_early() {
  Fault fault{"deletes as soon as the new record is there"};
  fault.spoil = [](Plan& plan) {
    const auto& steps = plan.zones[0].rrsets[0].steps;
    const auto is_missing = [](const Step& step) { return step.state == RecordState::missing; };
    if (std::ranges::none_of(steps, is_missing) && std::ranges::any_of(steps, is_wanted)) {
      delete_what_is_not_wanted(plan);
    }
  };
  return fault;
}

Fault replaces() {
  Fault fault{"replaces instead of adding"};
  fault.spoil = [](Plan& plan) {
    if (!plan.zones[0].rrsets[0].adds().empty()) delete_what_is_not_wanted(plan);
  };
  return fault;
}

Fault deploys_early() {
  Fault fault{"deploys as soon as the primary has the records"};
  fault.tune = [](rollover::Request& request) { request.wait_factor = 0; };
  fault.squint = [](rollover::Facts& seen) {
    for (auto& server : seen.zones[0].servers) {
      server.reachable = true;
      server.rrsets = {{owner(), seen.zones[0].owners[0].rrset, true, std::nullopt}};
    }
  };
  return fault;
}

Fault waits_one_ttl() {
  Fault fault{"waits one TTL where RFC 7671 asks for two"};
  fault.tune = [](rollover::Request& request) { request.wait_factor = 1; };
  return fault;
}

Fault forgets_a_secondary() {
  Fault fault{"forgets the last secondary"};
  fault.squint = [](rollover::Facts& seen) { seen.zones[0].servers.pop_back(); };
  return fault;
}

Fault drops_handshakes(std::string name, std::function<bool(const Presented&)> is_dropped) {
  Fault fault{std::move(name)};
  fault.squint = [is_dropped](rollover::Facts& seen) {
    for (auto& evidence : seen.evidence) std::erase_if(evidence.presented, is_dropped);
  };
  return fault;
}

Fault ignores_the_other_address() {
  return drops_handshakes("looks at the first address only",
                          [](const Presented& one) { return one.address != "192.0.2.1"; });
}

Fault takes_silence_for_consent() {
  return drops_handshakes("leaves out addresses that do not answer",
                          [](const Presented& one) { return one.outcome == ProbeOutcome::unreachable; });
}

Fault sees_the_rsa_half() {
  return drops_handshakes("makes RSA handshakes only",
                          [](const Presented& one) { return one.key_type == KeyType::ecdsa; });
}

Fault never_probes() {
  Fault fault{"changes parameters without a look at what is served"};
  fault.squint = [](rollover::Facts& seen) { seen.evidence[0].presented.clear(); };
  return fault;
}

Fault believes_the_wall_clock() {
  Fault fault{"believes the wall clock"};
  fault.tell_time = [](ClockReading& clock) { clock.boot_id.clear(); };
  fault.squint = [](rollover::Facts& seen) { seen.is_signed_by_primaries = true; };
  return fault;
}

Fault forgets_what_it_released() {
  Fault fault{"forgets what it released for deployment"};
  fault.recall = [](Ledger& ledger, const rollover::Facts&) {
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) entry.released_at.reset();
    }
  };
  return fault;
}

Fault forgets_the_ttl_before() {
  Fault fault{"counts the TTL after the change only"};
  fault.recall = [](Ledger& ledger, const rollover::Facts& seen) {
    const auto& rrset = seen.zones[0].owners[0].rrset;
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) {
        entry.ttl_bound = rrset ? rrset->ttl : 0;
        entry.watched_since = testing::issued;  // which would cover it
      }
    }
  };
  return fault;
}

Fault takes_no_history_for_none() {
  Fault fault{"takes it that nothing was there before the first look"};
  fault.recall = [](Ledger& ledger, const rollover::Facts&) {
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) entry.watched_since = testing::issued;
    }
  };
  return fault;
}

Fault believes_that_servers_stand_still() {
  Fault fault{"takes it that a server which was out of reach has stood still"};
  fault.recall = [](Ledger& ledger, const rollover::Facts&) {
    for (auto& [owner, memory] : ledger.owners) memory.out_of_reach.clear();
  };
  return fault;
}

Fault forgets_who_else_wants() {
  Fault fault{"forgets that others want records"};
  fault.recall = [](Ledger& ledger, const rollover::Facts&) {
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) entry.wanters.clear();
    }
  };
  return fault;
}

Fault takes_every_machine_for_one() {
  Fault fault{"takes every machine for one and the same"};
  fault.tell_time = [](ClockReading& clock) { clock.machine = "machine"; };
  return fault;
}

Fault acts_on_old_evidence() {
  Fault fault{"acts on evidence of any age"};
  fault.has_stopwatch = false;
  return fault;
}

Fault takes_any_time_for_a_close_look() {
  Fault fault{"takes what a close look of any length has met for new"};
  fault.times_its_looks = false;
  return fault;
}

Fault uncovers_a_wildcard() {
  Fault fault{"unpublishes without a look at the wildcard behind"};
  fault.squint = [](rollover::Facts& seen) { seen.zones[0].owners[0].uncovered.reset(); };
  return fault;
}

Fault forgets_the_wildcards_ttl() {
  Fault fault{"takes what a wildcard answers for nothing"};
  fault.squint = [](rollover::Facts& seen) {
    seen.zones[0].owners[0].wildcard_answer.reset();
    for (auto& server : seen.zones[0].servers) {
      for (auto& rrset : server.rrsets) rrset.wildcard_answer.reset();
    }
  };
  return fault;
}

Fault publishes_unseen() {
  Fault fault{"takes a service that it cannot reach for one that is not there"};
  fault.squint = [](rollover::Facts& seen) {
    for (auto& one : seen.evidence[0].presented) one.is_closed = one.outcome == ProbeOutcome::unreachable;
  };
  return fault;
}

Fault takes_digests_for_chains() {
  Fault fault{"takes a digest that matches for a chain that clients accept"};
  fault.takes_digests_for_chains = true;
  return fault;
}

Fault believes_the_primary_about_its_servers() {
  Fault fault{"asks only the servers that the primary names"};
  fault.squint = [](rollover::Facts& seen) {
    std::erase_if(seen.zones[0].servers,
                  [](const ServerView& server) { return !server.is_named_by_primary; });
  };
  return fault;
}

Fault believes_the_primary_about_the_world() {
  Fault fault{"takes no notice of what a resolver gives"};
  fault.squint = [](rollover::Facts& seen) { seen.zones[0].owners[0].resolved.reset(); };
  return fault;
}

Fault looks_at_its_own_address() {
  Fault fault{"looks at the address of the configuration only"};
  fault.asks_dns_for_addresses = false;
  return fault;
}

Fault takes_a_rejection_for_an_answer() {
  Fault fault{"takes two handshakes for a sample of what is behind an address"};
  fault.asks_again = false;
  return fault;
}

// A wrong driver that tampers with what it remembers.
Fault recalls(std::string name, std::function<void(LedgerEntry&)> tamper) {
  Fault fault{std::move(name)};
  fault.recall = [tamper](Ledger& ledger, const rollover::Facts&) {
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) tamper(entry);
    }
  };
  return fault;
}

// A wrong driver that takes something lightly.
Fault tunes(std::string name, std::function<void(rollover::Request&)> tune) {
  Fault fault{std::move(name)};
  fault.tune = std::move(tune);
  return fault;
}

// A wrong driver that does something else than it planned.
Fault does(std::string name, std::function<void(Step&)> change) {
  Fault fault{std::move(name)};
  fault.spoil = [change](Plan& plan) {
    for (auto& rrset : plan.zones[0].rrsets) {
      for (auto& step : rrset.steps) change(step);
    }
  };
  return fault;
}

Fault counts_from_publication() {
  return recalls("counts from when it published, and not from when every server has it",
                 [](LedgerEntry& entry) {
                   if (entry.seen_everywhere_at && entry.published_at)
                     entry.seen_everywhere_at = entry.published_at;
                 });
}

Fault forgets_what_got_no_answer() {
  return recalls("forgets that a deletion got no answer",
                 [](LedgerEntry& entry) { entry.unanswered_at.reset(); });
}

Fault takes_others_for_gone() {
  return recalls("takes configurations that it does not see for gone", [](LedgerEntry& entry) {
    std::erase_if(entry.wanters, [](const auto& by) { return !by.who.configuration.empty(); });
  });
}

Fault skips_silent_servers() {
  Fault fault{"leaves out name servers that do not answer"};
  fault.squint = [](rollover::Facts& seen) {
    std::erase_if(seen.zones[0].servers, [](const ServerView& server) { return !server.reachable; });
  };
  return fault;
}

Fault refuses_nothing() {
  return tunes("refuses nothing", [](rollover::Request& request) { request.force = true; });
}

Fault takes_all_for_deployed() {
  return tunes("takes what it cannot see for deployed",
               [](rollover::Request& request) { request.assume_deployed = true; });
}

Fault adopts_all() {
  return tunes("takes every record for its own",
               [](rollover::Request& request) { request.adopt_all = true; });
}

Fault splits_the_files() {
  return tunes("does not see that two services read the same files", [](rollover::Request& request) {
    if (request.services.size() > 1 && !request.services[1].installs.empty())
      request.services[1].installs.front().to = "/elsewhere";
  });
}

Fault believes_the_first_name() {
  Fault fault{"takes what one name presents for what another presents"};
  fault.squint = [](rollover::Facts& seen) {
    for (auto& one : seen.evidence) one.presented = seen.evidence.front().presented;
  };
  return fault;
}

Fault reads_one_zone() {
  Fault fault{"takes it that all names of a server have come as far as the first"};
  fault.squint = [](rollover::Facts& seen) {
    for (auto& server : seen.zones[0].servers) {
      for (auto& rrset : server.rrsets) {
        const auto& views = seen.zones[0].owners;
        const auto view = std::ranges::find(views, rrset.owner, &OwnerView::owner);
        if (view != views.begin()) rrset.rrset = view->rrset;
      }
    }
  };
  return fault;
}

Fault guards_nothing() {
  Fault fault{"sends an UPDATE without the prerequisite that nobody else has changed the RRset"};
  fault.spoil = [](Plan& plan) {
    for (auto& rrset : plan.zones[0].rrsets) rrset.observed.reset();
  };
  return fault;
}

Fault confirms_every_clock() {
  Fault fault{"takes every clock for confirmed"};
  fault.squint = [](rollover::Facts& seen) { seen.is_signed_by_primaries = true; };
  return fault;
}

Fault adds_at_once() {
  return does("adds a combination before the service fits it", [](Step& step) {
    if (step.state == RecordState::missing) step.action = Action::add;
  });
}

Fault deletes_what_is_kept() {
  return does("deletes what the operator protects", [](Step& step) {
    if (step.reason == Reason::protected_) step.action = Action::remove;
  });
}

Fault installs_whatever_is_there() {
  Fault fault{"installs the files that are there, whatever it planned for"};
  fault.compares_files = false;
  return fault;
}

Fault takes_no_notice_of_signatures() {
  Fault fault{"takes an answer without a valid signature for an answer"};
  fault.squint = [](rollover::Facts& seen) {
    for (auto& server : seen.zones[0].servers) {
      for (auto& rrset : server.rrsets) {
        rrset.has_rrsig = true;
        rrset.rrsig_valid.reset();
      }
    }
  };
  return fault;
}

}  // namespace

const std::vector<Fault>& wrong_drivers() {
  static const std::vector<Fault> all{
      deletes_early(),
      replaces(),
      deploys_early(),
      waits_one_ttl(),
      forgets_a_secondary(),
      ignores_the_other_address(),
      takes_silence_for_consent(),
      sees_the_rsa_half(),
      never_probes(),
      believes_the_wall_clock(),
      forgets_what_it_released(),
      forgets_the_ttl_before(),
      takes_no_history_for_none(),
      believes_that_servers_stand_still(),
      forgets_who_else_wants(),
      takes_every_machine_for_one(),
      acts_on_old_evidence(),
      takes_any_time_for_a_close_look(),
      uncovers_a_wildcard(),
      forgets_the_wildcards_ttl(),
      publishes_unseen(),
      takes_digests_for_chains(),
      believes_the_primary_about_its_servers(),
      believes_the_primary_about_the_world(),
      looks_at_its_own_address(),
      takes_a_rejection_for_an_answer(),
      counts_from_publication(),
      forgets_what_got_no_answer(),
      takes_others_for_gone(),
      skips_silent_servers(),
      refuses_nothing(),
      takes_all_for_deployed(),
      adopts_all(),
      splits_the_files(),
      believes_the_first_name(),
      reads_one_zone(),
      guards_nothing(),
      confirms_every_clock(),
      adds_at_once(),
      deletes_what_is_kept(),
      installs_whatever_is_there(),
      takes_no_notice_of_signatures(),
  };
  return all;
}

}  // namespace tlsa_update::model
