#include "kube/watch_stream.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "kube/decode.hpp"
#include "kube/status.hpp"

namespace troupe::kube {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<std::string_view, WatchEventType>, 5> type_names{{
    {"ADDED", WatchEventType::added},
    {"MODIFIED", WatchEventType::modified},
    {"DELETED", WatchEventType::deleted},
    {"BOOKMARK", WatchEventType::bookmark},
    {"ERROR", WatchEventType::error},
}};

std::optional<WatchEventType> event_type(const Json& document) {
  const auto found = document.find("type");
  if (found == document.end() || !found->is_string()) {
    return std::nullopt;
  }
  for (const auto& [name, type] : type_names) {
    if (*found->get_ptr<const std::string*>() == name) {
      return type;
    }
  }
  return std::nullopt;
}

Error wrong(const std::string& what) { return {ErrorCode::invalid_argument, "watch event: " + what}; }

}  // namespace

Result<void> WatchStream::feed(std::string_view bytes, std::vector<WatchEvent>& out) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (partial_.size() + piece.size() > line_bytes_max_) {
      return Error{ErrorCode::limit_exceeded, "watch event: longer than " + std::to_string(line_bytes_max_) + " bytes"};
    }
    if (end == std::string_view::npos) {
      partial_.append(piece);
      return {};
    }
    bytes.remove_prefix(end + 1);
    if (partial_.empty()) {
      if (auto taken = take_line(piece, out); !taken.ok()) {
        return taken;
      }
      continue;
    }
    partial_.append(piece);
    // Moved out, so that one large event does not keep its memory for as long as the watch lives.
    const std::string line = std::exchange(partial_, {});
    if (auto taken = take_line(line, out); !taken.ok()) {
      return taken;
    }
  }
  return {};
}

Result<void> WatchStream::finish() const {
  if (partial_.find_first_not_of(" \t\r") != std::string::npos) {
    return Error{ErrorCode::unavailable, "watch event: the stream ended inside it"};
  }
  return {};
}

Result<void> WatchStream::take_line(std::string_view line, std::vector<WatchEvent>& out) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
    return {};
  }
  auto document = decode_json(line);
  if (!document.ok()) {
    return document.error().in("watch event");
  }
  if (!document->is_object()) {
    return wrong("is not an object");
  }
  const auto type = event_type(*document);
  if (!type.has_value()) {
    return wrong("its type is not ADDED, MODIFIED, DELETED, BOOKMARK or ERROR");
  }
  const auto object = document->find("object");
  if (object == document->end() || !object->is_object()) {
    return wrong("it has no object");
  }
  if (*type == WatchEventType::error) {
    out.push_back({*type, Object(), error_of_status(*object, 500, "watch")});
    return {};
  }
  Object decoded(std::move(*object));
  if (decoded.resource_version().empty()) {
    return wrong("its object has no metadata.resourceVersion");
  }
  if (*type != WatchEventType::bookmark && decoded.name().empty()) {
    return wrong("its object has no metadata.name");
  }
  out.push_back({*type, std::move(decoded), ApiError()});
  return {};
}

}  // namespace troupe::kube
