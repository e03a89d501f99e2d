// What reading the configuration and the ledger costs.
#include <benchmark/benchmark.h>
#include <string>

#include "config.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::cli {
namespace {

std::string configuration(std::int64_t services) {
  std::string text = "server = ns0.example.net\nkey-file = /etc/tlsa-update/tsig.key\n";
  for (std::int64_t i = 0; i < services; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example.com";
    text += "\n[service." + host + "]\nname = " + host + ":25\ncert = /etc/ssl/" + host + ".pem\n";
  }
  return text;
}

void parse_configuration(benchmark::State& state) {
  const std::string text = configuration(state.range(0));
  for (auto _ : state) {
    Settings settings;
    if (!parse_config(text, "tlsa-update.conf", settings)) state.SkipWithError("refused");
    if (settings.services.size() != static_cast<std::size_t>(state.range(0)))
      state.SkipWithError("not whole");
  }
}
BENCHMARK(parse_configuration)->Arg(1)->Arg(1000)->Arg(100'000);

Ledger ledger(std::int64_t owners) {
  Ledger ledger;
  for (std::int64_t i = 0; i < owners; ++i) {
    const Name owner = Name::parse("_25._tcp.h" + std::to_string(i) + ".example.com").value();
    auto& entry = ledger.owners[owner].at({{}, Bytes(32, 1)});
    entry.owned = true;
    entry.published_at = entry.seen_everywhere_at = Time(Seconds(1'795'000'000));
    entry.ttl_bound = 3600;
    ledger.owners[owner].ttls = {{3600, std::nullopt}};
  }
  return ledger;
}

void write_ledger(benchmark::State& state) {
  const Ledger written = ledger(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(state::to_json(written));
}
BENCHMARK(write_ledger)->Arg(1)->Arg(1000)->Arg(100'000);

void read_ledger(benchmark::State& state) {
  const std::string text = state::to_json(ledger(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(state::ledger_from_json(text).value());
}
BENCHMARK(read_ledger)->Arg(1)->Arg(1000)->Arg(100'000);

}  // namespace
}  // namespace tlsa_update::cli
