#include "local/api/credentials.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "platform/file.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

constexpr std::chrono::hours certificate_validity{24 * 365 * 10};
constexpr std::string_view ca_file = "ca.crt";
constexpr std::string_view ca_key_file = "ca.key";
constexpr std::string_view token_file = "admin.token";
constexpr std::string_view signing_key_file = "service-account.key";

std::string random_text(Random& random) {
  std::array<std::byte, 32> bytes{};
  random.fill(bytes);
  return base64_url_encoded(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string signature(const std::string& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &length);
  return base64_url_encoded(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

// In constant time, so that a guess learns nothing from how long the answer takes.
bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::int64_t unix_seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

Result<Credentials> Credentials::make(Random& random) {
  Result<platform::CertificateAndKey> ca = platform::make_ca("troupe-local", certificate_validity);
  if (!ca.ok()) {
    return ca.error();
  }
  Credentials made;
  made.ca_ = std::move(*ca);
  made.admin_token_ = random_text(random);
  made.signing_key_ = random_text(random);
  return made;
}

Result<Credentials> Credentials::load_or_make(const std::filesystem::path& dir, Random& random) {
  const std::array files{ca_file, ca_key_file, token_file, signing_key_file};
  std::array<std::string, 4> content;
  bool complete = true;
  for (std::size_t i = 0; i < files.size(); ++i) {
    Result<std::string> read = platform::read_file(dir / files[i]);
    if (!read.ok() && read.error().code != ErrorCode::not_found) {
      return read.error();
    }
    complete = complete && read.ok();
    content[i] = read.ok() ? std::move(*read) : std::string();
  }
  if (complete) {
    Credentials loaded;
    loaded.ca_ = {content[0], content[1]};
    loaded.admin_token_ = content[2];
    loaded.signing_key_ = content[3];
    return loaded;
  }
  Result<Credentials> made = make(random);
  if (!made.ok()) {
    return made;
  }
  content = {made->ca_.certificate_pem, made->ca_.private_key_pem, made->admin_token_, made->signing_key_};
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (Result<void> written = platform::atomic_write_file(dir / files[i], content[i], 0600); !written.ok()) {
      return written.error();
    }
  }
  return made;
}

Result<platform::CertificateAndKey> Credentials::server_certificate() const {
  return platform::issue_certificate(ca_, "troupe-local",
                                     {"127.0.0.1", "localhost", "kubernetes", "kubernetes.default.svc"},
                                     certificate_validity, platform::CertificateUse::server);
}

Result<platform::CertificateAndKey> Credentials::kubelet_client_certificate() const {
  return platform::issue_certificate(ca_, "kube-apiserver-kubelet-client", {}, certificate_validity,
                                     platform::CertificateUse::client);
}

std::string Credentials::service_account_token(std::string_view namespace_name, std::string_view name,
                                               std::string_view uid, WallTime now, WallTime expiry) const {
  const std::string subject = "system:serviceaccount:" + std::string(namespace_name) + ":" + std::string(name);
  const json header{{"alg", "HS256"}, {"typ", "JWT"}};
  const json claims{
      {"iss", "https://kubernetes.default.svc"},
      {"sub", subject},
      {"iat", unix_seconds(now)},
      {"exp", unix_seconds(expiry)},
      {"kubernetes.io", {{"namespace", namespace_name}, {"serviceaccount", {{"name", name}, {"uid", uid}}}}}};
  const std::string text = base64_url_encoded(header.dump()) + "." + base64_url_encoded(claims.dump());
  return text + "." + signature(signing_key_, text);
}

std::optional<Credentials::User> Credentials::user_of(std::string_view token, WallTime now) const {
  if (same(token, admin_token_)) {
    return User{"kubernetes-admin", "", "", ""};
  }
  const std::size_t dot = token.rfind('.');
  const std::size_t first = token.find('.');
  if (dot == std::string_view::npos || first == dot ||
      !same(token.substr(dot + 1), signature(signing_key_, token.substr(0, dot)))) {
    return std::nullopt;
  }
  const json claims =
      json::parse(base64_url_decoded(token.substr(first + 1, dot - first - 1)).value_or(""), nullptr, false);
  if (!claims.is_object() || claims.value("exp", std::int64_t{0}) <= unix_seconds(now)) {
    return std::nullopt;
  }
  const json account = claims["kubernetes.io"]["serviceaccount"];
  return User{claims.value("sub", std::string()), claims["kubernetes.io"].value("namespace", std::string()),
              account.value("name", std::string()), account.value("uid", std::string())};
}

std::string Credentials::kubeconfig(const std::string& server_url) const {
  return "apiVersion: v1\n"
         "kind: Config\n"
         "clusters:\n"
         "- name: troupe-local\n"
         "  cluster:\n"
         "    server: " +
         server_url +
         "\n"
         "    certificate-authority-data: " +
         base64_encoded(ca_.certificate_pem) +
         "\n"
         "users:\n"
         "- name: troupe-local\n"
         "  user:\n"
         "    token: " +
         admin_token_ +
         "\n"
         "contexts:\n"
         "- name: troupe-local\n"
         "  context:\n"
         "    cluster: troupe-local\n"
         "    user: troupe-local\n"
         "    namespace: default\n"
         "current-context: troupe-local\n";
}

}  // namespace troupe::local
