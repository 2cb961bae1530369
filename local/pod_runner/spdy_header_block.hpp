// The name/value header block of SPDY/3.1 frames: compressed with zlib, one stream of it per direction and connection,
// started from the dictionary of the SPDY protocol (draft 3.1, 2.6.10 and 2.6.10.1).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

struct z_stream_s;

namespace troupe::local {

using SpdyHeaders = std::vector<std::pair<std::string, std::string>>;  ///< Names are lower case.

class SpdyHeaderDecoder {
 public:
  /// After inflation. kubectl sends less than 100 bytes.
  static constexpr std::size_t block_bytes_max = 16 * 1024;

  SpdyHeaderDecoder();
  /// Blocks must come in the order they were sent in. Errors: `invalid_argument`, `limit_exceeded`; the connection can
  /// then not go on.
  Result<SpdyHeaders> decode(std::string_view compressed);

 private:
  std::unique_ptr<z_stream_s, void (*)(z_stream_s*)> stream_;
};

class SpdyHeaderEncoder {
 public:
  SpdyHeaderEncoder();
  [[nodiscard]] std::string encode(const SpdyHeaders& headers);

 private:
  std::unique_ptr<z_stream_s, void (*)(z_stream_s*)> stream_;
};

}  // namespace troupe::local
