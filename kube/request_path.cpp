#include "kube/request_path.hpp"

#include "base/ascii.hpp"

namespace troupe::kube {
namespace {

bool unreserved(char c) {
  return ascii::is_letter(c) || ascii::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

class Query {
 public:
  void add(std::string_view key, std::string_view value) {
    text_ += text_.empty() ? '?' : '&';
    text_ += key;
    text_ += '=';
    text_ += percent_encode(value);
  }
  void add_if(std::string_view key, std::string_view value) {
    if (!value.empty()) {
      add(key, value);
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

std::string resource_path(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                          std::string_view subresource) {
  std::string path = type.group.empty() ? "/api/" : "/apis/" + percent_encode(type.group) + "/";
  path += percent_encode(type.version);
  if (type.namespaced && !namespace_name.empty()) {
    path += "/namespaces/" + percent_encode(namespace_name);
  }
  path += "/" + percent_encode(type.plural);
  if (!name.empty()) {
    path += "/" + percent_encode(name);
  }
  if (!subresource.empty()) {
    path += "/" + percent_encode(subresource);
  }
  return path;
}

std::string list_query(const ListOptions& options) {
  Query query;
  query.add_if("labelSelector", options.label_selector);
  query.add_if("fieldSelector", options.field_selector);
  if (options.limit > 0) {
    query.add("limit", std::to_string(options.limit));
  }
  if (!options.continue_token.empty()) {
    // A continue token names its own version; servers refuse both together.
    query.add("continue", options.continue_token);
  } else {
    query.add_if("resourceVersion", options.resource_version);
  }
  return query.take();
}

std::string watch_query(const WatchOptions& options) {
  Query query;
  query.add("watch", "true");
  query.add_if("labelSelector", options.label_selector);
  query.add_if("fieldSelector", options.field_selector);
  query.add_if("resourceVersion", options.resource_version);
  if (options.bookmarks) {
    query.add("allowWatchBookmarks", "true");
  }
  query.add("timeoutSeconds", std::to_string(options.timeout.count()));
  return query.take();
}

std::string write_query(const WriteOptions& options) {
  Query query;
  query.add_if("fieldManager", options.field_manager);
  if (options.dry_run) {
    query.add("dryRun", "All");
  }
  if (options.force) {
    query.add("force", "true");
  }
  return query.take();
}

}  // namespace troupe::kube
