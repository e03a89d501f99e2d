#include "tlsa_update/core/report.hpp"

#include <utility>

namespace tlsa_update {

std::string_view text(RecordState state) {
  switch (state) {
    case RecordState::published:
      return "published";
    case RecordState::missing:
      return "missing";
    case RecordState::stale:
      return "stale";
    case RecordState::foreign:
      return "foreign";
    case RecordState::kept:
      return "kept";
  }
  return "published";
}

std::string_view text(Action action) {
  switch (action) {
    case Action::none:
      return "none";
    case Action::add:
      return "add";
    case Action::remove:
      return "delete";
    case Action::wait:
      return "wait";
  }
  return "none";
}

namespace {

// The fixed word for json, and what it means for a person.
struct Words {
  std::string_view word;
  std::string_view meaning;
};

Words words(Reason reason) {
  switch (reason) {
    case Reason::wanted:
      return {"wanted", "as wanted"};
    case Reason::missing:
      return {"missing", "wanted and not published; publish (or run) adds it"};
    case Reason::served_chain:
      return {"served-chain", "a new combination first covers what is served now (RFC 7671 section 8.1)"};
    case Reason::transitional:
      return {"transitional",
              "an old combination covers the new key until it has left (RFC 7671 section 8.2)"};
    case Reason::seen:
      return {"seen", "seen at the primary"};
    case Reason::foreign:
      return {"foreign", "not published by this program: kept; --adopt takes it over"};
    case Reason::protected_:
      return {"protected", "listed under keep, or wanted by another service: never deleted"};
    case Reason::next_key:
      return {"next-key", "published ahead for the next renewal"};
    case Reason::may_be_cached:
      return {"may-be-cached",
              "caches may still hold the RRset from before the change (RFC 7671 section 8.1)"};
    case Reason::propagating:
      return {"propagating", "not yet at every authoritative server"};
    case Reason::not_signed:
      return {"not-signed",
              "an authoritative server gives no valid RRSIG with it, though the zone is signed"};
    case Reason::unread:
      return {"unread", "the name, its authoritative servers, or what is wanted there could not be read"};
    case Reason::still_served:
      return {"still-served", "an address of the service presents a chain that it matches"};
    case Reason::not_probed:
      return {"not-probed",
              "an address of the service did not show what it serves; --assume-deployed is your "
              "word instead"};
    case Reason::not_deployed:
      return {"not-deployed", "an address presents a chain that the wanted records do not match"};
    case Reason::may_go_live:
      return {"may-go-live", "its certificate was released for deployment and has not been seen since"};
    case Reason::replacement_not_ready:
      return {"replacement-not-ready", "what replaces it may not be relied on yet"};
    case Reason::grace:
      return {"grace", "--grace has not passed since it was last seen live"};
    case Reason::combination_would_break:
      return {"combination-would-break",
              "a combination of parameters would match nothing that is served (RFC 7671 section 8)"};
    case Reason::last_record:
      return {"last-record", "the last record goes only with --unpublish"};
    case Reason::superseded:
      return {"superseded", "stale, and safe to delete"};
    case Reason::unpublished:
      return {"unpublished", "--unpublish"};
    case Reason::ttl_change:
      return {"ttl-change", "moves to the new TTL with the whole RRset"};
    case Reason::hazard:
      return {"hazard", "refused: publishing here would break something or be without effect"};
  }
  return {"wanted", ""};
}

std::string meaning(Reason reason, const std::optional<Time>& until) {
  std::string sentence(words(reason).meaning);
  if (until) sentence += "; until " + rfc3339(*until);
  return sentence;
}

}  // namespace

std::string_view text(Reason reason) { return words(reason).word; }

std::string detail(const Step& step, const RrsetPlan& plan) {
  if (step.reason == Reason::hazard && plan.refused) return refusal(*plan.refused, plan.owner).what;
  std::string sentence = meaning(step.reason, step.action == Action::wait ? step.ready_at : std::nullopt);
  if (step.reason == Reason::ttl_change && plan.observed) {
    sentence += ": " + std::to_string(plan.observed->ttl) + " s to " + std::to_string(plan.ttl) + " s";
  }
  if (step.reason == Reason::served_chain && !step.credential.empty()) sentence += ": " + step.credential;
  return sentence;
}

std::string detail(const Blocker& blocker) {
  std::string sentence = blocker.record.text() + ": " + meaning(blocker.reason, blocker.ready_at);
  if (!blocker.credential.empty()) sentence = blocker.credential + ": " + sentence;
  return sentence;
}

Error refusal(Hazard hazard, const Name& owner) {
  const auto refuse = [&](std::string what, std::string advice) {
    return Error{ErrorCode::unsafe, std::move(what), owner.text(), std::move(advice)};
  };
  switch (hazard) {
    case Hazard::below_zone_cut:
      return refuse("the name lies below a zone cut: this zone would store the record and never answer it",
                    "publish in the delegated zone, at its own primary (RFC 2136 section 7.18)");
    case Hazard::below_dname:
      return refuse("the name lies below a DNAME: this zone would store the record and never answer it",
                    "publish at the target of the DNAME (RFC 6672 section 2.4)");
    case Hazard::host_is_wildcard:
      return refuse("the host exists only through a wildcard: the new name would take its addresses away",
                    "give the host its own address records, or use --force (RFC 4592 section 2.2.2)");
    case Hazard::hides_wildcard:
      return refuse("a wildcard answers here now: the new name would hide all that it answers",
                    "change the records of the wildcard itself, or use --force (RFC 4592 section 2.2.1)");
  }
  return refuse("publishing here is refused", "use --force to override");
}

}  // namespace tlsa_update
