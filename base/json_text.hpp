// Reading documents that somebody else wrote.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace troupe {

/// The text under `key`; empty when `object` is no object, lacks the key, or holds no text there.
[[nodiscard]] std::string text_in(const nlohmann::json& object, std::string_view key);

}  // namespace troupe
