// Any bytes as what a client of exec sends over SPDY: neither frames nor streams may crash, nothing that is sent may be
// past the bounds, and bytes must mean the same however they arrive.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "local/pod_runner/spdy_connection.hpp"

namespace {

using namespace troupe::local;

/// Notes what it hears. One that answers accepts every stream, echoes on it and ends it when the client has.
class Node {
 public:
  explicit Node(bool answers) : answers_(answers) {}

  bool receive(std::string_view bytes) {
    const auto events = connection_.receive(bytes);
    if (!events) {
      heard_ += "broken";
      return false;
    }
    for (const SpdyEvent& event : *events) {
      if (const auto* opened = std::get_if<SpdyStreamOpened>(&event)) {
        std::size_t size = 0;
        for (const auto& [name, value] : opened->headers) {
          size += name.size() + value.size();
        }
        if (size > SpdyHeaderDecoder::block_bytes_max) {
          std::abort();
        }
        heard_ += 'o';
      } else if (const auto* data = std::get_if<SpdyStreamData>(&event)) {
        heard_ += data->bytes;
      } else {
        heard_ += 'e';
      }
      if (answers_) {
        answer(event);
      }
    }
    if (connection_.take_output().size() > 64 * (bytes.size() + 16)) {
      std::abort();
    }
    return true;
  }
  [[nodiscard]] const std::string& heard() const { return heard_; }

 private:
  void answer(const SpdyEvent& event) {
    if (const auto* opened = std::get_if<SpdyStreamOpened>(&event)) {
      connection_.accept(opened->stream);
    } else if (const auto* data = std::get_if<SpdyStreamData>(&event)) {
      connection_.send(data->stream, data->bytes);
    } else {
      connection_.finish(std::get<SpdyStreamEnded>(event).stream, "end");
    }
  }

  const bool answers_;
  SpdyConnection connection_;
  std::string heard_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Node(true).receive(bytes);
  // Not to be compared when they answer: an answer may make room for a stream that is refused otherwise.
  Node whole(false);
  const bool ok = whole.receive(bytes);
  Node piecewise(false);
  bool piecewise_ok = true;
  for (std::size_t i = 0; i < bytes.size() && piecewise_ok; ++i) {
    piecewise_ok = piecewise.receive(bytes.substr(i, 1));
  }
  // Of bytes that break the protocol, the events before the break are told only if they came earlier.
  if (ok != piecewise_ok || (ok && whole.heard() != piecewise.heard())) {
    std::abort();
  }
  return 0;
}
