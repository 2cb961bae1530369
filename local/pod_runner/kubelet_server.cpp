#include "local/pod_runner/kubelet_server.hpp"

#include <charconv>
#include <mutex>

#include "local/pod_runner/exec_session.hpp"
#include "local/pod_runner/query_string.hpp"

namespace troupe::local {
namespace {

using platform::HttpExchange;
using platform::HttpRequest;
using platform::HttpResponse;

HttpResponse plain(int status, std::string text) { return {status, {{"Content-Type", "text/plain"}}, std::move(text)}; }

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                   : std::nullopt;
}

/// Sends a log's new lines as they come, until the instance ends or the reader leaves.
class LogFollower : public std::enable_shared_from_this<LogFollower> {
 public:
  LogFollower(std::shared_ptr<ContainerLog> log, std::shared_ptr<platform::HttpStream> stream, bool timestamps,
              std::uint64_t offset)
      : log_(std::move(log)), stream_(std::move(stream)), timestamps_(timestamps), offset_(offset) {}

  void start() {
    auto self = shared_from_this();
    const std::uint64_t id = log_->subscribe([self] { self->pump(); });
    stream_->on_closed([log = log_, id] { log->unsubscribe(id); });
    pump();
  }

 private:
  void pump() {
    const std::lock_guard lock(mutex_);
    const bool last = log_->finished();
    std::string more = log_->read_on(timestamps_, offset_);
    if (!more.empty()) {
      stream_->write(std::move(more));
    }
    if (last) {
      stream_->close();
    }
  }

  std::shared_ptr<ContainerLog> log_;
  std::shared_ptr<platform::HttpStream> stream_;
  bool timestamps_;
  std::mutex mutex_;
  std::uint64_t offset_;
};

void serve_log(const Target& target, HttpExchange& exchange, const PodLookup& pods, const Clock& clock) {
  const bool previous = target.flag("previous");
  const auto log = pods.log(target.path[1] + "/" + target.path[2], target.path[3], previous);
  if (!log) {
    const char* which = previous ? "previous terminated container \"" : "container \"";
    return exchange.respond(plain(
        previous ? 400 : 404, std::string(which) + target.path[3] + "\" in pod \"" + target.path[2] + "\" not found"));
  }
  ContainerLog::ReadOptions options;
  options.tail_lines = number(target.first("tailLines"));
  options.timestamps = target.flag("timestamps");
  if (const auto bytes = number(target.first("limitBytes"))) {
    options.limit_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, *bytes));
  }
  if (const auto seconds = number(target.first("sinceSeconds"))) {
    options.since_time = rfc3339_nano(clock.wall_now() - std::chrono::seconds(*seconds));
  } else if (const std::string time = target.first("sinceTime"); !time.empty()) {
    options.since_time = time;
  }
  std::uint64_t offset = 0;
  std::string text = log->read(options, offset);
  if (!target.flag("follow") || options.limit_bytes) {
    return exchange.respond(plain(200, std::move(text)));
  }
  auto stream = exchange.stream(200, {{"Content-Type", "text/plain"}});
  if (!text.empty()) {
    stream->write(std::move(text));
  }
  std::make_shared<LogFollower>(log, std::move(stream), options.timestamps, offset)->start();
}

/// What the request lets exec be carried over. Null when there is nothing, with the exchange still to be answered.
std::shared_ptr<ExecCarrier> exec_carrier(const HttpRequest& request, HttpExchange& exchange, ExecStreams wanted) {
  const std::string subprotocols = request.joined_header("Sec-WebSocket-Protocol");
  for (const char* subprotocol : {"v5.channel.k8s.io", "v4.channel.k8s.io"}) {
    if (subprotocols.find(subprotocol) != std::string::npos) {
      auto socket = exchange.accept_websocket(subprotocol);
      return socket ? carry_exec_over_websocket(std::move(socket)) : nullptr;
    }
  }
  if (request.joined_header("X-Stream-Protocol-Version").find("v4.channel.k8s.io") != std::string::npos) {
    auto connection = exchange.upgrade("SPDY/3.1", {{"X-Stream-Protocol-Version", "v4.channel.k8s.io"}});
    return connection ? carry_exec_over_spdy(std::move(connection), wanted) : nullptr;
  }
  return nullptr;
}

void serve_exec(const HttpRequest& request, const Target& target, HttpExchange& exchange, const PodLookup& pods) {
  if (target.flag("tty")) {
    return exchange.respond(plain(400, "this node offers no terminal: run kubectl exec without -t"));
  }
  const std::vector<std::string> argv = target.all("command");
  if (argv.empty()) {
    return exchange.respond(plain(400, "exec needs at least one command"));
  }
  const auto context = pods.program_context(target.path[1] + "/" + target.path[2], target.path[3]);
  if (!context) {
    return exchange.respond(
        plain(404, "container \"" + target.path[3] + "\" of pod \"" + target.path[2] + "\" is not running here"));
  }
  const bool with_stdin = target.flag("input") || target.flag("stdin");
  auto carrier = exec_carrier(
      request, exchange,
      {with_stdin, target.flag("output") || target.flag("stdout"), target.flag("error") || target.flag("stderr")});
  if (!carrier) {
    return exchange.respond(
        plain(400,
              "exec needs a WebSocket with v5.channel.k8s.io or v4.channel.k8s.io, or an upgrade to "
              "SPDY/3.1 with v4.channel.k8s.io"));
  }
  start_exec_session(std::move(carrier), *context, argv, with_stdin);
}

}  // namespace

Result<std::unique_ptr<platform::HttpServer>> start_kubelet_server(platform::HttpServer::Options options,
                                                                   const PodLookup& pods, const Clock& clock) {
  return platform::HttpServer::start(
      std::move(options), [&pods, &clock](const HttpRequest& request, std::shared_ptr<HttpExchange> exchange) {
        const Target target = parse_target(request.target);
        if (target.path.size() == 1 && target.path[0] == "healthz") {
          return exchange->respond(plain(200, "ok"));
        }
        if (request.header("x-client-common-name").empty()) {
          return exchange->respond(plain(401, "a client certificate of the API server is required"));
        }
        if (target.path.size() == 4 && target.path[0] == "containerLogs" && request.method == "GET") {
          return serve_log(target, *exchange, pods, clock);
        }
        if (target.path.size() == 4 && target.path[0] == "exec") {
          return serve_exec(request, target, *exchange, pods);
        }
        exchange->respond(plain(404, "this node serves /containerLogs, /exec and /healthz only"));
      });
}

}  // namespace troupe::local
