#include "local/pod_runner/spdy_header_block.hpp"

#include <zlib.h>

#include <optional>

#include "base/check.hpp"
#include "local/pod_runner/spdy_wire.hpp"

namespace troupe::local {
namespace {

/// Names and values of HTTP's early days; the protocol puts the length of each in front of it.
constexpr std::string_view dictionary_words[] = {"options",
                                                 "head",
                                                 "post",
                                                 "put",
                                                 "delete",
                                                 "trace",
                                                 "accept",
                                                 "accept-charset",
                                                 "accept-encoding",
                                                 "accept-language",
                                                 "accept-ranges",
                                                 "age",
                                                 "allow",
                                                 "authorization",
                                                 "cache-control",
                                                 "connection",
                                                 "content-base",
                                                 "content-encoding",
                                                 "content-language",
                                                 "content-length",
                                                 "content-location",
                                                 "content-md5",
                                                 "content-range",
                                                 "content-type",
                                                 "date",
                                                 "etag",
                                                 "expect",
                                                 "expires",
                                                 "from",
                                                 "host",
                                                 "if-match",
                                                 "if-modified-since",
                                                 "if-none-match",
                                                 "if-range",
                                                 "if-unmodified-since",
                                                 "last-modified",
                                                 "location",
                                                 "max-forwards",
                                                 "pragma",
                                                 "proxy-authenticate",
                                                 "proxy-authorization",
                                                 "range",
                                                 "referer",
                                                 "retry-after",
                                                 "server",
                                                 "te",
                                                 "trailer",
                                                 "transfer-encoding",
                                                 "upgrade",
                                                 "user-agent",
                                                 "vary",
                                                 "via",
                                                 "warning",
                                                 "www-authenticate",
                                                 "method",
                                                 "get",
                                                 "status",
                                                 "200 OK",
                                                 "version",
                                                 "HTTP/1.1",
                                                 "url",
                                                 "public",
                                                 "set-cookie",
                                                 "keep-alive",
                                                 "origin"};
constexpr std::string_view dictionary_rest =
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative "
    "Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 "
    "Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec "
    "00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    "application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset="
    "iso-8859-1,utf-,*,enq=0.";

const std::string& dictionary() {
  static const std::string built = [] {
    std::string text;
    for (const std::string_view word : dictionary_words) {
      append_u32(text, static_cast<std::uint32_t>(word.size()));
      text += word;
    }
    return text.append(dictionary_rest);
  }();
  return built;
}

const Bytef* as_bytes(std::string_view text) { return reinterpret_cast<const Bytef*>(text.data()); }

void set_input(z_stream& stream, std::string_view text) {
  stream.next_in = const_cast<Bytef*>(as_bytes(text));  // zlib only reads it.
  stream.avail_in = static_cast<uInt>(text.size());
}

void set_output(z_stream& stream, std::string& into) {
  stream.next_out = reinterpret_cast<Bytef*>(into.data());
  stream.avail_out = static_cast<uInt>(into.size());
}

Error malformed_block(const std::string& what) {
  return {ErrorCode::invalid_argument, "a SPDY header block is malformed: " + what};
}

/// Takes a text and the length in front of it off `block`.
std::optional<std::string> take_text(std::string_view& block) {
  if (block.size() < 4 || block.size() - 4 < read_u32(block)) {
    return std::nullopt;
  }
  std::string text(block.substr(4, read_u32(block)));
  block.remove_prefix(4 + text.size());
  return text;
}

Result<SpdyHeaders> parse_block(std::string_view block) {
  if (block.size() < 4) {
    return malformed_block("it holds no count of headers");
  }
  SpdyHeaders headers;
  const std::uint32_t count = read_u32(block);
  block.remove_prefix(4);
  for (std::uint32_t i = 0; i < count; ++i) {
    auto name = take_text(block);
    auto value = name ? take_text(block) : std::nullopt;
    if (!value) {
      return malformed_block("it ends within header " + std::to_string(i + 1) + " of " + std::to_string(count));
    }
    headers.emplace_back(std::move(*name), std::move(*value));
  }
  if (!block.empty()) {
    return malformed_block(std::to_string(block.size()) + " bytes follow its last header");
  }
  return headers;
}

}  // namespace

SpdyHeaderDecoder::SpdyHeaderDecoder()
    : stream_(new z_stream{}, [](z_stream* stream) {
        inflateEnd(stream);
        delete stream;
      }) {
  check(inflateInit(stream_.get()) == Z_OK, "zlib cannot be started");
}

Result<SpdyHeaders> SpdyHeaderDecoder::decode(std::string_view compressed) {
  std::string block(block_bytes_max + 1, '\0');
  set_input(*stream_, compressed);
  set_output(*stream_, block);
  int status = inflate(stream_.get(), Z_SYNC_FLUSH);
  if (status == Z_NEED_DICT) {
    const std::string& words = dictionary();
    if (inflateSetDictionary(stream_.get(), as_bytes(words), static_cast<uInt>(words.size())) != Z_OK) {
      return malformed_block("it was compressed with another dictionary than that of SPDY/3");
    }
    status = inflate(stream_.get(), Z_SYNC_FLUSH);
  }
  if (stream_->avail_out == 0) {
    return Error{ErrorCode::limit_exceeded,
                 "a SPDY header block is larger than " + std::to_string(block_bytes_max) + " bytes"};
  }
  // Z_BUF_ERROR: there was nothing to do, as for no input at all.
  if ((status != Z_OK && status != Z_BUF_ERROR) || stream_->avail_in != 0) {
    return malformed_block("it is no zlib stream that goes on");
  }
  block.resize(block.size() - stream_->avail_out);
  return parse_block(block);
}

SpdyHeaderEncoder::SpdyHeaderEncoder()
    : stream_(new z_stream{}, [](z_stream* stream) {
        deflateEnd(stream);
        delete stream;
      }) {
  const std::string& words = dictionary();
  check(deflateInit(stream_.get(), Z_BEST_COMPRESSION) == Z_OK &&
            deflateSetDictionary(stream_.get(), as_bytes(words), static_cast<uInt>(words.size())) == Z_OK,
        "zlib cannot be started");
}

std::string SpdyHeaderEncoder::encode(const SpdyHeaders& headers) {
  std::string block;
  append_u32(block, static_cast<std::uint32_t>(headers.size()));
  for (const auto& [name, value] : headers) {
    for (const std::string& text : {name, value}) {
      append_u32(block, static_cast<std::uint32_t>(text.size()));
      block += text;
    }
  }
  // What a flush adds to the bound is less than 32 bytes.
  std::string compressed(deflateBound(stream_.get(), block.size()) + 32, '\0');
  set_input(*stream_, block);
  set_output(*stream_, compressed);
  check(deflate(stream_.get(), Z_SYNC_FLUSH) == Z_OK && stream_->avail_out > 0, "zlib cannot compress");
  compressed.resize(compressed.size() - stream_->avail_out);
  return compressed;
}

}  // namespace troupe::local
