// Who may talk to the local API server: its CA and certificate, the administrator's token, and tokens of
// ServiceAccounts. There is no RBAC: whoever is known may do everything.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "platform/tls_certificate.hpp"

namespace troupe::local {

class Credentials {
 public:
  /// Makes new ones.
  static Result<Credentials> make(Random& random);
  /// Reads them from `dir`, or makes and writes them there (mode 0600), so that kubeconfigs outlive a restart.
  static Result<Credentials> load_or_make(const std::filesystem::path& dir, Random& random);

  [[nodiscard]] const std::string& ca_pem() const { return ca_.certificate_pem; }
  /// A certificate for 127.0.0.1 and localhost, signed by the CA.
  [[nodiscard]] Result<platform::CertificateAndKey> server_certificate() const;
  /// What the API server shows to kubelets: CN "kube-apiserver-kubelet-client", signed by the CA.
  [[nodiscard]] Result<platform::CertificateAndKey> kubelet_client_certificate() const;

  /// A token for `system:serviceaccount:NAMESPACE:NAME` (a JWT signed with HMAC-SHA256) that expires at `expiry`.
  [[nodiscard]] std::string service_account_token(std::string_view namespace_name, std::string_view name,
                                                  std::string_view uid, WallTime now, WallTime expiry) const;
  /// Whom a bearer token names. Empty when it is unknown or expired; whether a ServiceAccount still exists is for the
  /// caller to see.
  struct User {
    std::string name;  ///< "kubernetes-admin" or "system:serviceaccount:NAMESPACE:NAME"
    std::string account_namespace;
    std::string account_name;  ///< "" for the administrator.
    std::string account_uid;
  };
  [[nodiscard]] std::optional<User> user_of(std::string_view token, WallTime now) const;

  /// A kubeconfig for the administrator.
  [[nodiscard]] std::string kubeconfig(const std::string& server_url) const;

 private:
  platform::CertificateAndKey ca_;
  std::string admin_token_;
  std::string signing_key_;
};

}  // namespace troupe::local
