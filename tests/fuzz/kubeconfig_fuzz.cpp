// Any text as a kubeconfig: it is refused with a message or gives a server that can be parsed again. The folder of its
// relative files does not exist, so nothing of this machine is read.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kube/config.hpp"
#include "kube/server_url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = troupe::kube::parse_kubeconfig(text, "/nonexistent");
  if (!config.ok()) {
    if (config.error().message.empty()) {
      std::abort();
    }
    return 0;
  }
  const auto url = troupe::kube::parse_server_url(config->server);
  if (!url.ok() || url->text() != config->server) {
    std::abort();
  }
  return 0;
}
