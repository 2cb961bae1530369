#include "platform/health_server.hpp"

#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <iterator>
#include <utility>

#include "platform/process_metrics.hpp"

namespace troupe::platform {
namespace {

constexpr std::string_view prometheus_text = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view plain_text = "text/plain; charset=utf-8";

HttpResponse text(int status, std::string body) {
  return HttpResponse{status, {{"Content-Type", std::string(plain_text)}}, std::move(body) + "\n"};
}

HttpResponse probe(const HealthProbe& ask) {
  const std::string reason = ask ? ask() : std::string();
  return reason.empty() ? text(200, "ok") : text(503, reason);
}

HttpResponse metrics(const std::vector<std::shared_ptr<prometheus::Collectable>>& collectables) {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& collectable : collectables) {
    auto collected = collectable->Collect();
    std::move(collected.begin(), collected.end(), std::back_inserter(families));
  }
  return HttpResponse{
      200, {{"Content-Type", std::string(prometheus_text)}}, prometheus::TextSerializer().Serialize(families)};
}

}  // namespace

Result<std::unique_ptr<HttpServer>> start_health_server(
    HttpServer::Options options, std::vector<std::shared_ptr<prometheus::Collectable>> collectables,
    HealthProbe healthz, HealthProbe readyz) {
  collectables.push_back(process_metrics());
  return HttpServer::start(
      std::move(options),
      [collectables = std::move(collectables), healthz = std::move(healthz), readyz = std::move(readyz)](
          const HttpRequest& request, const std::shared_ptr<HttpExchange>& exchange) {
        const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
        if (path != "/metrics" && path != "/healthz" && path != "/readyz") {
          return exchange->respond(text(404, "not found: this port serves /metrics, /healthz and /readyz"));
        }
        if (request.method != "GET" && request.method != "HEAD") {
          HttpResponse refused = text(405, "only GET and HEAD are served here");
          refused.headers.emplace_back("Allow", "GET, HEAD");
          return exchange->respond(std::move(refused));
        }
        exchange->respond(path == "/metrics" ? metrics(collectables) : probe(path == "/healthz" ? healthz : readyz));
      });
}

}  // namespace troupe::platform
