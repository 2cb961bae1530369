// The pod runner: a node without containers. An ordinary API client that binds pods to itself, runs their containers as
// OS processes with a loopback address each, and writes their status as a kubelet does.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "kube/client.hpp"

namespace troupe::local {

class PodRunner {
 public:
  struct Options {
    std::string node_name = "local";
    std::string pod_cidr = "127.77.0.0/16";  ///< Within 127.0.0.0/8; two runners on one machine need two ranges.
    std::map<std::string, std::filesystem::path> images;  ///< --image NAME=PATH.
    std::filesystem::path state_dir;                      ///< Logs and tokens of pods; removed at the end.
    /// CA (PEM) of the certificates that API servers show for logs and exec. "": nobody may ask for them.
    std::string client_ca_pem;
  };

  /// Registers the node and starts. Errors: `invalid_argument` (options), `unavailable` (API server).
  static Result<std::unique_ptr<PodRunner>> start(std::shared_ptr<kube::Client> client, Options options,
                                                  const Clock& clock, Random& random);
  /// Kills all containers; API objects stay.
  virtual ~PodRunner() = default;
};

/// "NAME=PATH" of --image. Errors: `invalid_argument`, `not_found` when PATH is no folder.
Result<std::pair<std::string, std::filesystem::path>> parse_image(const std::string& text);

}  // namespace troupe::local
