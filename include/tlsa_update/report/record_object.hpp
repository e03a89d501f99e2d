// A TLSA record as JSON has it in every document: usage, selector, matching_type, data (hex).
#pragma once

#include <boost/json/object.hpp>

#include "tlsa_update/core/tlsa.hpp"

namespace tlsa_update::report {

[[nodiscard]] boost::json::object record_object(const TlsaRecord& record);

}  // namespace tlsa_update::report
