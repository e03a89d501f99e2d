// Names, NAME arguments, TLSA parameters and records from any text; names and records from any octets. What
// is accepted must survive its own printed form.
#include <cstdlib>

#include "tlsa_update/core/lint.hpp"
#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/service.hpp"
#include "tlsa_update/core/tlsa.hpp"

namespace {

using namespace tlsa_update;

void require(bool claim) {
  if (!claim) std::abort();
}

void name_survives(const Name& name) {
  require(name.wire().size() <= 255);
  require(Name::parse(name.text()).value() == name);
  require(Name::from_wire(name.wire()).value() == name);
  require(name.is_at_or_below(name.parent()));
}

void target_survives(const Target& target) {
  if (const auto* service = std::get_if<Service>(&target)) {
    require(service_of(service->owner().value()) == *service);
  } else if (const auto* owner = std::get_if<OwnerName>(&target)) {
    name_survives(owner->owner);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (const auto name = Name::parse(text)) name_survives(*name);
  if (const auto name = Name::from_wire({data, size})) name_survives(*name);
  if (const auto targets = parse_target(text)) {
    require(!targets->empty());
    for (const auto& target : *targets) target_survives(target);
  }
  if (const auto parameters = parse_parameters(text)) {
    require(parse_parameters(parameters->text()).value() == *parameters);
  }
  if (const auto record = parse_tlsa(text)) require(parse_tlsa(record->text()).value() == *record);
  if (const auto record = tlsa_from_rdata({data, size})) {
    require(parse_tlsa(record->text()).value() == *record);
    require(malformed(*record).has_value() == !check(*record, true).has_value());
  }
  return 0;
}
