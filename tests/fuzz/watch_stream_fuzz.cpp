// Any bytes as a watch's stream, cut where the first byte says: parsing must not crash, must keep its bounds, and must
// not depend on the cuts.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "kube/watch_stream.hpp"

namespace {

constexpr std::size_t line_bytes_max = 4096;

struct Outcome {
  bool ok = true;
  std::vector<troupe::kube::WatchEvent> events;
};

Outcome run(std::string_view bytes, std::size_t piece) {
  Outcome out;
  troupe::kube::WatchStream stream(line_bytes_max);
  while (out.ok && !bytes.empty()) {
    out.ok = stream.feed(bytes.substr(0, piece), out.events).ok();
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  (void)stream.finish();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = run(bytes, size);
  const Outcome cut = run(bytes, std::size_t{1} + data[0]);
  if (whole.ok != cut.ok || whole.events.size() != cut.events.size()) {
    std::abort();
  }
  for (std::size_t i = 0; i < whole.events.size(); ++i) {
    if (whole.events[i].type != cut.events[i].type || whole.events[i].object.json() != cut.events[i].object.json()) {
      std::abort();
    }
    (void)whole.events[i].object.key();
    (void)whole.events[i].object.controller_uid();
  }
  return 0;
}
