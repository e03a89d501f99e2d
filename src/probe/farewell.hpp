// How a client of each protocol says that it goes.
#pragma once

#include <string_view>

#include "tlsa_update/probe/starttls.hpp"

namespace tlsa_update::probe {

// What is spoken inside TLS: the protocol whose TLS was asked for, else that of ports where TLS comes first
// (465, 636, 990, 993, 995).
[[nodiscard]] StartTls spoken_inside(StartTls asked, std::uint16_t port);

// What it sends inside TLS, or where there is no TLS; empty where closing says it (close_notify).
[[nodiscard]] std::string_view farewell(StartTls protocol);

// The server speaks first, also inside TLS.
[[nodiscard]] bool is_greeted_by_server(StartTls protocol);

}  // namespace tlsa_update::probe
