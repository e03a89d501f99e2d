// Our own DNSSEC validation by libunbound, which is loaded only when asked for (--trust-anchor).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/dns/resolver.hpp"

namespace tlsa_update::dns {

// DS and DNSKEY records in presentation form.
using TrustAnchors = std::vector<std::string>;

// Those of a zone file `text`; other records are passed over. Error bad_data: a line that is no record (its
// number; it is not shown, as a wrong file may hold a secret), or not one anchor.
[[nodiscard]] Result<TrustAnchors> parse_trust_anchors(std::string_view text, const std::string& file);

// One cache for all questions of a run.
class Validator {
 public:
  // Forwards to `servers` when there are any; else asks servers of this family. Asks nobody yet. Errors:
  // bad_data (the anchors), usage (a server that is not given by its address), internal (no libunbound here).
  [[nodiscard]] static Result<Validator> open(const TrustAnchors& anchors,
                                              const std::vector<ServerName>& servers,
                                              Family family = Family::any);
  ~Validator();
  Validator(Validator&&) noexcept;
  Validator& operator=(Validator&&) noexcept;

  // All are in flight at once; results in the order of the questions. Blocking. Error no_answer: there is
  // nothing to judge.
  [[nodiscard]] std::vector<Result<Dnssec>> verdicts(const std::vector<Question>& questions);
  [[nodiscard]] Result<Dnssec> verdict(const Question& question) { return verdicts({question}).front(); }

 private:
  struct State;
  explicit Validator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tlsa_update::dns
