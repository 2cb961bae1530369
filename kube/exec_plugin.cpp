#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json_text.hpp"
#include "kube/decode.hpp"
#include "kube/timestamp.hpp"
#include "kube/token_source.hpp"
#include "platform/os_process.hpp"

extern char** environ;

namespace troupe::kube {
namespace {

using Json = nlohmann::json;

constexpr std::size_t output_bytes_max = 1024 * 1024;
constexpr std::size_t quoted_stderr_bytes_max = 500;

struct Credential {
  std::string token;
  std::optional<WallTime> expires;
};

/// What the running program has said so far. Shared with the threads that read it.
struct Output {
  std::mutex mutex;
  std::condition_variable changed;
  std::string out;
  std::string err;
  bool too_large = false;
  std::optional<platform::OsProcessExit> exit;
};

void append(Output& output, std::string& to, std::string_view text) {
  const std::lock_guard lock(output.mutex);
  if (to.size() + text.size() > output_bytes_max) {
    output.too_large = true;
    return;
  }
  to.append(text);
}

std::string exec_info(const ExecPlugin& plugin) {
  Json info = {{"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", {{"interactive", false}}}};
  if (auto cluster = decode_json(plugin.cluster_info_json); cluster.ok()) {
    info["spec"]["cluster"] = std::move(*cluster);
  }
  return info.dump();
}

std::map<std::string, std::string> plugin_environment(const ExecPlugin& plugin) {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (const auto equals = text.find('='); equals != std::string_view::npos) {
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  for (const auto& [name, value] : plugin.env) {
    out[name] = value;
  }
  out["KUBERNETES_EXEC_INFO"] = exec_info(plugin);
  return out;
}

Result<Credential> parse_credential(const std::string& text, const ExecPlugin& plugin, const std::string& who) {
  const auto document = decode_json(text);
  if (!document.ok()) {
    return document.error().in(who + ": its output");
  }
  if (!document->is_object() || text_in(*document, "kind") != "ExecCredential") {
    return Error{ErrorCode::invalid_argument, who + ": its output is not an ExecCredential"};
  }
  if (text_in(*document, "apiVersion") != plugin.api_version) {
    return Error{ErrorCode::invalid_argument, who + ": it answered with apiVersion '" +
                                                  text_in(*document, "apiVersion") + "' where the kubeconfig says '" +
                                                  plugin.api_version + "'"};
  }
  const auto status = document->find("status");
  if (status == document->end() || !status->is_object()) {
    return Error{ErrorCode::invalid_argument, who + ": its ExecCredential has no status"};
  }
  Credential out;
  out.token = text_in(*status, "token");
  if (out.token.empty()) {
    const bool certificate = !text_in(*status, "clientCertificateData").empty();
    return Error{certificate ? ErrorCode::unsupported : ErrorCode::invalid_argument,
                 who + (certificate ? ": it gives a client certificate, and only tokens are supported"
                                    : ": its ExecCredential has no status.token")};
  }
  if (const std::string expires = text_in(*status, "expirationTimestamp"); !expires.empty()) {
    out.expires = parse_time(expires);
    if (!out.expires.has_value()) {
      return Error{ErrorCode::invalid_argument,
                   who + ": status.expirationTimestamp '" + expires + "' is no RFC 3339 time"};
    }
  }
  return out;
}

Result<Credential> run_plugin(const ExecPlugin& plugin) {
  const std::string who = "exec plugin " + plugin.argv.front();
  const auto output = std::make_shared<Output>();
  platform::OsProcessSpec spec;
  spec.argv = plugin.argv;
  spec.env = plugin_environment(plugin);
  spec.working_dir = plugin.working_dir;
  spec.on_stdout = [output](std::string_view text) { append(*output, output->out, text); };
  spec.on_stderr = [output](std::string_view text) { append(*output, output->err, text); };
  auto process = platform::OsProcess::start(std::move(spec), [output](platform::OsProcessExit exit) {
    const std::lock_guard lock(output->mutex);
    output->exit = exit;
    output->changed.notify_all();
  });
  if (!process.ok()) {
    Error error = process.error().in(who);
    if (error.code == ErrorCode::not_found && !plugin.install_hint.empty()) {
      error.message += "; " + plugin.install_hint;
    }
    return error;
  }
  std::unique_lock lock(output->mutex);
  if (!output->changed.wait_for(lock, plugin.timeout, [&] { return output->exit.has_value(); })) {
    return Error{ErrorCode::timeout, who + ": did not end within " + std::to_string(plugin.timeout.count()) + " ms"};
  }
  if (output->too_large) {
    return Error{ErrorCode::limit_exceeded,
                 who + ": it wrote more than " + std::to_string(output_bytes_max) + " bytes"};
  }
  if (output->exit->code != 0 || output->exit->signal != 0) {
    const std::string how = output->exit->signal != 0 ? "signal " + std::to_string(output->exit->signal)
                                                      : "exit code " + std::to_string(output->exit->code);
    return Error{ErrorCode::unavailable, who + ": " + how + ": " + output->err.substr(0, quoted_stderr_bytes_max)};
  }
  return parse_credential(output->out, plugin, who);
}

class ExecToken final : public TokenSource {
 public:
  ExecToken(ExecPlugin plugin, const Clock& clock) : plugin_(std::move(plugin)), clock_(clock) {}

  Result<std::string> token() override {
    // Held while the program runs: others that need a token wait for this one instead of running it again.
    const std::lock_guard lock(mutex_);
    const bool good = credential_.has_value() &&
                      (!credential_->expires.has_value() || clock_.wall_now() + token_leeway < *credential_->expires);
    if (!good) {
      auto fresh = run_plugin(plugin_);
      if (!fresh.ok()) {
        return fresh.error();
      }
      credential_ = std::move(fresh).value();
    }
    return credential_->token;
  }

  void invalidate() override {
    const std::lock_guard lock(mutex_);
    credential_.reset();
  }

 private:
  const ExecPlugin plugin_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<Credential> credential_;
};

}  // namespace

std::shared_ptr<TokenSource> exec_token(ExecPlugin plugin, const Clock& clock) {
  return std::make_shared<ExecToken>(std::move(plugin), clock);
}

}  // namespace troupe::kube
