// A blocking client that sends exactly the bytes a test wants, plain or TLS; every wait has a deadline.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/network.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace troupe::platform {

class RawClient {
 public:
  struct Tls {
    std::string ca_pem;
    std::string certificate_pem;  ///< Empty: shows none.
    std::string private_key_pem;
  };
  struct Response {
    int status = 0;
    std::string head;
    std::string body;  ///< De-chunked.
    [[nodiscard]] bool has(std::string_view header_line) const;
  };

  /// `connected()` tells whether connecting and the TLS handshake went well. `receive_buffer_bytes` makes a slow
  /// reader.
  explicit RawClient(const Endpoint& to, int receive_buffer_bytes = 0);
  RawClient(const Endpoint& to, const Tls& tls);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  /// False when the server closed before taking everything.
  bool send(std::string_view bytes);
  /// Reads until `text` has come (and returns everything up to its end), or the end, or the deadline.
  std::string read_until(std::string_view text);
  std::string read_exactly(std::size_t count);
  std::string read_to_end();
  /// One response; `head_only` for answers to HEAD.
  Response read_response(bool head_only = false);
  /// Whether the server ends the connection within the deadline.
  bool ends();
  void end_output();

 private:
  void connect(const Endpoint& to, int receive_buffer_bytes);
  /// False at the end of the stream or the deadline.
  bool fill();

  int fd_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  std::string input_;
  ssl_ctx_st* context_ = nullptr;
  ssl_st* session_ = nullptr;
};

}  // namespace troupe::platform
