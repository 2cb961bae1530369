#include "local/api/reads.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/base64.hpp"
#include "local/api/object_meta.hpp"
#include "local/api/table_view.hpp"
#include "local/api/writes.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

// Where the next page starts: after `namespace/name`, in the state of `revision`.
struct Continue {
  std::uint64_t revision = 0;
  std::string namespace_name;
  std::string name;
};

std::string encode_continue(const Continue& token) {
  return base64_url_encoded(
      json{{"v", "meta.k8s.io/v1"}, {"rv", token.revision}, {"ns", token.namespace_name}, {"name", token.name}}.dump());
}

ApiResult<Continue> decode_continue(const std::string& text) {
  const std::optional<std::string> bytes = base64_url_decoded(text);
  const json token = json::parse(bytes.value_or(""), nullptr, false);
  if (!token.is_object() || !token.contains("rv") || !token["rv"].is_number_unsigned() || !token.contains("ns") ||
      !token["ns"].is_string() || !token.contains("name") || !token["name"].is_string()) {
    return bad_request("continue key is not valid: the token must be one that an earlier list returned");
  }
  return Continue{token["rv"].get<std::uint64_t>(), token["ns"].get<std::string>(), token["name"].get<std::string>()};
}

StatusError continue_expired() {
  return expired(
      "The provided continue parameter is too old to display a consistent list result. You must start a new list "
      "without the continue parameter.");
}

std::size_t skip_value(const std::string& text, std::size_t at) {
  int depth = 0;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      at += c == '\\' ? 1 : 0;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth < 0) {
        return at;
      }
    } else if (c == ',' && depth == 0) {
      return at;
    }
  }
  return at;
}

// Items of built-in lists do not say their kind: the list does.
std::string without_type(const std::string& text) {
  std::string out = "{";
  std::size_t at = 1;
  while (at < text.size() && text[at] != '}') {
    const std::size_t end = skip_value(text, at);
    const std::string_view member(text.data() + at, end - at);
    const bool type = member.starts_with("\"apiVersion\":") || member.starts_with("\"kind\":");
    if (!type) {
      if (member > std::string_view("\"kind\":")) {
        return out + (out.size() > 1 ? "," : "") + text.substr(at);  // Members are sorted: nothing left to drop.
      }
      out.append(out.size() > 1 ? "," : "").append(member);
    }
    at = text[end] == ',' ? end + 1 : end;
  }
  return out + "}";
}

json list_metadata(std::uint64_t revision, const std::string& continue_token, std::size_t remaining) {
  json metadata = json::object();
  if (revision > 0) {
    metadata["resourceVersion"] = std::to_string(revision);
  }
  if (!continue_token.empty()) {
    metadata["continue"] = continue_token;
    if (remaining > 0) {
      metadata["remainingItemCount"] = remaining;
    }
  }
  return metadata;
}

