// From NAMEs to TLSA owners. mx: and srv: names ask the resolver, all of them at once; what is found is kept
// and reported in the order of the names.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <vector>

#include "tlsa_update/core/foreign_host.hpp"
#include "tlsa_update/rollover/session.hpp"
#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::rollover {

class Expander {
 public:
  explicit Expander(Session& session) : session_(session) {}

  // Asks for the MX and SRV RRsets of those of these names that have one, and whether each is secure. The
  // targets must stay where they are.
  [[nodiscard]] boost::asio::awaitable<void> follow(std::vector<const Target*> targets);

  // Which of the hosts found are somebody else's (core/foreign_host.hpp). `targets`: with what --except
  // leaves out of each. `desired`: what is deployed here.
  using Asked = std::vector<std::pair<const Target*, const std::vector<Name>*>>;
  [[nodiscard]] boost::asio::awaitable<void> tell_foreign(Asked targets, const std::vector<Desired>& desired);

  // The owners of targets that were followed, into `service`, without the hosts of --except and those of
  // others, which go into `wants.foreign`; what is known of their RRsets, into `wants`. Notes become
  // warnings. Errors: of the first RRset that was not found; a name that is too long.
  [[nodiscard]] Result<void> expand(const std::vector<Target>& targets, WantedService& service,
                                    Wants& wants) const;

  [[nodiscard]] bool has_found(const Name& host) const;  // an MX or SRV record names it

 private:
  struct Followed {
    std::optional<Result<dns::Expansion>> expansion;
    Result<dns::Dnssec> verdict = dns::Dnssec::unknown;  // of an RRset that was found
  };
  [[nodiscard]] boost::asio::awaitable<void> ask(const Target& target, Followed& place);
  void judge_all(const std::vector<const Target*>& targets);
  [[nodiscard]] boost::asio::awaitable<HostWitness> witness(const Service& service, const Name& domain);
  void tell_of_foreign(const Target& target, const Service& service, const HostWitness& host,
                       const std::vector<Desired>& desired);
  [[nodiscard]] Result<void> expand_one(const Target& target, WantedService& service, Wants& wants) const;
  void note_dnssec(const Followed& followed, const Target& target, Wants& wants) const;

  Session& session_;
  std::map<const Target*, Followed> followed_;
};

}  // namespace tlsa_update::rollover
