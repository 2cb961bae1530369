// A folder with tls.crt, tls.key and ca.crt: a mounted Secret in cert-manager's layout, which the kubelet replaces as a
// whole when the Secret changes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "platform/tls_credentials.hpp"

namespace troupe::platform {

/// Not thread-safe.
class TlsFolder {
 public:
  /// Errors: those of read_file and of TlsCredentials::make, naming the file.
  static Result<std::unique_ptr<TlsFolder>> open(std::filesystem::path folder);

  /// What the folder holds now. When that cannot be used it says so in the log, and what was read before stays.
  [[nodiscard]] std::shared_ptr<const TlsCredentials> current();

 private:
  explicit TlsFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<void> read_if_changed();

  const std::filesystem::path folder_;
  TlsIdentity seen_;
  std::shared_ptr<const TlsCredentials> credentials_;
};

}  // namespace troupe::platform
