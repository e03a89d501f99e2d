// Where libFuzzer is not linked: runs a target over its seeds, and for some seconds over what chance makes of
// them, without guidance. The random numbers are the same every time, so that what is found is found again.
//   fuzz_NAME SECONDS FOLDER
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Octets = std::vector<std::uint8_t>;

std::vector<Octets> seeds_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::ranges::sort(paths);
  std::vector<Octets> seeds;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

class Chance {
 public:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : numbers_() % limit; }

  // One change: an octet, a cut, a repetition, or the end of another seed.
  void change(Octets& octets, const Octets& other) {
    const auto at = [&] { return octets.begin() + static_cast<std::ptrdiff_t>(below(octets.size() + 1)); };
    if (octets.empty()) return octets.assign(other.begin(), other.end());
    switch (below(5)) {
      case 0:
        octets[below(octets.size())] = static_cast<std::uint8_t>(numbers_());
        break;
      case 1:
        octets[below(octets.size())] ^= static_cast<std::uint8_t>(1U << below(8));
        break;
      case 2:
        octets.erase(at(), octets.end());
        break;
      case 3: {
        const Octets part(octets.begin(), at());
        octets.insert(at(), part.begin(), part.end());
        break;
      }
      default:
        octets.erase(at(), octets.end());
        octets.insert(octets.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size())),
                      other.end());
    }
    constexpr std::size_t largest = 64 * 1024;
    if (octets.size() > largest) octets.resize(largest);
  }

 private:
  std::mt19937 numbers_{20261122};  // NOLINT(cert-msc51-cpp): repeatable on purpose
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const auto seeds = seeds_in(argv[2]);
  if (seeds.empty()) return 66;
  for (const auto& seed : seeds) LLVMFuzzerTestOneInput(seed.data(), seed.size());
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::stoi(argv[1]));
  Chance chance;
  unsigned long runs = 0;
  for (; std::chrono::steady_clock::now() < end; ++runs) {
    Octets octets = seeds[chance.below(seeds.size())];
    for (auto changes = 1 + chance.below(4); changes > 0; --changes)
      chance.change(octets, seeds[chance.below(seeds.size())]);
    LLVMFuzzerTestOneInput(octets.data(), octets.size());
  }
  std::printf("%zu seeds and %lu changed inputs\n", seeds.size(), runs);
  return 0;
}
