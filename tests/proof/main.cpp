// proof --list | proof [--depth N] [--states N] [--seconds N] [--family NAME] [--settle N] [--driver NAME] |
// proof --wrong-drivers: explores the families one after the other, prints a line for each, and ends with 1
// on a finding.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "proof/explore.hpp"
#include "proof/planted.hpp"
#include "rollover/model/wrong_drivers.hpp"

namespace tlsa_update::proof {
namespace {

struct Arguments {
  Limits limits;
  double seconds = 30;
  std::string_view family;
  std::string_view driver;  // a wrong one, by a part of its name
};

[[noreturn]] void usage() {
  std::fputs(
      "usage: proof [--depth N] [--states N] [--seconds N] [--settle N] [--family NAME] [--driver NAME]\n",
      stderr);
  std::exit(64);
}

Arguments arguments_of(int count, char** values) {
  Arguments arguments;
  if (count == 2 && std::string_view(values[1]) == "--wrong-drivers")
    std::exit(catch_wrong_drivers() ? 0 : 1);
  if (count == 2 && std::string_view(values[1]) == "--list") {
    for (const auto& family : families()) std::puts(family.name.c_str());
    std::exit(0);
  }
  for (int i = 1; i < count; i += 2) {
    const std::string_view option = values[i];
    if (i + 1 == count) usage();
    if (option == "--family") {
      arguments.family = values[i + 1];
      continue;
    }
    if (option == "--driver") {
      arguments.driver = values[i + 1];
      continue;
    }
    const auto number = std::strtoull(values[i + 1], nullptr, 10);
    if (number == 0) usage();
    if (option == "--depth")
      arguments.limits.depth = number;
    else if (option == "--states")
      arguments.limits.states = number;
    else if (option == "--seconds")
      arguments.seconds = static_cast<double>(number);
    else if (option == "--settle")
      arguments.limits.settled_one_in = number;
    else
      usage();
  }
  return arguments;
}

bool prove(const Family& family, const model::Fault& driver, Limits limits, double seconds) {
  using namespace std::chrono;
  limits.until = steady_clock::now() + duration_cast<steady_clock::duration>(duration<double>(seconds));
  const auto report = explore(family, driver, limits);
  std::printf("%-16s %10zu %10zu %9zu %6zu%s %8.1f\n", family.name.c_str(), report.states, report.distinct,
              report.settled, report.depth, report.is_whole ? " whole" : "      ", report.seconds);
  if (report.finding) std::printf("%s", replay(family, *report.finding, driver).c_str());
  std::fflush(stdout);
  return !report.finding;
}

model::Fault driver_of(std::string_view name) {
  if (name.empty()) return {};
  const auto& all = model::wrong_drivers();
  const auto driver = std::ranges::find_if(
      all, [&](const model::Fault& one) { return one.name.find(name) != std::string::npos; });
  if (driver == all.end()) usage();
  return *driver;
}

int prove_all(const Arguments& arguments) {
  const auto driver = driver_of(arguments.driver);
  std::printf("%-16s %10s %10s %9s %12s %8s\n", "family", "states", "distinct", "settled", "depth",
              "seconds");
  std::size_t chosen = 0;
  for (const auto& family : families()) chosen += arguments.family.empty() || family.name == arguments.family;
  bool is_proven = chosen > 0;
  for (const auto& family : families()) {
    if (!arguments.family.empty() && family.name != arguments.family) continue;
    is_proven =
        prove(family, driver, arguments.limits, arguments.seconds / static_cast<double>(chosen)) && is_proven;
  }
  return is_proven ? 0 : 1;
}

}  // namespace
}  // namespace tlsa_update::proof

int main(int count, char** values) {
  return tlsa_update::proof::prove_all(tlsa_update::proof::arguments_of(count, values));
}
