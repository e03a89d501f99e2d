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

Ledger StateDirectory::peek() {
  auto ledger = LedgerFile::read(path_, events_);
  why_unread_.reset();
  if (ledger) return std::move(*ledger);
  // Who may not read it is told so by the report; everything else is told here.
  if (ledger.error().topic == Topic::access)
    why_unread_ = std::move(ledger.error());
  else
    events_.warning(ledger.error().text());
  return {};
}

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
