// STARTTLS dialogues with peers that say anything. The first line of the input names the protocol, the rest
// is what the peer says. However it arrives, the end is the same, and no raw octet of it gets out.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tlsa_update/probe/starttls.hpp"

namespace {

using namespace tlsa_update;
using probe::Dialogue;

void require(bool claim) {
  if (!claim) std::abort();
}

struct Outcome {
  Dialogue::State state;
  std::string sent;
  std::string detail;
  bool operator==(const Outcome&) const = default;
};

// Portions of 1, 2, 3 ... octets up to `largest`, then from 1 again.
Outcome after(probe::StartTls protocol, std::string_view said, std::size_t largest) {
  Dialogue dialogue(protocol, {"[192.0.2.1]", "example.com"});
  auto sent = dialogue.take_output();
  std::size_t size = 0;
  while (!said.empty()) {
    size = size % largest + 1;
    const auto portion = said.substr(0, size);
    dialogue.feed(portion);
    sent += dialogue.take_output();
    said.remove_prefix(portion.size());
  }
  return {dialogue.state(), sent, dialogue.detail()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  const auto end = std::min(input.find('\n'), input.size());
  const auto protocol = probe::parse_starttls(input.substr(0, end));
  if (!protocol) return 0;
  const auto said = std::string_view(input).substr(std::min(end + 1, input.size()));

  Dialogue dialogue(*protocol, {"[192.0.2.1]", "example.com"});
  auto sent = dialogue.take_output();
  dialogue.feed(said);
  sent += dialogue.take_output();
  const Outcome whole{dialogue.state(), sent, dialogue.detail()};
  require(after(*protocol, said, 1) == whole);
  require(after(*protocol, said, 7) == whole);

  const bool has_failed = whole.state == Dialogue::State::refused || whole.state == Dialogue::State::broken;
  require(has_failed == !whole.detail.empty());
  require(printable(whole.detail) == whole.detail);
  require(whole.sent.size() < 400);
  require(said.size() <= 65536 || whole.state != Dialogue::State::talking);
  return 0;
}
