#include "tlsa_update/dns/discovery.hpp"

#include <algorithm>

#include "walk.hpp"

namespace tlsa_update::dns {
namespace {

using boost::asio::awaitable;

// One name on the way, at the primary that is configured for it.
class Stop {
 public:
  Stop(Inquiry& inquiry, Exchange& primary, Name name, TlsaAnswer answer)
      : inquiry_(inquiry), primary_(primary), name_(std::move(name)), answer_(std::move(answer)) {}

  // The closest encloser of the name, as far as it matters: an RRSIG tells (RFC 4035 section 5.3.4), else
  // names are asked for, deepest first.
  awaitable<Result<Encloser>> encloser() {
    if (answer_.signed_labels) co_return signed_encloser(*answer_.signed_labels);
    const Name host = host_of(name_);
    if (answer_.kind != TlsaAnswer::Kind::no_name) {
      const auto own = co_await exists(name_);
      if (!own) co_return tl::unexpected(own.error());
      if (*own) co_return Encloser::owner;
    }
    if (answer_.kind == TlsaAnswer::Kind::alias && name_ != host && name_.parent() != host) {
      const auto prefix = co_await exists(name_.parent());
      if (!prefix) co_return tl::unexpected(prefix.error());
      if (*prefix) co_return Encloser::below_host;
    }
    if (name_ == host) co_return Encloser::above_host;
    const auto host_exists = co_await exists(host);
    if (!host_exists) co_return tl::unexpected(host_exists.error());
    co_return *host_exists ? Encloser::host : Encloser::above_host;
  }

  // Call after encloser(), whose questions may have answered this already.
  awaitable<Result<Name>> zone() {
    if (answer_.zone) co_return *answer_.zone;
    co_return co_await inquiry_.zone_of(primary_, name_);
  }

 private:
  [[nodiscard]] Encloser signed_encloser(std::size_t labels) const {
    if (is_own(name_, labels)) return Encloser::owner;
    const Name host = host_of(name_);
    if (labels > host.label_count()) return Encloser::below_host;
    return labels == host.label_count() && name_ != host ? Encloser::host : Encloser::above_host;
  }

  // After NXDOMAIN nothing covers the name, nor any ancestor that does not exist: a plain question tells.
  awaitable<Result<bool>> exists(Name name) {
    if (answer_.zone && answer_.zone->is_at_or_below(name)) co_return true;
    if (answer_.kind == TlsaAnswer::Kind::no_name) {
      const auto host = co_await inquiry_.host(primary_, name);
      if (!host) co_return tl::unexpected(host.error());
      co_return host->is_answered;
    }
    const auto existence = co_await inquiry_.existence(primary_, name);
    if (!existence) co_return tl::unexpected(existence.error());
    if (!answer_.zone) answer_.zone = existence->zone;
    co_return existence->exists;
  }

  Inquiry& inquiry_;
  Exchange& primary_;
  Name name_;
  TlsaAnswer answer_;
};

Error below_foreign_cut(const Name& name, const Name& cut, const Exchange& primary) {
  return {ErrorCode::refused,
          name.text() + " is delegated to the zone " + cut.text() + ", which this server does not hold",
          primary.address(),
          "give the primary of that zone: server = ... in a section [zone." + cut.host_text() +
              "] of the configuration, or --server"};
}

// The walk's state: where it stands, and the way so far.
class Walk {
 public:
  Walk(Inquiry& inquiry, const PrimaryFor& primary_for, Name asked, std::optional<Name> zone)
      : inquiry_(inquiry), primary_for_(primary_for), forced_zone_(std::move(zone)) {
    location_.asked = asked;
    location_.owner = std::move(asked);
  }

  awaitable<Result<Found>> run() {
    if (forced_zone_ && !location_.asked.is_at_or_below(*forced_zone_))
      co_return fail(ErrorCode::usage, "this name is not in the zone " + forced_zone_->text() + " of --zone",
                     location_.asked.text());
    while (true) {
      const auto primary = co_await primary_for_(location_.owner);
      if (!primary) co_return tl::unexpected(primary.error());
      location_.primary = *primary;
      const auto answer = co_await inquiry_.tlsa(**primary, location_.owner);
      if (!answer) co_return tl::unexpected(answer.error());
      if (const auto expanded = co_await expanded_owner(*answer)) {
        if (auto error = follow(*expanded)) co_return tl::unexpected(*error);
        continue;
      }
      auto found = co_await arrive(*answer);
      if (!found) co_return tl::unexpected(found.error());
      if (*found) co_return std::move(**found);
      if (auto error = follow(answer->target)) co_return tl::unexpected(*error);
    }
  }

 private:
  // RFC 7671 section 7: where the host itself is an alias, its fully expanded name is the base domain if it
  // has TLSA records, else the name as it was given. Nothing: it stays as it is.
  awaitable<std::optional<Name>> expanded_owner(const TlsaAnswer& answer) {
    const Name host = host_of(location_.owner);
    const bool is_first = location_.aliases.empty();
    if (!is_first || host == location_.owner || answer.kind == TlsaAnswer::Kind::delegated)
      co_return std::nullopt;
    const Name end = co_await end_of_aliases(host);
    if (end == host) co_return std::nullopt;
    const auto expanded = location_.owner.rebased(host, end);
    const std::string is_alias = host.text() + " is an alias of " + end.text();
    std::optional<TlsaAnswer> there;
    if (expanded) there = co_await answer_at(*expanded);
    if (there && there->kind == TlsaAnswer::Kind::data) {
      notes_.push_back(is_alias + ", whose TLSA records count (RFC 7671 section 7): " + expanded->text());
      co_return *expanded;
    }
    if (!answer.by_dname)
      notes_.push_back(is_alias +
                       (there ? ", which has no TLSA records" : ", whose TLSA could not be asked") +
                       ": the name given is used (RFC 7671 section 7), " + location_.owner.text());
    co_return std::nullopt;
  }

