// Explores the families one after the other, prints a line for each, and ends with 1 on a finding. What else
// it does: usage().
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "proof/caveats.hpp"
#include "proof/explore.hpp"
#include "proof/planted.hpp"
#include "proof/schedules.hpp"
#include "rollover/model/wrong_drivers.hpp"

namespace tlsa_update::proof {
namespace {

struct Arguments {
  Limits limits;
  double seconds = 30;
  std::string_view family;
  std::string_view driver;  // a wrong one, by a part of its name
  std::string_view replay;
  std::size_t schedules = 0;
};

[[noreturn]] void usage() {
  std::fputs(
      "usage: proof [--depth N] [--states N] [--seconds N] [--settle N] [--seed N] [--family NAME]\n"
      "             [--driver NAME]\n"
      "       proof --family NAME [--driver NAME] --replay SETTING:MOVE,...\n"
      "       proof --schedules N [--seed N]\n"
      "       proof --wrong-drivers | --caveats MANUAL | --list\n",
      stderr);
  std::exit(64);
}

std::size_t number_in(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) usage();
  return number;
}

Arguments arguments_of(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; i += 2) {
    const std::string_view option = values[i];
    if (i + 1 == count) usage();
    const std::string_view value = values[i + 1];
    if (option == "--family")
      arguments.family = value;
    else if (option == "--driver")
      arguments.driver = value;
    else if (option == "--replay")
      arguments.replay = value;
    else if (option == "--depth")
      arguments.limits.depth = number_in(value);
    else if (option == "--states")
      arguments.limits.states = number_in(value);
    else if (option == "--seconds")
      arguments.seconds = static_cast<double>(number_in(value));
    else if (option == "--settle")
      arguments.limits.settled_one_in = std::max<std::size_t>(1, number_in(value));
    else if (option == "--seed")
      arguments.limits.seed = number_in(value);
    else if (option == "--schedules")
      arguments.schedules = number_in(value);
    else
      usage();
  }
  return arguments;
}

model::Fault driver_of(std::string_view name) {
  if (name.empty()) return {};
  const auto& all = model::wrong_drivers();
  const auto driver = std::ranges::find_if(
      all, [&](const model::Fault& one) { return one.name.find(name) != std::string::npos; });
  if (driver == all.end()) usage();
  return *driver;
}

bool prove(const Family& family, const model::Fault& driver, Limits limits, double seconds) {
  using namespace std::chrono;
  limits.until = steady_clock::now() + duration_cast<steady_clock::duration>(duration<double>(seconds));
  const auto report = explore(family, driver, limits);
  std::printf("%-19s %10zu %10zu %9zu %6zu%s %8.1f\n", family.name.c_str(), report.states, report.distinct,
              report.settled, report.depth, report.is_whole ? " whole" : "      ", report.seconds);
  if (report.finding) {
    std::printf("%s", replay(family, *report.finding, driver).c_str());
    std::printf("again: proof --family '%s' --replay %s\n", family.name.c_str(),
                numbers_of(family, *report.finding).c_str());
  }
  std::fflush(stdout);
  return !report.finding;
}

bool prove_all(const Arguments& arguments) {
  const auto driver = driver_of(arguments.driver);
  std::printf("%-19s %10s %10s %9s %12s %8s\n", "family", "states", "distinct", "settled", "depth",
              "seconds");
  std::size_t chosen = 0;
  for (const auto& family : families()) chosen += arguments.family.empty() || family.name == arguments.family;
  bool is_proven = chosen > 0;
  for (const auto& family : families()) {
    if (!arguments.family.empty() && family.name != arguments.family) continue;
    is_proven =
        prove(family, driver, arguments.limits, arguments.seconds / static_cast<double>(chosen)) && is_proven;
  }
  return is_proven;
}

bool play_again(const Arguments& arguments) {
  const auto family = std::ranges::find(families(), arguments.family, &Family::name);
  if (family == families().end()) usage();
  const auto finding = finding_of(*family, arguments.replay);
  if (!finding) usage();
  std::printf("%s", replay(*family, *finding, driver_of(arguments.driver)).c_str());
  return true;
}

bool list_families() {
  for (const auto& family : families()) std::puts(family.name.c_str());
  return true;
}

bool carry_out(int count, char** values) {
  const std::string_view first = count > 1 ? values[1] : "";
  if (count == 2 && first == "--wrong-drivers") return catch_wrong_drivers();
  if (count == 2 && first == "--list") return list_families();
  if (count == 3 && first == "--caveats") return check_caveats(values[2]);
  const auto arguments = arguments_of(count, values);
  if (arguments.schedules > 0)
    return play_schedules(arguments.schedules, static_cast<std::uint32_t>(arguments.limits.seed));
  return arguments.replay.empty() ? prove_all(arguments) : play_again(arguments);
}

}  // namespace
}  // namespace tlsa_update::proof

int main(int count, char** values) { return tlsa_update::proof::carry_out(count, values) ? 0 : 1; }
