#include "local/pod_runner/spdy_frames.hpp"

#include <algorithm>

#include "local/pod_runner/spdy_wire.hpp"

namespace troupe::local {
namespace {

enum FrameType : std::uint32_t {
  type_syn_stream = 1,
  type_syn_reply = 2,
  type_rst_stream = 3,
  type_settings = 4,
  type_ping = 6,
  type_go_away = 7,
  type_headers = 8,
  type_window_update = 9,
};

constexpr std::uint32_t control_bit = 0x8000'0000;
constexpr std::uint32_t stream_id_mask = 0x7fff'ffff;
constexpr std::uint32_t spdy_version = 3;
constexpr std::uint32_t flag_fin = 1;
constexpr std::size_t head_bytes = 8;
constexpr std::size_t length_max = 0xff'ffff;

std::string control_frame(std::uint32_t type, std::string_view payload) {
  std::string frame;
  append_u32(frame, control_bit | spdy_version << 16 | type);
  append_u32(frame, static_cast<std::uint32_t>(payload.size()));
  return frame.append(payload);
}

std::string control_frame(std::uint32_t type, std::uint32_t first, std::uint32_t second) {
  std::string payload;
  append_u32(payload, first);
  append_u32(payload, second);
  return control_frame(type, payload);
}

Error malformed_frame(const std::string& what) {
  return {ErrorCode::invalid_argument, "a SPDY frame is malformed: " + what};
}

Error wrong_length(const char* frame, std::size_t length) {
  return malformed_frame(std::string(frame) + " with " + std::to_string(length) + " bytes");
}

}  // namespace

std::string_view SpdyFrameReader::unread() const { return std::string_view(input_).substr(used_); }

void SpdyFrameReader::append(std::string_view bytes) {
  input_.erase(0, std::exchange(used_, 0));
  input_ += bytes;
}

std::optional<SpdyFrame> SpdyFrameReader::next_data() {
  std::string piece(unread().substr(0, data_bytes_left_));
  if (piece.empty() && data_bytes_left_ > 0) {
    return std::nullopt;
  }
  used_ += piece.size();
  data_bytes_left_ -= piece.size();
  return SpdyData{data_stream_, data_fin_ && data_bytes_left_ == 0, std::move(piece)};
}

Result<std::optional<SpdyFrame>> SpdyFrameReader::next() {
  if (data_bytes_left_ > 0) {
    return next_data();
  }
  while (unread().size() >= head_bytes) {
    const std::uint32_t first = read_u32(unread());
    const std::uint32_t second = read_u32(unread().substr(4));
    const std::size_t length = second & length_max;
    if ((first & control_bit) == 0) {
      used_ += head_bytes;
      data_stream_ = first;
      data_bytes_left_ = length;
      data_fin_ = (second >> 24 & flag_fin) != 0;
      return next_data();
    }
    if ((first >> 16 & 0x7fff) != spdy_version) {
      return Error{ErrorCode::unsupported,
                   "a frame is of SPDY version " + std::to_string(first >> 16 & 0x7fff) + "; only 3 is spoken here"};
    }
    if (length > control_frame_bytes_max) {
      return Error{ErrorCode::limit_exceeded,
                   "a SPDY control frame is larger than " + std::to_string(control_frame_bytes_max) + " bytes"};
    }
    if (unread().size() < head_bytes + length) {
      break;
    }
    const std::string_view payload = unread().substr(head_bytes, length);
    used_ += head_bytes + length;
    auto frame = parse_control(first & 0xffff, second >> 24, payload);
    if (!frame || *frame) {
      return frame;
    }
  }
  return std::optional<SpdyFrame>();
}

Result<std::optional<SpdyFrame>> SpdyFrameReader::parse_control(std::uint32_t type, std::uint32_t flags,
                                                                std::string_view payload) {
  const auto stream = [&] { return read_u32(payload) & stream_id_mask; };
  switch (type) {
    case type_syn_stream: {
      if (payload.size() < 10) {
        return wrong_length("SYN_STREAM", payload.size());
      }
      auto headers = headers_.decode(payload.substr(10));
      if (!headers) {
        return headers.error();
      }
      return std::optional<SpdyFrame>(SpdySynStream{stream(), (flags & flag_fin) != 0, std::move(*headers)});
    }
    case type_syn_reply:
      return malformed_frame("SYN_REPLY from a client, to which no stream was opened");
    case type_rst_stream:
      return payload.size() == 8 ? Result(std::optional<SpdyFrame>(SpdyRstStream{stream()}))
                                 : wrong_length("RST_STREAM", payload.size());
    case type_settings:
      if (payload.size() < 4 || payload.size() - 4 != std::size_t{8} * read_u32(payload)) {
        return wrong_length("SETTINGS", payload.size());
      }
      break;
    case type_ping:
      return payload.size() == 4 ? Result(std::optional<SpdyFrame>(SpdyPing{read_u32(payload)}))
                                 : wrong_length("PING", payload.size());
    case type_go_away:
      return payload.size() == 8 ? Result(std::optional<SpdyFrame>(SpdyGoAway{}))
                                 : wrong_length("GOAWAY", payload.size());
    case type_headers: {
      if (payload.size() < 4) {
        return wrong_length("HEADERS", payload.size());
      }
      // They mean nothing to exec, but the blocks after them build on them.
      if (auto headers = headers_.decode(payload.substr(4)); !headers) {
        return headers.error();
      }
      break;
    }
    case type_window_update:
      if (payload.size() != 8) {
        return wrong_length("WINDOW_UPDATE", payload.size());
      }
      break;
    default:
      break;
  }
  return std::optional<SpdyFrame>();
}

std::string spdy_syn_reply(std::uint32_t stream, std::string_view header_block) {
  std::string payload;
  append_u32(payload, stream);
  return control_frame(type_syn_reply, payload.append(header_block));
}

std::string spdy_data(std::uint32_t stream, std::string_view bytes, bool fin) {
  std::string frames;
  do {
    const std::string_view piece = bytes.substr(0, length_max);
    bytes.remove_prefix(piece.size());
    append_u32(frames, stream);
    append_u32(frames, static_cast<std::uint32_t>(piece.size()) | (fin && bytes.empty() ? flag_fin << 24 : 0));
    frames += piece;
  } while (!bytes.empty());
  return frames;
}

std::string spdy_rst_stream(std::uint32_t stream, SpdyRstStatus status) {
  return control_frame(type_rst_stream, stream, static_cast<std::uint32_t>(status));
}

std::string spdy_ping(std::uint32_t id) {
  std::string payload;
  append_u32(payload, id);
  return control_frame(type_ping, payload);
}

std::string spdy_go_away(std::uint32_t last_good_stream, SpdyGoAwayStatus status) {
  return control_frame(type_go_away, last_good_stream, static_cast<std::uint32_t>(status));
}

}  // namespace troupe::local
