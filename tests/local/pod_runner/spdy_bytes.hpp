// Bytes of SPDY/3.1 connections for tests.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "local/pod_runner/spdy_header_block.hpp"
#include "local/pod_runner/spdy_wire.hpp"

namespace troupe::local {

inline std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return bytes;
}

// What kubectl 1.20.2 sent in one `printf abc | kubectl exec -i p -- cat`.
namespace kubectl {
inline const std::string opens_error =
    from_hex("80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff");
inline const std::string opens_stdin = from_hex("800300010000001700000003000000000000c22e555c92929907000000ffff");
inline const std::string opens_stdout = from_hex("800300010000001900000005000000000000c22ac5565c92925f5a02000000ffff");
inline const std::string opens_stderr = from_hex("800300010000001500000007000000000000c229975a5404000000ffff");
inline const std::string sends_abc = from_hex("0000000300000003616263");
inline const std::string ends_stdin = from_hex("0000000301000000");
inline const std::string leaves = from_hex(
    "80030003000000080000000100000005"
    "80030003000000080000000500000005"
    "80030003000000080000000700000005"
    "80030007000000080000000000000000");
}  // namespace kubectl

inline std::string control(std::uint32_t type, std::string_view payload, std::uint32_t flags = 0) {
  std::string frame;
  append_u32(frame, 0x80030000U | type);
  append_u32(frame, flags << 24 | static_cast<std::uint32_t>(payload.size()));
  return frame.append(payload);
}

/// SYN_STREAM; the encoder must be that of the whole connection.
inline std::string opens(SpdyHeaderEncoder& encoder, std::uint32_t stream, const std::string& type,
                         std::uint32_t flags = 0) {
  std::string payload;
  append_u32(payload, stream);
  payload += std::string(6, '\0');
  return control(1, payload + encoder.encode({{"streamtype", type}}), flags);
}

/// Joins frames. Unlike the operands of +, the elements of a list are made in order, as one encoder needs.
inline std::string in_order(std::initializer_list<std::string> frames) {
  std::string joined;
  for (const std::string& frame : frames) {
    joined += frame;
  }
  return joined;
}

}  // namespace troupe::local
