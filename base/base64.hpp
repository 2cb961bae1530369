// Base64 (RFC 4648) as Secrets and tokens use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

[[nodiscard]] std::string base64_encoded(std::string_view bytes);
/// Empty for text that is not padded standard base64.
[[nodiscard]] std::optional<std::string> base64_decoded(std::string_view text);
/// The URL alphabet without padding.
[[nodiscard]] std::string base64_url_encoded(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64_url_decoded(std::string_view text);

}  // namespace troupe
