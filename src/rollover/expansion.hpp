// From NAMEs to TLSA owners. mx: and srv: names ask the resolver, all of them at once; what is found is kept
// and reported in the order of the names.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <vector>

#include "tlsa_update/rollover/session.hpp"
#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::rollover {

class Expander {
 public:
  explicit Expander(Session& session) : session_(session) {}

  // Asks for the MX and SRV RRsets of those of these names that have one, and whether each is secure. The
  // targets must stay where they are.
  [[nodiscard]] boost::asio::awaitable<void> follow(std::vector<const Target*> targets);

  // The owners of targets that were followed, into `service`; what is known of their RRsets, into `wants`.
  // Notes become warnings. Errors: of the first RRset that was not found; a name that is too long.
  [[nodiscard]] Result<void> expand(const std::vector<Target>& targets, WantedService& service,
                                    Wants& wants) const;

 private:
  struct Followed {
    std::optional<Result<dns::Expansion>> expansion;
    Result<dns::Dnssec> verdict = dns::Dnssec::unknown;  // of an RRset that was found
  };
  [[nodiscard]] boost::asio::awaitable<void> ask(const Target& target, Followed& place);
  void judge_all(const std::vector<const Target*>& targets);
  [[nodiscard]] Result<void> expand_one(const Target& target, WantedService& service, Wants& wants) const;
  void note_dnssec(const Followed& followed, const Target& target, Wants& wants) const;

  Session& session_;
  std::map<const Target*, Followed> followed_;
};

}  // namespace tlsa_update::rollover
