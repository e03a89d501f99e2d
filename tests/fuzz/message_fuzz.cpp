// Octets of a peer as a message: either it parses, and all of it can be asked about, or it is a protocol
// error.
#include <cstdlib>

#include "tlsa_update/dns/message.hpp"

using namespace tlsa_update;
using namespace tlsa_update::dns;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void ask(const Record& record) {
  const auto soa = soa_of(record);
  require(soa || soa.error().code == ErrorCode::protocol);
  // parse_message vouches for the RDATA of IN records of these types.
  const bool has_target = record.type == type::ns || record.type == type::cname ||
                          record.type == type::dname || record.type == type::mx || record.type == type::srv;
  if (has_target) require(target_of(record).has_value() || record.rdata.empty());
  if (record.type == type::soa) require(soa.has_value() || record.rdata.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = parse_message({data, size});
  if (!message) {
    require(message.error().code == ErrorCode::protocol);
    return 0;
  }
  for (const auto* section : {&message->answer, &message->authority, &message->additional})
    for (const auto& record : *section) ask(record);
  return 0;
}
