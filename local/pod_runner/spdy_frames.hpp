// The frames of SPDY/3.1 as kubectl and kubelets speak it (draft 3.1, 2.2 and 2.6). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "local/pod_runner/spdy_header_block.hpp"

namespace troupe::local {

struct SpdySynStream {
  std::uint32_t stream = 0;
  bool fin = false;  ///< The client will send nothing on it.
  SpdyHeaders headers;
};
/// A DATA frame, or as much of it as has come: what a client makes long is never held back.
struct SpdyData {
  std::uint32_t stream = 0;
  bool fin = false;  ///< With the last piece of the last frame.
  std::string bytes;
};
struct SpdyRstStream {
  std::uint32_t stream = 0;
};
struct SpdyPing {
  std::uint32_t id = 0;
};
struct SpdyGoAway {};
using SpdyFrame = std::variant<SpdySynStream, SpdyData, SpdyRstStream, SpdyPing, SpdyGoAway>;

/// Cuts what a client sends into frames. HEADERS, SETTINGS and WINDOW_UPDATE are checked and passed over, and so are
/// frames of unknown types: spdystream, which kubectl is built on, neither keeps to windows nor opens them, so that
/// keeping to them here would stop every transfer after 64 KiB.
class SpdyFrameReader {
 public:
  /// All but DATA. kubectl sends less than 100 bytes.
  static constexpr std::size_t control_frame_bytes_max = 16 * 1024;

  void append(std::string_view bytes);
  /// Empty when more bytes are needed. Errors, after which the connection must end: `invalid_argument` for a malformed
  /// frame, `unsupported` for another version of SPDY, `limit_exceeded`.
  Result<std::optional<SpdyFrame>> next();

 private:
  [[nodiscard]] std::string_view unread() const;
  std::optional<SpdyFrame> next_data();
  Result<std::optional<SpdyFrame>> parse_control(std::uint32_t type, std::uint32_t flags, std::string_view payload);

  std::string input_;
  std::size_t used_ = 0;  ///< Bytes of the input that were parsed.
  /// The DATA frame under way.
  std::uint32_t data_stream_ = 0;
  std::size_t data_bytes_left_ = 0;
  bool data_fin_ = false;
  SpdyHeaderDecoder headers_;
};

enum class SpdyRstStatus : std::uint32_t { protocol_error = 1, refused_stream = 3 };
enum class SpdyGoAwayStatus : std::uint32_t { ok = 0, protocol_error = 1 };

[[nodiscard]] std::string spdy_syn_reply(std::uint32_t stream, std::string_view header_block);
/// One frame, or more for what does not fit into one (16 MiB).
[[nodiscard]] std::string spdy_data(std::uint32_t stream, std::string_view bytes, bool fin);
[[nodiscard]] std::string spdy_rst_stream(std::uint32_t stream, SpdyRstStatus status);
[[nodiscard]] std::string spdy_ping(std::uint32_t id);
[[nodiscard]] std::string spdy_go_away(std::uint32_t last_good_stream, SpdyGoAwayStatus status);

}  // namespace troupe::local
