#include "worker/distribution/cookie_digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <string>

#include "base/check.hpp"

namespace troupe::distribution {

CookieDigest cookie_digest(std::string_view cookie, std::uint32_t challenge) {
  const std::string proven = std::string(cookie) + std::to_string(challenge);
  CookieDigest digest{};
  unsigned size = 0;
  const int done = EVP_Digest(proven.data(), proven.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                              EVP_md5(), nullptr);
  check(done == 1 && size == digest.size(), "OpenSSL computes no MD5: is this a FIPS build?");
  return digest;
}

bool same_digest(const CookieDigest& wanted, ByteView got) {
  return got.size() == wanted.size() && CRYPTO_memcmp(wanted.data(), got.data(), wanted.size()) == 0;
}

}  // namespace troupe::distribution
