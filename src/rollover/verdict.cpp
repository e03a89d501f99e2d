#include "tlsa_update/rollover/verdict.hpp"

namespace tlsa_update::rollover {

Result<void> check_trust_anchor(Session& session) {
  const auto& anchors = session.trust_anchors();
  if (!anchors) return tl::unexpected(anchors.error());
  return {};
}

Result<dns::Dnssec> verdict_on(Session& session, const dns::Question& question, dns::Dnssec by_resolver) {
  const auto& anchors = session.trust_anchors();
  if (!anchors) return tl::unexpected(anchors.error());
  if (anchors->empty()) return by_resolver;
  return dns::validate(question, *anchors, session.request().resolvers);
}

boost::asio::awaitable<Result<dns::Dnssec>> verdict_on(Session& session, dns::Question question) {
  if (!session.request().trust_anchor.empty()) co_return verdict_on(session, question, dns::Dnssec::unknown);
  co_return co_await session.resolver().verdict(std::move(question));
}

}  // namespace tlsa_update::rollover
