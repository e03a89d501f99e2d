#include "tlsa_update/x509/loader.hpp"
