#include "tlsa_update/state/state_directory.hpp"

namespace tlsa_update::state {

Result<Ledger> StateDirectory::change(const std::function<void(Ledger&)>& edit) {
  if (!file_) {
    auto opened = LedgerFile::open(path_, events_);
    if (!opened) return tl::unexpected(opened.error());
    file_.emplace(std::move(*opened));
  }
  return file_->change(edit);
}

Ledger StateDirectory::peek() { return LedgerFile::peek(path_, events_); }

Result<void> StateDirectory::hold() {
  if (lock_) return {};
  auto taken = RunLock::take(path_);
  if (!taken) return tl::unexpected(taken.error());
  lock_.emplace(std::move(*taken));
  return {};
}

Result<Ledger> PeekedLedger::change(const std::function<void(Ledger&)>& edit) {
  if (!ledger_) ledger_ = store_.peek();
  edit(*ledger_);
  return *ledger_;
}

Ledger PeekedLedger::peek() {
  if (!ledger_) ledger_ = store_.peek();
  return *ledger_;
}

}  // namespace tlsa_update::state
