// What signing, verifying, reading an answer and decoding a transfer cost.
#include <benchmark/benchmark.h>

#include "dns/tsig_peer.hpp"
#include "tlsa_update/dns/axfr_stream.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

Name name(std::string_view text) { return Name::parse(text).value(); }

TsigKey key() { return {name("update.example."), TsigAlgorithm::hmac_sha256, Secret(peer_secret)}; }

const Question tlsa_question{name("_25._tcp.mail.example.com"), type::tlsa};
const Bytes request_mac(32, 0x11);

// An answer of one TLSA record and its RRSIG.
Bytes answer() {
  Bytes wire = make_query(1, tlsa_question, {.edns = false});
  WireWriter records;
  records.u16(0xC00C);
  records.record(type::tlsa, class_in, 300, Bytes(35, 3));
  records.u16(0xC00C);
  records.record(type::rrsig, class_in, 300, Bytes(18 + 13 + 64, 1));
  wire[2] = 0x84;
  wire[7] = 2;
  put(wire, records.take());
  return wire;
}

void sign_query(benchmark::State& state) {
  const auto signer = key();
  const Bytes query = make_query(1, tlsa_question, {});
  for (auto _ : state) benchmark::DoNotOptimize(sign(query, signer, noon));
}
BENCHMARK(sign_query);

void verify_answer(benchmark::State& state) {
  const auto signer = key();
  const Bytes wire = PeerTsig{}.sign(answer(), request_mac);
  for (auto _ : state) {
    if (verify(wire, signer, request_mac, noon).verdict != TsigVerdict::good) state.SkipWithError("not good");
  }
}
BENCHMARK(verify_answer);

void read_answer(benchmark::State& state) {
  const Bytes wire = answer();
  for (auto _ : state) benchmark::DoNotOptimize(parse_message(wire).value());
}
BENCHMARK(read_answer);

constexpr std::size_t zone_size = 1'000'000;
constexpr std::size_t records_a_message = 433;  // as BIND sends them: 2,310 messages

// A zone of hosts, an AAAA each, owners compressed against the apex.
std::vector<Bytes> transfer(bool is_signed) {
  const Name apex = name("example.com");
  PeerTsig peer;
  Bytes prior_mac = request_mac;
  std::vector<Bytes> messages;
  for (std::size_t done = 0; done < zone_size + 2;) {
    WireWriter out;
    const auto count = std::min(records_a_message, zone_size + 2 - done);
    out.header({.id = 1, .flags = 0x8400, .questions = 1, .answers = static_cast<std::uint16_t>(count)});
    out.octets(apex.wire());
    out.u16(type::axfr);
    out.u16(class_in);
    for (const auto end = done + count; done < end; ++done) {
      const bool is_soa = done == 0 || done == zone_size + 1;
      if (!is_soa) {
        const std::string label = "h" + std::to_string(1'000'000 + done);
        out.octets(Bytes{static_cast<std::uint8_t>(label.size())});
        out.octets(Bytes(label.begin(), label.end()));
      }
      out.u16(0xC00C);
      if (is_soa) {
        out.record(type::soa, class_in, 3600, Bytes(22, 0));
      } else {
        out.record(type::aaaa, class_in, 3600, Bytes(16, 1));
      }
    }
    const Bytes message = out.take();
    messages.push_back(is_signed ? peer.sign(message, prior_mac) : message);
    prior_mac = peer.mac(message, prior_mac);
    peer.timers_only = true;
  }
  return messages;
}

// The argument: 0 unsigned, 1 signed, 2 signed and with names whose existence is asked for.
void decode_transfer(benchmark::State& state) {
  const auto signer = key();
  const auto messages = transfer(state.range(0) > 0);
  std::set<Name> interesting;
  for (int i = 0; state.range(0) == 2 && i < 1000; ++i)
    interesting.insert(name("missing" + std::to_string(i) + ".example.com"));
  std::size_t octets = 0;
  for (const auto& message : messages) octets += message.size();
  for (auto _ : state) {
    AxfrStream stream(name("example.com"), 1, state.range(0) > 0 ? &signer : nullptr, request_mac,
                      interesting);
    bool is_complete = false;
    for (const auto& message : messages) is_complete = stream.next(message, noon).value();
    if (!is_complete || stream.result().records != zone_size + 2) state.SkipWithError("not whole");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(octets) * state.iterations());
  state.counters["messages"] = static_cast<double>(messages.size());
}
BENCHMARK(decode_transfer)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tlsa_update::dns
