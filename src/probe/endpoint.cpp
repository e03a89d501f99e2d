#include "tlsa_update/probe/endpoint.hpp"

#include <algorithm>
#include <map>

#include "gather.hpp"
#include "handshake.hpp"

namespace tlsa_update::probe {
namespace {

namespace asio = boost::asio;

std::vector<Kind> kinds_of(const ProbeRequest& request) {
  if (request.samples == 0) return {Kind::rsa, Kind::ecdsa};
  return std::vector<Kind>(request.samples, Kind::any);
}

// Those with one address, one after the other.
using Queue = std::vector<Attempt*>;
std::vector<Queue> by_address(std::vector<Attempt>& attempts) {
  std::map<asio::ip::address, Queue> queues;
  for (auto& attempt : attempts) queues[attempt.address.address()].push_back(&attempt);
  std::vector<Queue> all;
  for (auto& [address, queue] : queues) all.push_back(std::move(queue));
  return all;
}

// The two handshakes with one address explain each other: an alert of no common algorithm is a clear no only
// from a peer that serves the other kind. So is hanging up, twice, as GnuTLS does that has no certificate of
// the kind.
void explain(Attempt& one, const Attempt& other) {
  const bool is_clear = one.is_rejected || one.is_cut;
  if (!is_clear || other.presented.outcome != ProbeOutcome::served) return;
  one.presented.outcome = ProbeOutcome::not_offered;
  one.presented.detail.clear();
}

// The two handshakes of different kinds with one address stand side by side.
void explain(std::vector<Attempt>& attempts) {
  for (std::size_t i = 0; i + 1 < attempts.size(); ++i) {
    if (attempts[i].kind != Kind::rsa) continue;
    explain(attempts[i], attempts[i + 1]);
    explain(attempts[i + 1], attempts[i]);
  }
}

}  // namespace

asio::awaitable<std::vector<ServiceEvidence>> probe_all(std::vector<ProbeRequest> requests,
                                                        std::size_t at_once) {
  std::vector<Attempt> attempts;
  for (const auto& request : requests) {
    for (const auto& address : request.addresses) {
      for (const auto kind : kinds_of(request)) attempts.emplace_back(request, address, kind);
    }
  }
  Context context;
  const auto queues = by_address(attempts);
  const auto run_queue = [&](std::size_t i) -> asio::awaitable<void> {
    for (auto* attempt : queues[i]) co_await run(context, *attempt);
  };
  co_await gather(queues.size(), at_once, run_queue);
  explain(attempts);
  std::vector<ServiceEvidence> evidence;
  auto attempt = attempts.begin();
  for (const auto& request : requests) {
    auto& service = evidence.emplace_back(
        ServiceEvidence{request.service, {}, false, request.rrset.has_value(), request.source_domain});
    for (std::size_t i = 0; i < kinds_of(request).size() * request.addresses.size(); ++i) {
      service.presented.push_back(std::move((attempt++)->presented));
    }
  }
  co_return evidence;
}

asio::awaitable<ServiceEvidence> probe(ProbeRequest request) {
  std::vector<ProbeRequest> requests;
  requests.push_back(std::move(request));
  auto evidence = co_await probe_all(std::move(requests));
  co_return std::move(evidence.front());
}

}  // namespace tlsa_update::probe
