#include "tlsa_update/rollover/verdict.hpp"

namespace tlsa_update::rollover {

Result<void> check_trust_anchor(Session& session) {
  const auto validator = session.validator();
  if (!validator) return tl::unexpected(validator.error());
  return {};
}

Result<dns::Dnssec> verdict_on(Session& session, const dns::Question& question, dns::Dnssec by_resolver) {
  const auto validator = session.validator();
  if (!validator) return tl::unexpected(validator.error());
  return *validator == nullptr ? by_resolver : (*validator)->verdict(question);
}

boost::asio::awaitable<Result<dns::Dnssec>> verdict_on(Session& session, dns::Question question) {
  if (!session.request().trust_anchor.empty()) co_return verdict_on(session, question, dns::Dnssec::unknown);
  co_return co_await session.resolver().verdict(std::move(question));
}

std::vector<Result<dns::Dnssec>> verdicts_on(Session& session, const std::vector<dns::Question>& questions) {
  if (questions.empty()) return {};
  const auto first = session.run(verdict_on(session, questions.front()));
  if (!first) return std::vector<Result<dns::Dnssec>>(questions.size(), tl::unexpected(first.error()));
  std::vector<Result<dns::Dnssec>> verdicts;
  const std::vector<dns::Question> others(questions.begin() + 1, questions.end());
  if (const auto validator = session.validator(); validator && *validator != nullptr) {
    verdicts = (*validator)->verdicts(others);
  } else {
    std::vector<boost::asio::awaitable<Result<dns::Dnssec>>> jobs;
    jobs.reserve(others.size());
    for (const auto& question : others) jobs.push_back(session.resolver().verdict(question));
    verdicts = session.run_all(std::move(jobs));
  }
  verdicts.insert(verdicts.begin(), *first);
  return verdicts;
}

}  // namespace tlsa_update::rollover
