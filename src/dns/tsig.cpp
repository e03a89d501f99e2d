#include "tlsa_update/dns/tsig.hpp"
