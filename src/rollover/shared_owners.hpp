// Services that share an owner share an RRset: puts what several services want into one Desired an owner, and
// protects what those want that a run is not about.
#pragma once

#include <vector>

#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::rollover {

// One for each owner, sorted: what any service wants there, all get; the current role wins over the next.
// Where one of the `unread` is, it is partial.
[[nodiscard]] std::vector<Desired> merged(const std::vector<WantedService>& services,
                                          const std::vector<WantedService>& unread = {});

// What `other` wants stays wherever it is: its names may lead to any owner by a CNAME.
void protect(std::vector<Desired>& desired, const Desired& other);

}  // namespace tlsa_update::rollover