  // As far as primaries are known on the way.
  awaitable<Name> end_of_aliases(Name host) {
    Exchange* server = location_.primary;
    for (std::size_t passed = 0; passed < max_aliases; ++passed) {
      const auto answer = co_await inquiry_.host(*server, host);
      if (!answer || answer->end == host) break;
      host = answer->end;
      const auto next = co_await primary_for_(host);
      if (!next) break;
      server = *next;
    }
    co_return host;
  }

  // What stands at `owner` or at the end of its aliases; nothing when that could not be asked.
  awaitable<std::optional<TlsaAnswer>> answer_at(Name owner) {
    for (std::size_t passed = 0; passed < max_aliases; ++passed) {
      const auto primary = co_await primary_for_(owner);
      if (!primary) break;
      const auto answer = co_await inquiry_.tlsa(**primary, owner);
      if (!answer) break;
      if (answer->kind != TlsaAnswer::Kind::alias) co_return *answer;
      owner = answer->target;
    }
    co_return std::nullopt;
  }

  // What clients are given at the end of a wildcard's CNAME, as far as primaries are known on the way.
  awaitable<std::optional<Rrset>> answered_behind(Name target) {
    const auto answer = co_await answer_at(std::move(target));
    co_return answer ? answer->rrset : std::nullopt;
  }

  // Nothing: the name is an alias that is to be followed.
  awaitable<Result<std::optional<Found>>> arrive(TlsaAnswer answer) {
    const auto nowhere = std::optional<Found>();
    if (answer.kind == TlsaAnswer::Kind::delegated) co_return co_await arrive_at_cut(answer.cut);
    if (answer.by_dname) co_return nowhere;
    Stop stop(inquiry_, *location_.primary, location_.owner, answer);
    const auto encloser = co_await stop.encloser();
    if (!encloser) co_return tl::unexpected(encloser.error());
    const bool is_alias = answer.kind == TlsaAnswer::Kind::alias;
    if (is_alias && is_followed(*encloser)) co_return nowhere;
    const auto zone = co_await stop.zone();
    if (!zone) co_return tl::unexpected(zone.error());
    OwnerFacts facts{.asked = location_.asked, .owner = location_.owner, .encloser = *encloser};
    facts.covered = *encloser != Encloser::owner && answer.kind != TlsaAnswer::Kind::no_name;
    facts.covered_by_alias = is_alias;
    facts.alias_ttl = answer.alias_ttl;
    facts.answered = answer.rrset;
    if (is_alias) facts.answered = co_await answered_behind(answer.target);
    facts.has_rrsig = answer.has_rrsig;
    facts.mixed_ttl = answer.mixed_ttl;
    co_return co_await settle(std::move(facts), *zone);
  }

  // RFC 2136 section 7.18: what is put into the parent's zone here is never answered.
  awaitable<Result<std::optional<Found>>> arrive_at_cut(Name cut) {
    const bool is_forced = is_zone_forced() && cut != *forced_zone_ && cut.is_at_or_below(*forced_zone_);
    if (!is_forced) co_return tl::unexpected(below_foreign_cut(location_.owner, cut, *location_.primary));
    OwnerFacts facts{.asked = location_.asked, .owner = location_.owner};
    co_return co_await settle(std::move(facts), cut);
  }

  [[nodiscard]] bool is_zone_forced() const {
    return forced_zone_ && location_.owner.is_at_or_below(*forced_zone_);
  }

  awaitable<Result<std::optional<Found>>> settle(OwnerFacts facts, Name zone) {
    location_.zone = zone;
    if (is_zone_forced() && zone != *forced_zone_) {
      const auto served = co_await inquiry_.zone(*location_.primary, *forced_zone_);
      if (!served) co_return tl::unexpected(served.error());
      location_.zone = *forced_zone_;
      // The records of the child zone are not the parent's.
      facts = OwnerFacts{.asked = facts.asked, .owner = facts.owner, .below_cut = true};
    }
    co_return std::optional(Found{location_, std::move(facts), notes_});
  }

  std::optional<Error> follow(const Name& target) {
    auto& passed = location_.aliases;
    passed.push_back(location_.owner);
    const bool is_loop = std::find(passed.begin(), passed.end(), target) != passed.end();
    if (is_loop || passed.size() > max_aliases) {
      return Error{ErrorCode::bad_data,
                   is_loop ? "a loop of CNAMEs or DNAMEs through " + target.text()
                           : "more than " + std::to_string(max_aliases) + " CNAMEs or DNAMEs in a row",
                   location_.asked.text(), "name the owner of the TLSA records itself"};
    }
    location_.owner = target;
    return {};
  }

  Inquiry& inquiry_;
  const PrimaryFor& primary_for_;
  std::optional<Name> forced_zone_;
  Location location_;
  std::vector<std::string> notes_;
};

}  // namespace

awaitable<Result<Found>> walk(Inquiry& inquiry, const PrimaryFor& primary_for, Name asked,
                              std::optional<Name> zone) {
  Walk way(inquiry, primary_for, std::move(asked), std::move(zone));
  co_return co_await way.run();
}

awaitable<Result<Location>> locate(PrimaryFor primary_for, Name asked, std::optional<Name> zone) {
  Inquiry inquiry;
  const auto found = co_await walk(inquiry, primary_for, std::move(asked), std::move(zone));
  if (!found) co_return tl::unexpected(found.error());
  co_return found->location;
}

}  // namespace tlsa_update::dns
