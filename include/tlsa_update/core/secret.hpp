// Octets that must not outlive their use: TSIG secrets, passphrases, private keys. Moves, never copies,
// wipes itself, and has no printed form.
#pragma once

#include <cstddef>
#include <string.h>  // explicit_bzero
#include <utility>

#include "tlsa_update/core/bytes.hpp"

namespace tlsa_update {

class Secret {
 public:
  Secret() = default;
  explicit Secret(Bytes bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      bytes_ = std::exchange(other.bytes_, {});
    }
    return *this;
  }
  ~Secret() { wipe(); }

  [[nodiscard]] ByteView view() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  void wipe() noexcept {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
  }

  Bytes bytes_;
};

}  // namespace tlsa_update
