// What std::unique_ptr needs to own what a C library allocates: std::unique_ptr<BIO, Freer<BIO_free_all>>.
#pragma once

namespace tlsa_update {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};

}  // namespace tlsa_update
