// What a wildcard would answer at a name once that name is gone. Where nobody can tell without deleting it,
// the answer is the worst that it may be.
#pragma once

#include "inquiry.hpp"

namespace tlsa_update::dns {

// `owner` has TLSA records in `zone`, which `primary` holds. Nothing: no wildcard would answer TLSA, or the
// closest encloser has addresses of its own and no wildcard (RFC 4592 section 3.3.1).
[[nodiscard]] boost::asio::awaitable<std::optional<Uncovered>> uncovered_at(Inquiry& inquiry,
                                                                            Exchange& primary, Name owner,
                                                                            Name zone);

}  // namespace tlsa_update::dns
