// The ledger of a state directory, opened when it is first needed: what is wrong with a request is an error
// before anything of the directory is made or touched.
#pragma once

#include <optional>
#include <string>

#include "tlsa_update/core/events.hpp"
#include "tlsa_update/core/ledger_store.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::state {

class StateDirectory final : public LedgerStore {
 public:
  StateDirectory(std::string path, Events& events) : path_(std::move(path)), events_(events) {}
  [[nodiscard]] Result<Ledger> change(const std::function<void(Ledger&)>& edit) override;
  [[nodiscard]] Ledger peek() override;
  [[nodiscard]] std::optional<Error> why_unread() const override { return why_unread_; }
  [[nodiscard]] Result<void> hold() override;

 private:
  std::optional<Error> why_unread_;
  std::string path_;
  Events& events_;
  std::optional<LedgerFile> file_;
  std::optional<RunLock> lock_;
};

// A dry run's: the changes of a pass are seen by what follows in it, and written nowhere.
class PeekedLedger final : public LedgerStore {
 public:
  explicit PeekedLedger(LedgerStore& store) : store_(store) {}
  [[nodiscard]] Result<Ledger> change(const std::function<void(Ledger&)>& edit) override;
  [[nodiscard]] Ledger peek() override;
  [[nodiscard]] std::optional<Error> why_unread() const override { return store_.why_unread(); }
  [[nodiscard]] Result<void> hold() override { return {}; }

 private:
  LedgerStore& store_;
  std::optional<Ledger> ledger_;
};

}  // namespace tlsa_update::state
