#include "local/api/api_server.hpp"

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "local/api/api.hpp"
#include "local/api/journal_file.hpp"
#include "local/api/store.hpp"
#include "platform/http_server.hpp"

namespace troupe::local {
namespace {

constexpr std::chrono::seconds upkeep_interval{60};
// etcd's limit for a request is 1.5 MiB; a patch of such an object may be as large again.
constexpr std::size_t body_bytes_max = 3 * 1024 * 1024;

}  // namespace

struct ApiServer::Parts : std::enable_shared_from_this<ApiServer::Parts> {
  Parts(EventLoop& event_loop, Credentials made) : loop(event_loop), credentials(std::move(made)) {}

  EventLoop& loop;
  Credentials credentials;
  std::shared_ptr<Store> store;
  std::shared_ptr<JournalFile> journal;
  std::unique_ptr<Api> api;
  std::unique_ptr<platform::HttpServer> http;

  Result<void> open_store(const std::filesystem::path& dir) {
    store = std::make_shared<Store>();
    if (dir.empty()) {
      return {};
    }
    KeptObjects kept;
    Result<std::shared_ptr<JournalFile>> opened = JournalFile::open(dir, kept);
    if (!opened.ok()) {
      return opened.error();
    }
    journal = std::move(*opened);
    store->load(kept.revision, std::move(kept.objects));
    store->set_journal(journal);
    return {};
  }

  Result<void> listen(std::uint16_t port) {
    Result<platform::CertificateAndKey> certificate = credentials.server_certificate();
    if (!certificate.ok()) {
      return certificate.error();
    }
    platform::HttpServer::Options options;
    options.at = {"127.0.0.1", port};
    options.tls = platform::HttpServer::Tls{certificate->certificate_pem, certificate->private_key_pem, ""};
    options.body_bytes_max = body_bytes_max;
    Result<std::unique_ptr<platform::HttpServer>> started = platform::HttpServer::start(
        std::move(options),
        [this](const platform::HttpRequest& request, std::shared_ptr<platform::HttpExchange> exchange) {
          api->handle(request, exchange);
        });
    if (!started.ok()) {
      return started.error();
    }
    http = std::move(*started);
    return {};
  }

  void schedule_upkeep() {
    loop.run_after(upkeep_interval, [weak = weak_from_this()] {
      if (auto self = weak.lock()) {
        self->upkeep();
        self->schedule_upkeep();
      }
    });
  }

  void upkeep() {
    api->expire_events();
    if (!journal || !journal->wants_snapshot()) {
      return;
    }
    store->with_everything([this](std::uint64_t revision, const Store::Everything& everything) {
      if (Result<void> written = journal->write_snapshot(revision, everything); !written.ok()) {
        log_warning("no new snapshot", {{"error", written.error().message}});
      }
    });
  }
};

Result<std::unique_ptr<ApiServer>> ApiServer::start(Options options, EventLoop& loop, Random& random) {
  if (!options.data_dir.empty()) {
    std::error_code problem;
    std::filesystem::create_directories(options.data_dir, problem);
    if (problem) {
      return Error{ErrorCode::invalid_argument,
                   "cannot make the data folder " + options.data_dir.string() + ": " + problem.message()};
    }
  }
  Result<Credentials> credentials =
      options.data_dir.empty() ? Credentials::make(random) : Credentials::load_or_make(options.data_dir, random);
  if (!credentials.ok()) {
    return credentials.error();
  }
  auto parts = std::make_shared<Parts>(loop, std::move(*credentials));
  if (Result<void> opened = parts->open_store(options.data_dir); !opened.ok()) {
    return opened.error();
  }
  Result<platform::CertificateAndKey> kubelet_client = parts->credentials.kubelet_client_certificate();
  if (!kubelet_client.ok()) {
    return kubelet_client.error();
  }
  Result<std::unique_ptr<KubeletProxy>> kubelets = KubeletProxy::start(*kubelet_client);
  if (!kubelets.ok()) {
    return kubelets.error();
  }
  parts->api = std::make_unique<Api>(parts->store, loop, random, parts->credentials, std::move(*kubelets));
  parts->api->furnish();
  // No client has seen a revision from before the first answer, so one that names such a revision took it elsewhere.
  parts->store->forget_history();
  if (Result<void> listening = parts->listen(options.port); !listening.ok()) {
    return listening.error();
  }
  parts->api->set_address(parts->http->local().text());
  parts->schedule_upkeep();
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(parts)));
}

ApiServer::ApiServer(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

ApiServer::~ApiServer() {
  parts_->http.reset();
  parts_->store->unwatch_all();
}

std::string ApiServer::url() const { return "https://" + parts_->http->local().text(); }
std::string ApiServer::kubeconfig() const { return parts_->credentials.kubeconfig(url()); }
const Credentials& ApiServer::credentials() const { return parts_->credentials; }

}  // namespace troupe::local
