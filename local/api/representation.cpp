#include "local/api/representation.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

#include "base/ascii.hpp"

namespace troupe::local {
namespace {

struct MediaRange {
  std::string type;
  std::map<std::string, std::string> parameters;

  std::string parameter(const std::string& name) const {
    auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
  }
};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.emplace_back(ascii::trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

std::vector<MediaRange> parse_accept(std::string_view accept) {
  std::vector<MediaRange> ranges;
  for (const std::string& part : split(accept, ',')) {
    MediaRange range;
    for (const std::string& piece : split(part, ';')) {
      const std::size_t equals = piece.find('=');
      if (equals == std::string::npos) {
        range.type = range.type.empty() ? piece : range.type;
      } else {
        range.parameters[std::string(ascii::trimmed(piece.substr(0, equals)))] =
            ascii::trimmed(piece.substr(equals + 1));
      }
    }
    ranges.push_back(std::move(range));
  }
  return ranges;
}

bool takes_json(const MediaRange& range) {
  return range.type == "application/json" || range.type == "application/*" || range.type == "*/*";
}

}  // namespace

ApiResult<Representation> negotiate(std::string_view accept) {
  if (ascii::trimmed(accept).empty()) {
    return Representation{};
  }
  for (const MediaRange& range : parse_accept(accept)) {
    if (!takes_json(range)) {
      continue;
    }
    const std::string as = range.parameter("as");
    const std::string version = range.parameter("v");
    if (as.empty()) {
      return Representation{};
    }
    if (range.parameter("g") != "meta.k8s.io" || (version != "v1" && version != "v1beta1")) {
      continue;
    }
    if (as == "Table") {
      return Representation{Representation::Form::table, version};
    }
    if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList") {
      return Representation{Representation::Form::metadata_only, version};
    }
  }
  return not_acceptable("application/json");
}

std::string aggregated_discovery_version(std::string_view accept) {
  for (const MediaRange& range : parse_accept(accept)) {
    if (!takes_json(range)) {
      continue;
    }
    if (range.parameter("as") != "APIGroupDiscoveryList") {
      return "";
    }
    const std::string version = range.parameter("v");
    if (range.parameter("g") == "apidiscovery.k8s.io" && (version == "v2" || version == "v2beta1")) {
      return version;
    }
  }
  return "";
}

std::string media_type_of(std::string_view content_type) {
  std::string type = std::string(ascii::trimmed(content_type.substr(0, content_type.find(';'))));
  std::ranges::transform(type, type.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type;
}

}  // namespace troupe::local
