#include "platform/tls_folder.hpp"

#include <utility>

#include "base/log.hpp"
#include "platform/file.hpp"

namespace troupe::platform {
namespace {

constexpr std::size_t pem_bytes_max = 1024 * 1024;  // What a Secret can hold.

Result<TlsIdentity> read_identity(const std::filesystem::path& folder) {
  TlsIdentity identity;
  for (const auto& [name, text] : {std::pair{"tls.crt", &identity.certificate_pem},
                                   {"tls.key", &identity.private_key_pem},
                                   {"ca.crt", &identity.ca_pem}}) {
    auto content = read_file(folder / name, pem_bytes_max);
    if (!content) {
      return content.error();
    }
    *text = std::move(*content);
  }
  return identity;
}

}  // namespace

Result<std::unique_ptr<TlsFolder>> TlsFolder::open(std::filesystem::path folder) {
  std::unique_ptr<TlsFolder> opened(new TlsFolder(std::move(folder)));
  if (auto read = opened->read_if_changed(); !read) {
    return read.error();
  }
  return opened;
}

std::shared_ptr<const TlsCredentials> TlsFolder::current() {
  if (auto read = read_if_changed(); !read) {
    log_warning("the certificates in the folder cannot be used; those read before stay",
                {{"folder", folder_.string()}, {"reason", read.error().message}});
  }
  return credentials_;
}

Result<void> TlsFolder::read_if_changed() {
  auto identity = read_identity(folder_);
  if (!identity) {
    return identity.error();
  }
  if (*identity == seen_) {
    return {};
  }
  seen_ = std::move(*identity);
  auto made = TlsCredentials::make(seen_);
  if (!made) {
    return made.error().in(folder_.string());
  }
  credentials_ = std::move(*made);
  return {};
}

}  // namespace troupe::platform
