#include "random.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <sys/random.h>

namespace tlsa_update::dns {

std::uint16_t random_number() {
  thread_local std::array<std::uint16_t, 64> pool;  // one system call for many numbers
  thread_local std::size_t left = 0;
  while (left == 0) {
    const ssize_t got = getrandom(pool.data(), sizeof pool, 0);
    if (got < 0 && errno != EINTR) std::abort();  // a kernel without randomness: nothing is safe then
    if (got > 0) left = static_cast<std::size_t>(got) / sizeof pool[0];
  }
  return pool[--left];
}

}  // namespace tlsa_update::dns
