// The local default as a user has it (API server with node, and operator), started from the programs beside this one
// and gone with the object.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.hpp"
#include "kube/client.hpp"
#include "platform/os_process.hpp"

namespace troupe::benchmark {

class LocalCluster {
 public:
  /// `bin` holds troupe-local and troupe-operator, `image` the folder of the worker's image (named
  /// troupe-worker:bench).
  static Result<std::unique_ptr<LocalCluster>> start(const std::filesystem::path& bin,
                                                     const std::filesystem::path& image);
  ~LocalCluster();
  LocalCluster(const LocalCluster&) = delete;
  LocalCluster& operator=(const LocalCluster&) = delete;

  [[nodiscard]] kube::Client& client() { return *client_; }

 private:
  LocalCluster() = default;

  std::filesystem::path dir_;
  std::shared_ptr<kube::Client> client_;
  std::unique_ptr<platform::OsProcess> api_;
  std::unique_ptr<platform::OsProcess> operator_;
};

}  // namespace troupe::benchmark
