// What names and plans cost: both are made for every name of a run.
#include <array>
#include <benchmark/benchmark.h>

#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/planner.hpp"

namespace tlsa_update {
namespace {

constexpr Time noon{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(12)};

void canonicalise_name(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Name::parse("_25._TCP.Mail.Example.COM").value());
}
BENCHMARK(canonicalise_name);

void canonicalise_wire_name(benchmark::State& state) {
  using namespace std::string_view_literals;
  constexpr auto wire = "\3_25\4_TCP\4Mail\7Example\3COM\0"sv;
  const ByteView octets(reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size());
  for (auto _ : state) benchmark::DoNotOptimize(Name::from_wire(octets).value());
}
BENCHMARK(canonicalise_wire_name);

// So many services of one zone, each with a certificate of its own; every other one is new to DNS.
struct Scene {
  explicit Scene(std::size_t services) {
    zone.apex = Name::parse("example.com").value();
    zone.server = "192.0.2.1@53";
    zone.is_signed = true;
    zone.negative_ttl = 300;
    ServerView server;
    server.name = "ns.example.com.";
    server.address = zone.server;
    server.reachable = true;
    for (std::size_t i = 0; i < services; ++i) add(i, server);
    zone.servers.push_back(std::move(server));
  }

  void add(std::size_t number, ServerView& server) {
    const Name owner = Name::parse("_25._tcp.h" + std::to_string(number) + ".example.com").value();
    Bytes digest(32, 1);
    for (std::size_t i = 0; i < sizeof number; ++i) digest[i] = static_cast<std::uint8_t>(number >> 8 * i);
    const TlsaRecord record{{}, digest};
    Desired wish;
    wish.asked = owner;
    wish.records = {{record, Role::current, "/etc/ssl/certificate.pem"}};
    wish.parameters = {TlsaParameters{}};
    desired.push_back(std::move(wish));

    OwnerView view;
    view.asked = view.owner = owner;
    if (number % 2 == 0) {
      view.rrset = Rrset{3600, {record}};
      view.has_rrsig = true;
      auto& entry = ledger.owners[owner].at(record);
      entry.owned = true;
      entry.published_at = entry.seen_everywhere_at = noon - std::chrono::hours(24);
      entry.ttl_bound = 3600;
    }
    server.rrsets.push_back({owner, view.rrset, view.has_rrsig, true});
    zone.owners.push_back(std::move(view));
  }

  ZoneView zone;
  std::vector<Desired> desired;
  Ledger ledger;
};

// What `publish` plans.
void plan_publishing(benchmark::State& state) {
  const Scene scene(static_cast<std::size_t>(state.range(0)));
  const std::vector<ZoneView> zones{scene.zone};
  for (auto _ : state)
    benchmark::DoNotOptimize(plan_publish(scene.desired, zones, Policy{}, scene.ledger, {}));
}

// What `run` plans.
void plan_whole_rollover(benchmark::State& state) {
  const Scene scene(static_cast<std::size_t>(state.range(0)));
  const std::vector<ZoneView> zones{scene.zone};
  for (auto _ : state)
    benchmark::DoNotOptimize(plan_rollover(scene.desired, zones, scene.ledger, {}, Policy{}, noon));
}

// What every pass remembers.
void observe_zone(benchmark::State& state) {
  const Scene scene(static_cast<std::size_t>(state.range(0)));
  const std::vector<ZoneView> zones{scene.zone};
  for (auto _ : state)
    benchmark::DoNotOptimize(observe(scene.ledger, scene.desired, zones, {}, Policy{}, {noon, "boot", {}}));
}

void sizes(benchmark::internal::Benchmark* bench) { bench->Arg(1)->Arg(1000)->Arg(100'000); }
BENCHMARK(plan_publishing)->Apply(sizes);
BENCHMARK(plan_whole_rollover)->Apply(sizes);
BENCHMARK(observe_zone)->Apply(sizes);

}  // namespace
}  // namespace tlsa_update
