#include "kube/token_source.hpp"

#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>

namespace troupe::kube {
namespace {

class FixedToken final : public TokenSource {
 public:
  explicit FixedToken(std::string token) : token_(std::move(token)) {}
  Result<std::string> token() override { return token_; }
  void invalidate() override {}

 private:
  const std::string token_;
};

std::optional<std::string> read_trimmed(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return std::nullopt;
  }
  std::string text(std::istreambuf_iterator<char>(in), {});
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) {
    return std::nullopt;
  }
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

class FileToken final : public TokenSource {
 public:
  FileToken(std::string file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}

  Result<std::string> token() override {
    const std::lock_guard lock(mutex_);
    const Instant now = clock_.now();
    if (!token_.empty() && !invalid_ && now - read_at_ < token_file_period) {
      return token_;
    }
    if (auto text = read_trimmed(file_); text.has_value()) {
      token_ = std::move(*text);
      read_at_ = now;
      invalid_ = false;
    } else if (token_.empty()) {
      return Error{ErrorCode::not_found, "token file " + file_ + ": missing, unreadable or empty"};
    }
    return token_;
  }

  void invalidate() override {
    const std::lock_guard lock(mutex_);
    invalid_ = true;
  }

 private:
  const std::string file_;
  const Clock& clock_;
  std::mutex mutex_;
  std::string token_;
  Instant read_at_;
  bool invalid_ = false;
};

}  // namespace

std::shared_ptr<TokenSource> fixed_token(std::string token) { return std::make_shared<FixedToken>(std::move(token)); }

std::shared_ptr<TokenSource> file_token(std::string file, const Clock& clock) {
  return std::make_shared<FileToken>(std::move(file), clock);
}

}  // namespace troupe::kube
