// The text of the ledger's file: a ledger that survives being written, or an error that puts the file aside.
#include <cstdlib>
#include <string_view>

#include "tlsa_update/state/ledger_file.hpp"

using namespace tlsa_update;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto ledger = state::ledger_from_json({reinterpret_cast<const char*>(data), size});
  // Unreadable: of a newer program, and kept as it is.
  if (!ledger && ledger.error().code != ErrorCode::bad_data && ledger.error().code != ErrorCode::unreadable)
    std::abort();
  if (ledger && state::ledger_from_json(state::to_json(*ledger)).value() != *ledger) std::abort();
  return 0;
}
