#include <nlohmann/json.hpp>

#include "base/pod_contract.hpp"
#include "operator/desired/objects.hpp"

namespace troupe::desired {

std::string random_cookie(Random& random) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  constexpr int length = 32;
  std::string cookie;
  for (int i = 0; i < length; ++i) {
    cookie += alphabet[random.below(alphabet.size())];
  }
  return cookie;
}

nlohmann::json build_cookie_secret(const Owner& owner, const std::string& cookie) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"type", "Opaque"},
          {"metadata", owned_metadata(owner, cookie_secret_name(owner))},
          {"stringData", {{std::string(pod_contract::cookie_secret_key), cookie}}}};
}

}  // namespace troupe::desired
