// The truth that a rollover lives in: a primary and secondaries that lag, all that caches may hold, and a
// service that switches its certificates when told, late or never. Knows the truth and the true time; decides
// nothing and forgets nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rollover/model/keys.hpp"
#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/plan.hpp"

namespace tlsa_update::model {

inline constexpr std::uint32_t negative_ttl = 900;

// One state of the RRset, from when the primary had it to when the last cache forgets it.
struct Version {
  std::optional<Rrset> rrset;       // as clients are given it
  Time since{};                     // at the primary
  std::optional<Time> last_served;  // unset while a server has it
  bool is_own = true;               // false: a wildcard answers
};

// For people.
[[nodiscard]] std::string text_of(const Keys& keys);
[[nodiscard]] std::string text_of(const std::optional<Rrset>& rrset);

struct Outage {
  std::string text;
};

class Truth {
 public:
  // `before`: what was there until a moment ago, and caches may hold.
  Truth(std::size_t secondaries, std::size_t addresses, std::optional<Rrset> published, const Keys& served,
        std::optional<Rrset> before = std::nullopt, std::optional<Rrset> wildcard = std::nullopt);

  void pass(Seconds time) { now_ += time; }
  void transfer(std::size_t secondary);   // catches up with the primary
  void fall_back(std::size_t secondary);  // comes back with what it had before that
  void take_up(std::size_t address);      // an address switches to what is installed
  void install(const Keys& keys);         // at every address
  void install_at(std::size_t address, const Keys& keys);
  void write(std::optional<Rrset> rrset);  // at the primary, by anyone

  // An UPDATE: false when its prerequisite fails (RFC 2136 section 3.2).
  bool apply(const RrsetPlan& change);

  // Its name is an alias of another from now on: nobody is given this RRset any more, and caches have it.
  void retire();

  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] const std::optional<Rrset>& at_primary() const { return at_server(0); }
  [[nodiscard]] const std::optional<Rrset>& at_server(std::size_t i) const { return given(i, true); }
  [[nodiscard]] const std::optional<Rrset>& wildcard_at(std::size_t i) const { return given(i, false); }
  [[nodiscard]] const std::optional<Rrset>& wildcard() const { return wildcard_; }
  void remove_wildcard();
  [[nodiscard]] std::size_t servers() const { return at_.size(); }
  [[nodiscard]] std::size_t addresses() const { return served_.size(); }
  [[nodiscard]] const Keys& served(std::size_t address) const { return served_[address]; }
  [[nodiscard]] const Keys& installed(std::size_t address = 0) const { return installed_[address]; }
  [[nodiscard]] std::vector<Chain> served_chains() const;
  [[nodiscard]] bool is_taken_up() const;  // every address serves what is installed there

  // Every RRset that a client may act on now: served somewhere, or by a server within the last two TTLs.
  [[nodiscard]] std::vector<const Version*> known_to_clients() const;

  // Since when every server has had it, each and always; nothing when one does not.
  [[nodiscard]] std::optional<Time> everywhere_since(const TlsaRecord& record) const;

  // A client that is served a chain which its RRset does not match; or a combination of an RRset without any
  // match (RFC 7671 section 8, I3), which fails the client that knows no other.
  [[nodiscard]] std::optional<Outage> outage() const;

  // What no client knows and no server has any more is dropped, as is how long servers have had what they
  // have.
  void forget();

  [[nodiscard]] const std::vector<Version>& versions() const { return versions_; }
  // Which of them each server has, and had before.
  [[nodiscard]] const std::vector<std::size_t>& at() const { return at_; }
  [[nodiscard]] const std::vector<std::size_t>& before() const { return before_; }
  // When the last client forgets it; not of a version that a server has.
  [[nodiscard]] static Time end_of(const Version& version);

 private:
  [[nodiscard]] const std::optional<Rrset>& given(std::size_t server, bool as_own) const;
  [[nodiscard]] Version version_of(std::optional<Rrset> rrset) const;
  void leave(std::size_t version);
  void move_to(std::size_t server, std::size_t version);
  [[nodiscard]] bool is_known(const Version& version) const;

  Time now_ = testing::noon;
  std::optional<Rrset> wildcard_;  // "*._tcp" of the host
  std::vector<Version> versions_;
  std::vector<std::size_t> at_;  // which version each server has; the first is the primary
  std::vector<std::size_t> before_;
  std::vector<std::vector<std::pair<Time, std::size_t>>> history_;  // of each server
  std::vector<Keys> served_;
  std::vector<Keys> installed_;
};

}  // namespace tlsa_update::model
