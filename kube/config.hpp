// Where the API server is and who we are there: from a kubeconfig file or from inside a pod.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace troupe::kube {

/// A bearer token that may change while the program runs. Thread-safe.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  /// "" when no token is to be sent. Re-reads its file each minute, or runs its exec plugin again before expiry.
  virtual Result<std::string> token() = 0;
  /// The server answered 401: the next `token()` must not come from a cache.
  virtual void invalidate() = 0;
};

struct Config {
  std::string server;  ///< "https://host:port" with optional path, no trailing slash.
  std::string namespace_name = "default";
  std::string ca_pem;           ///< Trust anchors; "" = the system's.
  std::string ca_file;          ///< When set, re-read as it rotates (in-cluster); wins over ca_pem.
  std::string tls_server_name;  ///< Overrides the name that is checked.
  bool insecure_skip_tls_verify = false;
  std::string client_certificate_pem;
  std::string client_key_pem;
  std::string proxy_url;
  std::shared_ptr<TokenSource> token;  ///< Null: none.
};

/// Parses kubeconfig text. `context` "" takes current-context. Relative file names are relative to `base_dir`.
/// Errors: `invalid_argument` naming the missing or malformed field; `not_found` for files it names.
Result<Config> parse_kubeconfig(std::string_view text, const std::string& base_dir, const std::string& context = "");
Result<Config> load_kubeconfig(const std::string& file, const std::string& context = "");
/// From KUBERNETES_SERVICE_HOST/PORT and the ServiceAccount folder (pod_contract::service_account_dir_env overrides
/// it).
Result<Config> in_cluster_config();
/// `file` when given, else $KUBECONFIG (its first existing file), else in-cluster, else ~/.kube/config.
Result<Config> find_config(const std::string& file);

}  // namespace troupe::kube
