#include "tests/platform/raw_client.hpp"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace troupe::platform {
namespace {

constexpr int wait_max_ms = 20'000;

using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

Memory reading(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

void use(SSL_CTX* context, const RawClient::Tls& tls) {
  X509* ca = PEM_read_bio_X509(reading(tls.ca_pem).get(), nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca);
  X509_free(ca);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!tls.certificate_pem.empty()) {
    X509* leaf = PEM_read_bio_X509(reading(tls.certificate_pem).get(), nullptr, nullptr, nullptr);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(reading(tls.private_key_pem).get(), nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context, leaf);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(leaf);
    EVP_PKEY_free(key);
  }
}

}  // namespace

bool RawClient::Response::has(std::string_view header_line) const {
  return head.find("\r\n" + std::string(header_line) + "\r\n") != std::string::npos;
}

RawClient::RawClient(const Endpoint& to, int receive_buffer_bytes) { connect(to, receive_buffer_bytes); }

RawClient::RawClient(const Endpoint& to, const Tls& tls) {
  connect(to, 0);
  context_ = SSL_CTX_new(TLS_client_method());
  use(context_, tls);
  session_ = SSL_new(context_);
  SSL_set_fd(session_, fd_);
  connected_ = connected_ && SSL_connect(session_) == 1;
}

RawClient::~RawClient() {
  SSL_free(session_);
  SSL_CTX_free(context_);
  ::close(fd_);
}

void RawClient::connect(const Endpoint& to, int receive_buffer_bytes) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer_bytes > 0) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  const timeval limit{wait_max_ms / 1000, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(to.port);
  ::inet_pton(AF_INET, to.host.c_str(), &at.sin_addr);
  connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = session_ != nullptr ? SSL_write(session_, bytes.data(), static_cast<int>(bytes.size()))
                                          : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::fill() {
  std::array<char, 64 * 1024> buffer{};
  const auto got = session_ != nullptr ? SSL_read(session_, buffer.data(), static_cast<int>(buffer.size()))
                                       : ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got <= 0) {
    ended_ = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    return false;
  }
  input_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::string RawClient::read_until(std::string_view text) {
  std::size_t found = input_.find(text);
  while (found == std::string::npos && fill()) {
    found = input_.find(text);
  }
  return read_exactly(found == std::string::npos ? input_.size() : found + text.size());
}

std::string RawClient::read_exactly(std::size_t count) {
  while (input_.size() < count && fill()) {
  }
  std::string taken = input_.substr(0, count);
  input_.erase(0, count);
  return taken;
}

std::string RawClient::read_to_end() {
  while (fill()) {
  }
  return std::move(input_);
}

RawClient::Response RawClient::read_response(bool head_only) {
  Response response;
  response.head = read_until("\r\n\r\n");
  if (response.head.size() > 12) {
    response.status = std::atoi(response.head.c_str() + 9);
  }
  if (head_only) {
    return response;
  }
  if (response.has("Transfer-Encoding: chunked")) {
    for (;;) {
      const std::size_t size = std::strtoul(read_until("\r\n").c_str(), nullptr, 16);
      response.body += read_exactly(size);
      if (read_exactly(2) != "\r\n" || size == 0) {
        return response;
      }
    }
  }
  constexpr std::string_view length = "Content-Length: ";
  const std::size_t at = response.head.find(length);
  if (at != std::string::npos) {
    response.body = read_exactly(std::strtoul(response.head.c_str() + at + length.size(), nullptr, 10));
  }
  return response;
}

bool RawClient::ends() {
  while (fill()) {
  }
  return ended_;
}

void RawClient::end_output() { ::shutdown(fd_, SHUT_WR); }

}  // namespace troupe::platform
