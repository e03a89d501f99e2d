// Where the ledger is kept, for whoever drives a rollover: a file of the state directory, or a test's memory.
#pragma once

#include <functional>
#include <optional>

#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/ledger.hpp"

namespace tlsa_update {

class LedgerStore {
 public:
  LedgerStore() = default;
  LedgerStore(const LedgerStore&) = delete;
  LedgerStore& operator=(const LedgerStore&) = delete;
  virtual ~LedgerStore() = default;

  // Reads, changes and writes as one transaction: two runs cannot lose each other's entries, and a crash
  // leaves the ledger of before or of after. Errors: unreadable (nothing was changed), not_yet (another run
  // is at it).
  [[nodiscard]] virtual Result<Ledger> change(const std::function<void(Ledger&)>& edit) = 0;

  // For commands that only look: what is not there is an empty ledger.
  [[nodiscard]] virtual Ledger peek() = 0;

  // Why the last peek has an empty ledger, though there may be one: this user may not read it.
  [[nodiscard]] virtual std::optional<Error> why_unread() const { return std::nullopt; }

  // From here to the end of this store no other run on this machine deploys or deletes. Error not_yet.
  [[nodiscard]] virtual Result<void> hold() = 0;
};

}  // namespace tlsa_update
