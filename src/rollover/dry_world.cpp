#include "tlsa_update/rollover/dry_world.hpp"

namespace tlsa_update::rollover {
namespace {

class DryInstallation final : public Installation {
 public:
  DryInstallation(std::unique_ptr<Installation> real, Events& events)
      : real_(std::move(real)), events_(events) {}

  [[nodiscard]] bool is_needed() const override { return real_->is_needed(); }
  [[nodiscard]] std::vector<std::string> differing() const override { return real_->differing(); }
  [[nodiscard]] std::vector<Chain> replaced() const override { return real_->replaced(); }
  [[nodiscard]] Result<void> put_back() override { return {}; }  // nothing was installed

  [[nodiscard]] Result<void> install() override {
    const auto targets = differing();
    for (const auto& target : targets) events_.info(target + ": would be installed");
    if (targets.empty()) events_.info("the reload would be repeated");
    return fail(ErrorCode::differences, "this is a dry run");
  }

 private:
  std::unique_ptr<Installation> real_;
  Events& events_;
};

}  // namespace

Acted DryWorld::apply(const Plan& plan, Facts& /*facts*/) {
  Acted acted;
  acted.is_withheld = plan.changes();
  return acted;
}

Result<std::unique_ptr<Installation>> DryWorld::prepare(
    const std::vector<deployment::ServiceFiles>& services) {
  auto real = world_.prepare(services);
  if (!real) return real;
  return std::make_unique<DryInstallation>(std::move(*real), events_);
}

}  // namespace tlsa_update::rollover
