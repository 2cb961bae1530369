// The local API server: store, API and HTTPS listener together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/event_loop.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "local/api/credentials.hpp"

namespace troupe::local {

class ApiServer {
 public:
  struct Options {
    std::uint16_t port = 0;  ///< On 127.0.0.1; 0 takes a free one.
    /// Where objects, CA and tokens outlive a restart; empty keeps them in memory alone.
    std::filesystem::path data_dir;
  };

  /// Serves until it is destroyed. `loop` runs timers of watches and must outlive it; `random` must be fit for secrets.
  /// Errors: `already_exists` (port taken), `permission_denied`, `invalid_argument` (a data folder that cannot be
  /// read).
  static Result<std::unique_ptr<ApiServer>> start(Options options, EventLoop& loop, Random& random);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  /// "https://127.0.0.1:PORT".
  [[nodiscard]] std::string url() const;
  /// The administrator's kubeconfig.
  [[nodiscard]] std::string kubeconfig() const;
  /// For the pod runner, which serves kubelet endpoints to clients that this CA signed.
  [[nodiscard]] const Credentials& credentials() const;

 private:
  struct Parts;
  explicit ApiServer(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

}  // namespace troupe::local
