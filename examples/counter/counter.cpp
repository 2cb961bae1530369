// The module of the example: what a resource may start.
#include "counter.hpp"

TROUPE_MODULE(Counter)
