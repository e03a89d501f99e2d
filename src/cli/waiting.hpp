// --wait: run a pass again and again until it is done. On a terminal with a countdown, elsewhere with a log
// line each time something new is awaited. SIGTERM and SIGINT end it between two passes, never inside one.
#pragma once

#include <functional>

#include "tlsa_update/report/findings.hpp"

namespace tlsa_update::cli {

// `first`: what a pass has found already. Returns when nothing is left to wait for, when a pass fails in a
// way that another pass cannot fix, or on a signal; gives the last pass's findings.
[[nodiscard]] report::Findings wait_until_done(report::Findings first,
                                               const std::function<report::Findings()>& pass);

}  // namespace tlsa_update::cli
