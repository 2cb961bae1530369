#include "operator/resource/cluster.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>

#include "operator/resource/field_reader.hpp"
#include "operator/resource/pod_template.hpp"

namespace troupe::resource {
namespace {

using nlohmann::json;

constexpr std::size_t image_length_max = 1024;
constexpr std::int64_t drain_timeout_seconds_default = 60;
constexpr std::int64_t drain_timeout_seconds_max = 3600;
constexpr std::int64_t progress_deadline_seconds_default = 600;
constexpr std::int64_t progress_deadline_seconds_max = 86'400;

/// Kubernetes's quantity: a signed decimal number with a binary, decimal or exponent suffix.
bool is_quantity(const json& value) {
  static const std::regex pattern(
      R"([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+(\.[0-9]*)?)?)");
  constexpr std::size_t characters_max = 64;  // std::regex recurses over its input.
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return text.size() <= characters_max && std::regex_match(text, pattern);
  }
  return value.is_number_integer();
}

void validate_resources(FieldReader reader) {
  constexpr std::size_t names_max = 32;
  for (const std::string_view list : {"limits", "requests"}) {
    const json& quantities = reader.raw_object(list);
    if (quantities.size() > names_max) {
      reader.fail(list, "must have at most 32 entries");
      continue;
    }
    for (const auto& [name, quantity] : quantities.items()) {
      if (!is_quantity(quantity)) {
        reader.fail(std::string(list) + "." + name, "must be a quantity such as 500m, 2 or 256Mi");
      }
    }
  }
}

void parse_distribution(FieldReader reader, ClusterIntent& intent) {
  const std::string visibility = reader.choice("visibility", {"Hidden", "Published"}, "Hidden");
  intent.visibility = visibility == "Published" ? Visibility::published : Visibility::hidden;
  if (reader.has("cookieSecretRef")) {
    FieldReader ref = reader.object("cookieSecretRef");
    const std::string name = ref.required_text("name", 253);
    if (!name.empty() && !is_subdomain(name)) {
      ref.fail("name", "must be the name of a Secret");
    }
    intent.cookie_secret = name;
  }
  FieldReader tls = reader.required_object("tls");
  if (!reader.has("tls")) {
    return;
  }
  const std::string mode = tls.choice("mode", {"Disabled", "Managed", "Secret"}, "");
  if (mode == "Secret") {
    FieldReader ref = tls.required_object("secretRef");
    if (tls.has("secretRef")) {
      ref.required_text("name", 253);
    }
  } else if (tls.has("secretRef")) {
    tls.fail("secretRef", "may only be set with mode Secret");
  }
  // Accepting it would run in the clear a cluster whose owner asked for encryption.
  if (mode != "Disabled" && tls.has("mode")) {
    tls.fail("mode", mode + " is not supported by this version of the operator; use Disabled");
  }
}

ClusterIntent parse_intent_fields(FieldReader& spec, FieldErrors& errors) {
  ClusterIntent intent;
  intent.image = spec.required_text("image", image_length_max);
  if (intent.image.find_first_of(" \t\r\n") != std::string::npos) {
    spec.fail("image", "must not contain white space");
  }
  intent.resources = std::make_shared<json>(spec.raw_object("resources"));
  validate_resources(spec.object("resources"));
  parse_distribution(spec.required_object("distribution"), intent);
  FieldReader drain = spec.object("drain");
  intent.drain_timeout_seconds =
      drain.integer("timeoutSeconds", drain_timeout_seconds_default, 0, drain_timeout_seconds_max);
  const json& pod_template = spec.raw_object("podTemplate");
  validate_pod_template(pod_template, spec.path_of("podTemplate"), errors);
  intent.pod_template = std::make_shared<json>(pod_template);
  return intent;
}

Rollout parse_rollout(FieldReader reader) {
  Rollout rollout;
  if (reader.choice("type", {"RollingUpdate", "OnDelete"}, "RollingUpdate") == "OnDelete") {
    rollout.type = RolloutType::on_delete;
    if (reader.has("rollingUpdate")) {
      reader.fail("rollingUpdate", "is refused unless type is RollingUpdate");
    }
  }
  FieldReader rolling = reader.object("rollingUpdate");
  rollout.max_unavailable = static_cast<int>(rolling.integer("maxUnavailable", 1, 0, replicas_max));
  rollout.max_surge = static_cast<int>(rolling.integer("maxSurge", 0, 0, replicas_max));
  rollout.canary = static_cast<int>(rolling.integer("canary", 0, 0, replicas_max));
  if (rollout.max_unavailable == 0 && rollout.max_surge == 0) {
    rolling.fail("maxUnavailable", "must not be 0 when maxSurge is 0: no pod could ever be replaced");
  }
  rollout.paused = reader.boolean("paused", false);
  rollout.progress_deadline_seconds =
      reader.integer("progressDeadlineSeconds", progress_deadline_seconds_default, 1, progress_deadline_seconds_max);
  return rollout;
}

json without_nulls(const json& value) {
  json kept = value;
  if (value.is_object()) {
    kept = json::object();
    for (const auto& [key, member] : value.items()) {
      if (!member.is_null()) {
        kept[key] = without_nulls(member);
      }
    }
  } else if (value.is_array()) {
    std::transform(value.begin(), value.end(), kept.begin(), without_nulls);
  }
  return kept;
}

/// Without nulls, and without empty maps down to `depth`. Deeper ones can mean something: `emptyDir: {}`.
json without_defaults(const json& value, int depth) {
  json kept = without_nulls(value);
  for (auto it = kept.begin(); depth > 0 && it != kept.end();) {
    if (it->is_object()) {
      *it = without_defaults(*it, depth - 1);
    }
    it = it->is_object() && it->empty() ? kept.erase(it) : std::next(it);
  }
  return kept;
}

}  // namespace

