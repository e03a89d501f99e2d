#include "tlsa_update/core/error.hpp"
