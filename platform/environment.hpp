// The environment variables of this program.
#pragma once

#include <map>
#include <string>

namespace troupe::platform {

[[nodiscard]] std::map<std::string, std::string> environment();

}  // namespace troupe::platform
