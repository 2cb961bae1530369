// Bearer tokens: fixed, from a file that is rotated, or from a program (client.authentication.k8s.io).
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "kube/config.hpp"

namespace troupe::kube {

/// Read again once it is older than this, as client-go does.
inline constexpr std::chrono::seconds token_file_period{60};
/// A token is renewed this long before it expires, so that it does not expire on the way.
inline constexpr std::chrono::seconds token_leeway{10};

std::shared_ptr<TokenSource> fixed_token(std::string token);

/// The file's text, trimmed. A file that has become unreadable or empty leaves the last token in use: a kubelet swaps
/// the file by renaming, and a stale token only costs a 401. Errors: `not_found` while none was ever read.
std::shared_ptr<TokenSource> file_token(std::string file, const Clock& clock);

/// A kubeconfig's `exec` section.
struct ExecPlugin {
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;  ///< Added to this program's environment.
  std::string api_version;                 ///< "client.authentication.k8s.io/v1" or "/v1beta1".
  std::string working_dir;                 ///< Folder of the kubeconfig: where a relative argv[0] with a slash starts.
  std::string install_hint;                ///< For the error when the program is missing.
  /// With provideClusterInfo: the document that goes into KUBERNETES_EXEC_INFO as spec.cluster, as JSON; else "".
  std::string cluster_info_json;
  std::chrono::milliseconds timeout{60'000};
};

/// Runs the program when a token is first asked for, before it expires, and after `invalidate`.
/// Errors: `not_found` (program missing), `unavailable` (it failed; with its standard error), `timeout`,
/// `invalid_argument` (its output is no ExecCredential), `unsupported` (it gives a client certificate alone).
std::shared_ptr<TokenSource> exec_token(ExecPlugin plugin, const Clock& clock);

}  // namespace troupe::kube
