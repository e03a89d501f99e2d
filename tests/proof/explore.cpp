#include "proof/explore.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>

namespace tlsa_update::proof {
namespace {

using Clock = std::chrono::steady_clock;

// How a state was reached first. Whole schedules are put together only for what is found.
struct Step {
  std::uint32_t before = 0;  // which step led to the state that this one starts from
  std::uint16_t setting = 0;
  Move move;
};

class Exploration {
 public:
  Exploration(const Family& family, const model::Fault& fault, const Limits& limits)
      : family_(family), fault_(fault), limits_(limits) {}

  Report explore() {
    const auto began = Clock::now();
    begin();
    while (!layer_.empty() && !is_over()) go_deeper();
    report_.is_whole = layer_.empty() && !report_.finding;
    report_.distinct = seen_.size();
    report_.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    return std::move(report_);
  }

 private:
  struct Reached {
    Scene scene;
    std::uint32_t step;
  };

  void begin() {
    for (std::size_t i = 0; i < family_.settings.size(); ++i) {
      steps_.push_back({static_cast<std::uint32_t>(steps_.size()), static_cast<std::uint16_t>(i), {}});
      Scene scene(family_.settings[i]);
      seen_.insert(scene.fingerprint() ^ i);
      layer_.push_back({std::move(scene), static_cast<std::uint32_t>(steps_.size() - 1)});
    }
  }

  void go_deeper() {
    std::vector<Reached> next;
    for (const auto& reached : layer_) {
      for (const auto& move : family_.moves) {
        if (is_over()) return;
        try_move(reached, move, next);
      }
    }
    ++report_.depth;
    layer_ = std::move(next);
  }

  void try_move(const Reached& from, const Move& move, std::vector<Reached>& next) {
    Scene scene = from.scene;
    const auto setting = steps_[from.step].setting;
    ++report_.states;
    if (auto trouble = scene.play(move, fault_)) return find(from.step, move, std::move(*trouble));
    if (!seen_.insert(scene.fingerprint() ^ setting).second) return;
    if (auto trouble = settle(scene)) return find(from.step, move, std::move(*trouble));
    if (report_.depth + 1 >= limits_.depth) return;  // looked at, and not gone on from
    steps_.push_back({from.step, setting, move});
    next.push_back({std::move(scene), static_cast<std::uint32_t>(steps_.size() - 1)});
  }

  // Of some states the end is played out; of some of these, with a renewal every six days.
  std::optional<std::string> settle(const Scene& scene) {
    constexpr std::size_t renewed_one_in = 16;
    if ((seen_.size() + limits_.seed) % limits_.settled_one_in != 0) return std::nullopt;
    Scene end = scene;
    return ++report_.settled % renewed_one_in == 0 ? end.settle_and_renew(fault_) : end.settle(fault_);
  }

  void find(std::uint32_t step, const Move& last, std::string trouble) {
    Finding finding{steps_[step].setting, {last}, std::move(trouble)};
    for (auto at = step; steps_[at].before != at; at = steps_[at].before)
      finding.schedule.push_back(steps_[at].move);
    std::ranges::reverse(finding.schedule);
    report_.finding = std::move(finding);
  }

  [[nodiscard]] bool is_over() const {
    return report_.finding || report_.depth >= limits_.depth || seen_.size() >= limits_.states ||
           Clock::now() >= limits_.until;
  }

  const Family& family_;
  const model::Fault& fault_;
  const Limits& limits_;
  std::unordered_set<std::uint64_t> seen_;
  std::vector<Step> steps_;
  std::vector<Reached> layer_;
  Report report_;
};

}  // namespace

Report explore(const Family& family, const model::Fault& fault, const Limits& limits) {
  return Exploration(family, fault, limits).explore();
}

std::string replay(const Family& family, const Finding& finding, const model::Fault& fault) {
  Scene scene(family.settings.at(finding.setting));
  std::string log = "  at first: " + scene.text() + "\n";
  for (const auto& move : finding.schedule) {
    const auto trouble = scene.play(move, fault);
    log += "  " + text(move) + ": " + scene.text() + "\n";
    if (trouble) return log + "  " + *trouble + "\n";
  }
  const auto trouble = scene.settle_and_renew(fault);
  return log + "  and then left alone: " + trouble.value_or("it comes to its end") + "\n";
}

std::string numbers_of(const Family& family, const Finding& finding) {
  auto numbers = std::to_string(finding.setting) + ":";
  for (const auto& move : finding.schedule) {
    const auto place = std::ranges::find(family.moves, move) - family.moves.begin();
    numbers += (numbers.back() == ':' ? "" : ",") + std::to_string(place);
  }
  return numbers;
}

std::optional<Finding> finding_of(const Family& family, std::string_view numbers) {
  std::vector<std::size_t> all;
  const auto* const end = numbers.data() + numbers.size();
  for (const auto* at = numbers.data(); at <= end; ++at) {
    const auto [next, error] = std::from_chars(at, end, all.emplace_back());
    if (error != std::errc{} || (next != end && *next != (all.size() == 1 ? ':' : ','))) return std::nullopt;
    at = next;
  }
  if (all.empty() || all.front() >= family.settings.size()) return std::nullopt;
  Finding finding{all.front(), {}, "replayed"};
  for (auto number = all.begin() + 1; number != all.end(); ++number) {
    if (*number >= family.moves.size()) return std::nullopt;
    finding.schedule.push_back(family.moves[*number]);
  }
  return finding;
}

}  // namespace tlsa_update::proof
