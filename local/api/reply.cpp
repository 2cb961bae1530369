#include "local/api/reply.hpp"

namespace troupe::local {
namespace {

std::string warning_value(const std::string& text) {
  std::string quoted = "299 - \"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
    }
    quoted.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return quoted + "\"";
}

}  // namespace

Reply reply_to_error(const StatusError& error) { return {error.code, to_status_json(error), "application/json", {}}; }

void send(const Reply& reply, platform::HttpExchange& exchange) {
  platform::HttpResponse response;
  response.status = reply.status;
  response.body = reply.body;
  response.headers = {{"Content-Type", reply.content_type}, {"Cache-Control", "no-cache, private"}};
  for (const std::string& warning : reply.warnings) {
    response.headers.emplace_back("Warning", warning_value(warning));
  }
  exchange.respond(std::move(response));
}

}  // namespace troupe::local
