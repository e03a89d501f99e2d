// --wait: run a pass again and again until it is done. On a terminal with a countdown, elsewhere with a log
// line each time something new is awaited. SIGTERM and SIGINT end it between two passes, never inside one.
#pragma once

#include <functional>

#include "tlsa_update/report/findings.hpp"

namespace tlsa_update::cli {

// `pass` is called at least once. Ends when nothing but waiting remained no more, when there is trouble other
// than waiting that a further pass cannot mend, or at a signal; gives the last pass's findings.
[[nodiscard]] report::Findings wait_until_done(const std::function<report::Findings()>& pass);

}  // namespace tlsa_update::cli