std::string_view to_string(Visibility visibility) {
  return visibility == Visibility::published ? "Published" : "Hidden";
}

Parsed<ClusterIntent> parse_intent(const json& spec) {
  FieldErrors errors;
  FieldReader reader(spec, "spec", errors);
  ClusterIntent intent = parse_intent_fields(reader, errors);
  if (!errors.empty()) {
    return errors;
  }
  return intent;
}

Parsed<Cluster> parse_cluster(const json& document) {
  FieldErrors errors;
  Cluster cluster;
  cluster.metadata = parse_metadata(document, errors);
  static const json nothing;
  const bool present = document.is_object() && document.contains("spec");
  FieldReader spec(present ? document["spec"] : nothing, "spec", errors);
  cluster.replicas = static_cast<int>(spec.integer("replicas", 1, 0, replicas_max));
  cluster.intent = parse_intent_fields(spec, errors);
  cluster.rollout = parse_rollout(spec.object("rollout"));
  if (!errors.empty()) {
    return errors;
  }
  return cluster;
}

json intent_document(const ClusterIntent& intent) {
  json document = {{"image", intent.image}, {"distribution", {{"tls", {{"mode", "Disabled"}}}}}};
  if (intent.visibility != Visibility::hidden) {
    document["distribution"]["visibility"] = to_string(intent.visibility);
  }
  if (intent.cookie_secret) {
    document["distribution"]["cookieSecretRef"] = {{"name", *intent.cookie_secret}};
  }
  if (intent.drain_timeout_seconds != drain_timeout_seconds_default) {
    document["drain"] = {{"timeoutSeconds", intent.drain_timeout_seconds}};
  }
  if (json resources = without_defaults(*intent.resources, 1); !resources.empty()) {
    document["resources"] = std::move(resources);
  }
  if (json pod_template = without_defaults(*intent.pod_template, 2); !pod_template.empty()) {
    document["podTemplate"] = std::move(pod_template);
  }
  return document;
}

}  // namespace troupe::resource
