#include "worker/node/module_file.hpp"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>

namespace troupe::node {

Result<std::string> sha256_of_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return Error{ErrorCode::not_found, "cannot read " + file.string()};
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  std::array<char, 64 * 1024> buffer{};
  while (in.read(buffer.data(), buffer.size()), in.gcount() > 0) {
    EVP_DigestUpdate(digest.get(), buffer.data(), static_cast<std::size_t>(in.gcount()));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  EVP_DigestFinal_ex(digest.get(), bytes.data(), &size);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[bytes[i] >> 4];
    hex += "0123456789abcdef"[bytes[i] & 15];
  }
  return hex;
}

Result<std::filesystem::path> find_module_file(const ModuleReference& module, const std::string& image_root) {
  std::filesystem::path file = module.path;
  std::error_code ignored;
  if (!image_root.empty()) {
    const std::filesystem::path below = std::filesystem::path(image_root) / file.relative_path();
    if (std::filesystem::exists(below, ignored)) {
      file = below;
    }
  }
  if (!std::filesystem::is_regular_file(file, ignored)) {
    return Error{ErrorCode::not_found,
                 "spec.module.source.path: there is no file " + module.path + " in the worker's image"};
  }
  if (!module.sha256.empty()) {
    auto digest = sha256_of_file(file);
    if (!digest) {
      return digest.error();
    }
    if (*digest != module.sha256) {
      return Error{ErrorCode::invalid_argument, "spec.module.sha256: " + module.path + " has " + *digest +
                                                    ", the resource asks for " + module.sha256};
    }
  }
  return file;
}

}  // namespace troupe::node
