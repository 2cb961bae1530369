// The server's side of one SPDY/3.1 connection as a pure state machine: bytes in, what happened to the streams and
// bytes to send out. Only clients open streams.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "local/pod_runner/spdy_frames.hpp"

namespace troupe::local {

/// A client wants a stream: answer it with `accept` or `refuse`.
struct SpdyStreamOpened {
  std::uint32_t stream = 0;
  SpdyHeaders headers;
};
struct SpdyStreamData {
  std::uint32_t stream = 0;
  std::string bytes;
};
/// The client sends nothing more on it: it has finished or reset it.
struct SpdyStreamEnded {
  std::uint32_t stream = 0;
};
using SpdyEvent = std::variant<SpdyStreamOpened, SpdyStreamData, SpdyStreamEnded>;

class SpdyConnection {
 public:
  /// Streams open at once. One more is refused (RST_STREAM); exec has five at most.
  static constexpr std::size_t streams_max = 16;

  /// What happened, in order. Error: the client broke the protocol; a GOAWAY that says so is in the output, and the
  /// connection must end.
  Result<std::vector<SpdyEvent>> receive(std::string_view bytes);

  /// These do nothing to a stream that is gone, or that has been finished here.
  void accept(std::uint32_t stream);
  void refuse(std::uint32_t stream);
  void send(std::uint32_t stream, std::string_view bytes);
  /// Sends what is left, possibly nothing, and ends this side of the stream.
  void finish(std::uint32_t stream, std::string_view last_bytes);
  /// Gives the client up: GOAWAY for breaking the protocol.
  void go_away();

  /// What must be sent, once.
  [[nodiscard]] std::string take_output();

 private:
  struct Stream {
    bool finished_here = false;
    bool finished_there = false;
  };

  Result<void> apply(SpdyFrame frame, std::vector<SpdyEvent>& events);
  Result<void> open(SpdySynStream& frame, std::vector<SpdyEvent>& events);
  Result<void> take_data(SpdyData& frame, std::vector<SpdyEvent>& events);

  SpdyFrameReader reader_;
  SpdyHeaderEncoder headers_;
  std::map<std::uint32_t, Stream> streams_;
  std::uint32_t last_stream_ = 0;
  bool client_leaves_ = false;
  std::string output_;
};

}  // namespace troupe::local