std::string dumped(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

ApiResult<std::int64_t> parse_limit(const Query& query) {
  const std::string text = query.get("limit");
  char* end = nullptr;
  const long long limit = std::strtoll(text.c_str(), &end, 10);
  if (*end != '\0' || limit < 0) {
    return bad_request("limit must be a whole number, not \"" + text + "\"");
  }
  return static_cast<std::int64_t>(limit);
}

struct ListStart {
  Store::Listing listing;
  std::optional<Continue> after;
};

StatusError bad_list_options(std::string_view field, std::string_view detail) {
  return invalid("meta.k8s.io", "ListOptions", "", {forbidden_cause(field, detail)});
}

// Which state the list shows, by the rules of resourceVersion, resourceVersionMatch and continue.
ApiResult<ListStart> choose_state(const Store& store, const ResourcePath& path, const Query& query) {
  const Storage storage = path.resource->storage;
  const std::string match = query.get("resourceVersionMatch");
  const std::string sent = query.get("resourceVersion");
  ApiResult<std::uint64_t> asked = parse_revision(sent);
  if (!asked.ok()) {
    return asked.error();
  }
  if (!match.empty() && match != "Exact" && match != "NotOlderThan") {
    return invalid("meta.k8s.io", "ListOptions", "",
                   {{"FieldValueNotSupported",
                     "Unsupported value: \"" + match + "\": supported values: \"Exact\", \"NotOlderThan\", \"\"",
                     "resourceVersionMatch"}});
  }
  if (!match.empty() && sent.empty()) {
    return bad_list_options("resourceVersionMatch",
                            "resourceVersionMatch is forbidden unless resourceVersion is provided");
  }
  if (match == "Exact" && sent == "0") {
    return bad_list_options("resourceVersionMatch",
                            "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  }
  if (const std::string text = query.get("continue"); !text.empty()) {
    if (!sent.empty() && sent != "0") {
      return bad_request("specifying resource version is not allowed when using continue");
    }
    ApiResult<Continue> token = decode_continue(text);
    if (!token.ok()) {
      return token.error();
    }
    auto listing = store.list_at(storage, path.namespace_name, token->revision);
    if (!listing) {
      return continue_expired();
    }
    return ListStart{std::move(*listing), std::move(*token)};
  }
  const bool exact =
      match == "Exact" || (match.empty() && *asked > 0 && query.get("limit") != "" && query.get("limit") != "0");
  if (const std::uint64_t now = store.revision(); *asked > now) {
    return revision_too_large(*asked, now);
  }
  if (exact) {
    auto listing = store.list_at(storage, path.namespace_name, *asked);
    if (!listing) {
      return expired("The resourceVersion for the provided list is too old.");
    }
    return ListStart{std::move(*listing), std::nullopt};
  }
  return ListStart{store.list(storage, path.namespace_name), std::nullopt};
}

}  // namespace

bool Selection::matches(const json& object) const { return labels.matches(object) && fields.matches(object); }

ApiResult<Selection> parse_selection(const ResourcePath& path, const Query& query) {
  ApiResult<LabelSelector> labels = LabelSelector::parse(query.get("labelSelector"));
  if (!labels.ok()) {
    return labels.error();
  }
  std::string field_text = query.get("fieldSelector");
  if (!path.name.empty()) {
    field_text += (field_text.empty() ? "metadata.name=" : ",metadata.name=") + path.name;
  }
  ApiResult<FieldSelector> fields = FieldSelector::parse(field_text, *path.resource);
  if (!fields.ok()) {
    return fields.error();
  }
  return Selection{path.namespace_name, std::move(*labels), std::move(*fields)};
}

ApiResult<std::uint64_t> parse_revision(const std::string& text) {
  if (text.empty()) {
    return std::uint64_t{0};
  }
  const bool digits = text.size() <= 19 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    return bad_request("resourceVersion: Invalid value: \"" + text +
                       "\": must be a resourceVersion that the server gave");
  }
  return static_cast<std::uint64_t>(std::stoull(text));
}

ApiResult<std::string> read_object(const ReadContext& context, const ResourcePath& path, const Query& query,
                                   const Representation& representation) {
  ApiResult<std::uint64_t> asked = parse_revision(query.get("resourceVersion"));
  if (!asked.ok()) {
    return asked.error();
  }
  if (const std::uint64_t now = context.store.revision(); *asked > now) {
    return revision_too_large(*asked, now);
  }
  auto object = context.store.get({path.resource->storage, path.namespace_name, path.name});
  if (!object) {
    return not_found(path.resource->group, path.resource->plural, path.name);
  }
  return render_object(*object, *path.resource, representation, query.get("includeObject"), context.clock.wall_now());
}

ApiResult<std::string> read_list(const ReadContext& context, const ResourcePath& path, const Query& query,
                                 const Representation& representation) {
  ApiResult<Selection> selection = parse_selection(path, query);
  if (!selection.ok()) {
    return selection.error();
  }
  ApiResult<std::int64_t> limit = parse_limit(query);
  if (!limit.ok()) {
    return limit.error();
  }
  ApiResult<ListStart> start = choose_state(context.store, path, query);
  if (!start.ok()) {
    return start.error();
  }
  std::vector<StoredObject> page;
  std::size_t remaining = 0;
  const auto page_size = *limit == 0 ? start->listing.objects.size() : static_cast<std::size_t>(*limit);
  for (StoredObject& object : start->listing.objects) {
    const std::pair key{metadata_text(*object.document, "namespace"), metadata_text(*object.document, "name")};
    if (start->after && key <= std::pair{start->after->namespace_name, start->after->name}) {
      continue;
    }
    if (!selection->matches(*object.document)) {
      continue;
    }
    if (page.size() < page_size) {
      page.push_back(std::move(object));
    } else {
      ++remaining;
    }
  }
  std::string token;
  if (remaining > 0) {
    const json& last = *page.back().document;
    token = encode_continue({start->listing.revision, metadata_text(last, "namespace"), metadata_text(last, "name")});
  }
  const bool countable = selection->labels.empty() && selection->fields.empty();
  return render_list(page, *path.resource, representation, query.get("includeObject"), context.clock.wall_now(),
                     start->listing.revision, token, countable ? remaining : 0);
}

std::string render_object(const StoredObject& object, const ResourceEntry& resource,
                          const Representation& representation, std::string_view include_object, WallTime now) {
  switch (representation.form) {
    case Representation::Form::whole:
      return text_in_version(object, resource);
    case Representation::Form::metadata_only:
      return dumped(partial_metadata(*object.document, representation.meta_version));
    case Representation::Form::table:
      break;
  }
  const json document = in_version(*object.document, resource);
  return dumped({{"kind", "Table"},
                 {"apiVersion", "meta.k8s.io/" + representation.meta_version},
                 {"metadata", {{"resourceVersion", document["metadata"]["resourceVersion"]}}},
                 {"columnDefinitions", table_columns(resource)},
                 {"rows", json::array({table_row(document, resource, now, parse_include_object(include_object),
                                                 representation.meta_version)})}});
}

std::string render_list(const std::vector<StoredObject>& objects, const ResourceEntry& resource,
                        const Representation& representation, std::string_view include_object, WallTime now,
                        std::uint64_t revision, const std::string& continue_token, std::size_t remaining) {
  const json metadata = list_metadata(revision, continue_token, remaining);
  const std::string meta_group = "meta.k8s.io/" + representation.meta_version;
  if (representation.form == Representation::Form::table) {
    json rows = json::array();
    for (const StoredObject& object : objects) {
      rows.push_back(table_row(in_version(*object.document, resource), resource, now,
                               parse_include_object(include_object), representation.meta_version));
    }
    return dumped({{"kind", "Table"},
                   {"apiVersion", meta_group},
                   {"metadata", metadata},
                   {"columnDefinitions", table_columns(resource)},
                   {"rows", std::move(rows)}});
  }
  const bool whole = representation.form == Representation::Form::whole;
  std::string text = "{\"kind\":\"" + (whole ? std::string(resource.kind) + "List" : "PartialObjectMetadataList") +
                     "\",\"apiVersion\":\"" + (whole ? resource.group_version() : meta_group) +
                     "\",\"metadata\":" + metadata.dump() + ",\"items\":[";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    text += i == 0 ? "" : ",";
    if (!whole) {
      text += dumped(partial_metadata(*objects[i].document, representation.meta_version));
    } else {
      text += resource.custom ? *objects[i].text : without_type(*objects[i].text);
    }
  }
  return text + "]}\n";
}

}  // namespace troupe::local
