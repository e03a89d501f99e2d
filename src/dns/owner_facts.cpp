#include "owner_facts.hpp"

namespace tlsa_update::dns {
namespace {

bool is_prefix_label(std::string_view label) { return label == "*" || label.starts_with('_'); }

// Ancestors of `name`, itself included, up to and without `apex`, deepest first.
std::vector<Name> names_below(const Name& apex, Name name) {
  std::vector<Name> names;
  for (; name != apex && name.is_at_or_below(apex); name = name.parent()) names.push_back(name);
  return names;
}

Name closest_encloser(const TransferredZone& zone, const Name& owner) {
  for (const auto& name : names_below(zone.apex, owner)) {
    if (zone.existing.contains(name)) return name;
  }
  return zone.apex;
}

Encloser place_of(const Name& encloser, const Name& owner) {
  if (encloser == owner) return Encloser::owner;
  const Name host = host_of(owner);
  if (encloser == host) return Encloser::host;
  return encloser.is_at_or_below(host) ? Encloser::below_host : Encloser::above_host;
}

// Also where only the host is an alias: its target may hold the records that count (RFC 7671 section 7).
bool is_occluded_or_alias(const TransferredZone& zone, const Name& owner) {
  if (zone.cname.contains(owner) || zone.cname.contains(host_of(owner))) return true;
  for (const auto& name : names_below(zone.apex, owner)) {
    // RFC 2136 section 7.18: a cut hides its own name too, a DNAME only what is below it.
    if (zone.cuts.contains(name) || (name != owner && zone.dname.contains(name))) return true;
  }
  return owner != zone.apex && zone.dname.contains(zone.apex);
}

// The TLSA RRset at `name`, own or a wildcard's.
void take_rrset(const TransferredZone& zone, const Name& name, OwnerFacts& facts) {
  const auto found = zone.tlsa.find(name);
  if (found == zone.tlsa.end()) return;
  facts.answered = found->second;
  facts.has_rrsig = zone.signed_tlsa.contains(name);
  facts.mixed_ttl = zone.mixed_ttl.contains(name);
}

}  // namespace

Name host_of(const Name& owner) {
  Name host = owner;
  while (is_prefix_label(host.first_label())) host = host.parent();
  return host;
}

OwnerView view_of(const OwnerFacts& facts) {
  OwnerView view;
  view.asked = facts.asked;
  view.owner = facts.owner;
  const bool is_own = facts.encloser == Encloser::owner;
  (is_own ? view.rrset : view.wildcard_answer) = facts.answered;
  view.has_rrsig = is_own && facts.has_rrsig;
  view.mixed_ttl = is_own && facts.mixed_ttl;
  if (facts.below_cut) view.hazards.push_back(Hazard::below_zone_cut);
  if (facts.covered) {
    // RFC 4592 section 2.2.2: the new owner makes its host exist, and what exists is not synthesised.
    if (facts.encloser == Encloser::above_host) view.hazards.push_back(Hazard::host_is_wildcard);
    if (facts.answered || facts.covered_by_alias) view.hazards.push_back(Hazard::hides_wildcard);
    if (facts.covered_by_alias) view.wildcard_alias_ttl = facts.alias_ttl;
  }
  // A name that is not "_port._proto.HOST" has no host to miss, nor has one that an alias led to.
  const bool has_host = host_of(facts.owner) != facts.owner && facts.asked == facts.owner;
  view.host_exists = !has_host || facts.encloser != Encloser::above_host || facts.covered || facts.below_cut;
  return view;
}

std::set<Name> interesting_names(const std::vector<Name>& owners, const Name& apex) {
  std::set<Name> names;
  for (const auto& owner : owners) {
    for (auto& name : names_below(apex, owner)) {
      if (!names.insert(std::move(name)).second) break;  // its ancestors are there as well
    }
  }
  return names;
}

std::optional<OwnerFacts> facts_of(const TransferredZone& zone, const Name& asked) {
  if (!asked.is_at_or_below(zone.apex) || is_occluded_or_alias(zone, asked)) return {};
  OwnerFacts facts{.asked = asked, .owner = asked};
  const Name encloser = closest_encloser(zone, asked);
  facts.encloser = place_of(encloser, asked);
  if (facts.encloser == Encloser::owner) {
    take_rrset(zone, asked, facts);
    return facts;
  }
  const auto wildcard = encloser.child("*");
  if (!wildcard || !zone.wildcards.contains(*wildcard)) return facts;
  facts.covered = true;
  if (zone.cname.contains(*wildcard)) {
    return {};
  }
  take_rrset(zone, *wildcard, facts);
  return facts;
}

}  // namespace tlsa_update::dns
