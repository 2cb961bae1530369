#include "local/api/writes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "local/api/body_decoding.hpp"
#include "local/api/built_in_crds.hpp"
#include "local/api/deletion.hpp"
#include "local/api/kind_rules.hpp"
#include "local/api/object_meta.hpp"
#include "local/api/patch.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;
using Transaction = Store::Transaction;

constexpr std::size_t events_max = 5'000;
constexpr std::size_t events_dropped_at_once = 500;
constexpr std::size_t object_bytes_max = 1536 * 1024;  // etcd's --max-request-bytes.
constexpr int generated_names_tried_max = 8;

StatusError not_found_at(const WriteTarget& target) {
  return not_found(target.resource->group, target.resource->plural, target.name);
}

void warn_of_rules(const WriteTarget& target, std::vector<std::string>& warnings) {
  if (target.subresource.empty() && has_unevaluated_rules(*target.resource)) {
    warnings.push_back("x-kubernetes-validations of " + std::string(target.resource->plural) +
                       " (CEL) are not evaluated by this local API server; the operator checks them");
  }
}

ApiResult<void> check_namespace(const Transaction& transaction, const WriteTarget& target, const std::string& name) {
  if (!target.resource->namespaced) {
    return {};
  }
  auto home = transaction.get({Storage::namespaces, "", target.namespace_name});
  if (!home) {
    return not_found("", "namespaces", target.namespace_name);
  }
  if (being_deleted(*home->document)) {
    StatusError error = forbidden(
        target.resource->group, target.resource->plural, name,
        "unable to create new content in namespace " + target.namespace_name + " because it is being terminated");
    error.causes.push_back(
        {"NamespaceTerminating", "namespace " + target.namespace_name + " is being terminated", "metadata.namespace"});
    return error;
  }
  return {};
}

ApiResult<void> check_service_account(const Transaction& transaction, const json& pod, const WriteTarget& target) {
  const std::string account = pod.value(json::json_pointer("/spec/serviceAccountName"), std::string("default"));
  if (transaction.get({Storage::service_accounts, target.namespace_name, account})) {
    return {};
  }
  return forbidden("", "pods", metadata_text(pod, "name"),
                   "error looking up service account " + target.namespace_name + "/" + account + ": serviceaccount \"" +
                       account + "\" not found");
}

void choose_name(json& object, const Transaction& transaction, const WriteTarget& target, Random& random) {
  const std::string stem = metadata_text(object, "generateName");
  if (!metadata_text(object, "name").empty() || stem.empty()) {
    return;
  }
  constexpr std::size_t stem_chars_max = 58;
  for (int i = 0; i < generated_names_tried_max; ++i) {
    const std::string name = stem.substr(0, stem_chars_max) + make_name_suffix(random);
    object["metadata"]["name"] = name;
    if (!transaction.get({target.resource->storage, target.namespace_name, name})) {
      return;
    }
  }
}

// Events are news: the oldest make room.
void make_room_for_events(Transaction& transaction) {
  if (transaction.count(Storage::events) < events_max) {
    return;
  }
  std::vector<StoredObject> events = transaction.list(Storage::events, "");
  std::ranges::sort(events, {}, &StoredObject::revision);
  for (std::size_t i = 0; i < events_dropped_at_once; ++i) {
    const json& event = *events[i].document;
    transaction.remove({Storage::events, metadata_text(event, "namespace"), metadata_text(event, "name")});
  }
}

json namespaced_object(const WriteContext& context, std::string_view kind, std::string_view namespace_name,
                       std::string_view name) {
  return json{{"apiVersion", "v1"},
              {"kind", kind},
              {"metadata",
               {{"name", name},
                {"namespace", namespace_name},
                {"uid", make_uuid(context.random)},
                {"creationTimestamp", rfc3339_seconds(context.clock.wall_now())}}}};
}

// What the controllers of a real cluster put into every namespace.
void furnish_namespace(const WriteContext& context, Transaction& transaction, const std::string& name) {
  transaction.put({Storage::service_accounts, name, "default"},
                  namespaced_object(context, "ServiceAccount", name, "default"));
  json roots = namespaced_object(context, "ConfigMap", name, "kube-root-ca.crt");
  roots["data"]["ca.crt"] = context.ca_pem;
  transaction.put({Storage::config_maps, name, "kube-root-ca.crt"}, std::move(roots));
}

ApiResult<WriteOutcome> create_in(const WriteContext& context, Transaction& transaction, const WriteTarget& target,
                                  json object) {
  const ResourceEntry& resource = *target.resource;
  WriteOutcome outcome;
  outcome.created = true;
  if (ApiResult<void> known = settle_identity(object, resource, target.namespace_name, target.name); !known.ok()) {
    return known.error();
  }
  if (!metadata_text(object, "resourceVersion").empty()) {
    StatusError error = internal_error("resourceVersion should not be set on objects to be created");
    error.reason.clear();
    return error;
  }
  if (ApiResult<void> types = check_value_types(object, resource); !types.ok()) {
    return types.error();
  }
  if (ApiResult<void> decoded =
          decode_body(object, resource, {target.name, target.parameters.validation, false}, outcome.warnings);
      !decoded.ok()) {
    return decoded.error();
  }
  if (ApiResult<void> home = check_namespace(transaction, target, metadata_text(object, "name")); !home.ok()) {
    return home.error();
  }
  prepare_new(object, resource);
  choose_name(object, transaction, target, context.random);
  json& metadata = object["metadata"];
  metadata["uid"] = make_uuid(context.random);
  metadata["creationTimestamp"] = rfc3339_seconds(context.clock.wall_now());
  if (resource.has_generation) {
    metadata["generation"] = 1;
  }
  std::vector<StatusCause> causes = validate_metadata(object, resource);
  std::ranges::copy(validate_new(object, resource), std::back_inserter(causes));
  const std::string name = metadata_text(object, "name");
  if (!causes.empty()) {
    return invalid(resource.group, resource.kind, name, std::move(causes));
  }
  if (resource.storage == Storage::pods) {
    if (ApiResult<void> account = check_service_account(transaction, object, target); !account.ok()) {
      return account.error();
    }
  }
  const ObjectKey key{resource.storage, target.namespace_name, name};
  if (transaction.get(key)) {
    return already_exists(resource.group, resource.plural, name);
  }
  if (resource.storage == Storage::events) {
    make_room_for_events(transaction);
  }
  outcome.object = transaction.put(key, std::move(object));
  if (resource.storage == Storage::namespaces) {
    furnish_namespace(context, transaction, name);
  }
  warn_of_rules(target, outcome.warnings);
  return outcome;
}

ApiResult<void> check_preconditions(const json& object, const json& before, const WriteTarget& target) {
  const ResourceEntry& resource = *target.resource;
  const std::string revision = metadata_text(object, "resourceVersion");
  if (revision.empty() && !resource.unconditional_update) {
    return invalid(resource.group, resource.kind, target.name,
                   {invalid_cause("metadata.resourceVersion", "0x0", "must be specified for an update")});
  }
  if (!revision.empty() && revision != metadata_text(before, "resourceVersion")) {
    return modified(resource.group, resource.plural, target.name);
  }
  const std::string uid = metadata_text(object, "uid");
  if (!uid.empty() && uid != metadata_text(before, "uid")) {
    return conflict(
        resource.group, resource.plural, target.name,
        "Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + metadata_text(before, "uid"));
  }
  return {};
}

// What only the server writes comes from the object as it stands.
void keep_server_metadata(json& object, const json& before) {
  json& metadata = object["metadata"];
  for (const char* field : {"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation",
                            "generateName", "resourceVersion"}) {
    if (before["metadata"].contains(field)) {
      metadata[field] = before["metadata"][field];
    } else {
      metadata.erase(field);
    }
  }
}

ApiResult<WriteOutcome> update_in(Transaction& transaction, const WriteTarget& target, const StoredObject& current,
                                  json object, bool patched) {
  const ResourceEntry& resource = *target.resource;
  const json& before = *current.document;
  WriteOutcome outcome;
  outcome.object = current;
  if (ApiResult<void> known = settle_identity(object, resource, target.namespace_name, target.name); !known.ok()) {
    return known.error();
  }
  if (patched && metadata_text(object, "resourceVersion").empty()) {
    object["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"];
  }
  if (ApiResult<void> met = check_preconditions(object, before, target); !met.ok()) {
    return met.error();
  }
  if (ApiResult<void> types = check_value_types(object, resource); !types.ok()) {
    return types.error();
  }
  if (ApiResult<void> decoded =
          decode_body(object, resource, {target.name, target.parameters.validation, patched}, outcome.warnings);
      !decoded.ok()) {
    return decoded.error();
  }
  keep_server_metadata(object, before);
  prepare_update(object, before, resource, target.subresource);
  if (resource.has_generation && intent_differs(object, before)) {
    object["metadata"]["generation"] = before["metadata"].value("generation", 0) + 1;
  }
  std::vector<StatusCause> causes = validate_metadata(object, resource);
  std::ranges::copy(validate_metadata_update(object, before), std::back_inserter(causes));
  std::ranges::copy(validate_update(object, before, resource, target.subresource), std::back_inserter(causes));
  if (!causes.empty()) {
    return invalid(resource.group, resource.kind, target.name, std::move(causes));
  }
  warn_of_rules(target, outcome.warnings);
  if (object == before) {
    return outcome;
  }
  outcome.object = write_or_finish(transaction, target.key(), std::move(object));
  return outcome;
}

// A dry run reaches no revision: a new object has none, another one keeps its own.
StoredObject undated(const Transaction& transaction, const WriteOutcome& outcome) {
  json document = *outcome.object.document;
  const std::vector<Change>& changes = transaction.changes();
  if (outcome.created) {
    document["metadata"].erase("resourceVersion");
  } else if (!changes.empty() && changes.front().before) {
    document["metadata"]["resourceVersion"] = std::to_string(changes.front().before->revision);
  }
  return {std::make_shared<const json>(document),
          std::make_shared<const std::string>(document.dump(-1, ' ', false, json::error_handler_t::replace)), 0};
}

StatusError too_large(std::size_t bytes) {
  StatusError error = bad_request("the object would take " + std::to_string(bytes) + " bytes; the most is " +
                                  std::to_string(object_bytes_max));
  error.code = 413;
  error.reason = "RequestEntityTooLarge";
  return error;
}

// Runs `body`, lets everything that follows from it happen, and commits unless it failed or is a dry run.
ApiResult<WriteOutcome> run(const WriteContext& context, const WriteTarget& target,
                            const std::function<ApiResult<WriteOutcome>(Transaction&)>& body) {
  ApiResult<WriteOutcome> outcome = internal_error("the write did not run");
  Result<void> stored = context.store.transact([&](Transaction& transaction) {
    outcome = body(transaction);
    if (!outcome.ok()) {
      return false;
    }
    if (outcome->object.text->size() > object_bytes_max) {
      outcome = too_large(outcome->object.text->size());
      return false;
    }
    if (target.parameters.dry_run) {
      outcome->object = undated(transaction, *outcome);
      return false;
    }
    settle_consequences(transaction, context.clock);
    return true;
  });
  if (!stored.ok()) {
    return internal_error(stored.error().message);
  }
  return outcome;
}

ApiResult<void> refuse_definitions(const WriteTarget& target) {
  if (target.resource->storage != Storage::custom_resource_definitions) {
    return {};
  }
  return forbidden(target.resource->group, target.resource->plural, target.name,
                   "this local API server has the definitions of troupe.dev built in and takes no others");
}

}  // namespace

json in_version(const json& document, const ResourceEntry& resource) {
  json copy = document;
  copy["apiVersion"] = resource.group_version();
  return copy;
}

std::string text_in_version(const StoredObject& object, const ResourceEntry& resource) {
  if (resource.storage_version.empty() || resource.storage_version == resource.version) {
    return *object.text;
  }
  return in_version(*object.document, resource).dump(-1, ' ', false, json::error_handler_t::replace);
}

ApiResult<WriteOutcome> create_object(const WriteContext& context, const WriteTarget& target, json body) {
  if (target.resource->storage == Storage::custom_resource_definitions) {
    WriteTarget named = target;
    named.name = body.is_object() ? metadata_text(body, "name") : "";
    if (context.store.get(named.key())) {
      return already_exists(target.resource->group, target.resource->plural, named.name);
    }
    return refuse_definitions(named).error();
  }
  return run(context, target,
             [&](Transaction& transaction) { return create_in(context, transaction, target, std::move(body)); });
}

ApiResult<WriteOutcome> replace_object(const WriteContext& context, const WriteTarget& target, json body) {
  if (target.resource->storage == Storage::custom_resource_definitions) {
    return change_object(context, target, [&](const json&) -> ApiResult<json> { return body; });
  }
  return run(context, target, [&](Transaction& transaction) -> ApiResult<WriteOutcome> {
    auto current = transaction.get(target.key());
    if (current) {
      return update_in(transaction, target, *current, std::move(body), false);
    }
    if (target.resource->create_on_update && target.subresource.empty()) {
      return create_in(context, transaction, target, std::move(body));
    }
    return not_found_at(target);
  });
}

ApiResult<WriteOutcome> change_object(const WriteContext& context, const WriteTarget& target,
                                      const ObjectChange& change) {
  return run(context, target, [&](Transaction& transaction) -> ApiResult<WriteOutcome> {
    auto current = transaction.get(target.key());
    if (!current) {
      return not_found_at(target);
    }
    ApiResult<json> changed = change(in_version(*current->document, *target.resource));
    if (!changed.ok()) {
      return changed.error();
    }
    if (target.resource->storage == Storage::custom_resource_definitions) {
      if (!changed->is_object() || changed->value("spec", json()) != (*current->document)["spec"]) {
        return refuse_definitions(target).error();
      }
      return WriteOutcome{*current,
                          false,
                          {"customresourcedefinitions.apiextensions.k8s.io \"" + target.name +
                           "\" is built into this local API server and stays as it is"}};
    }
    return update_in(transaction, target, *current, std::move(*changed), true);
  });
}

ApiResult<WriteOutcome> patch_object(const WriteContext& context, const WriteTarget& target, PatchFormat format,
                                     const json& patch) {
  return change_object(context, target, [&](const json& current) -> ApiResult<json> {
    switch (format) {
      case PatchFormat::json:
        return apply_json_patch(current, patch);
      case PatchFormat::merge:
        return apply_merge_patch(current, patch);
      case PatchFormat::strategic_merge:
        return apply_strategic_merge_patch(current, patch);
    }
    return internal_error("unknown patch format");
  });
}

void ensure_namespace(const WriteContext& context, std::string_view name) {
  WriteTarget target;
  target.resource = &entry_of(Storage::namespaces);
  if (!context.store.get({Storage::namespaces, "", std::string(name)})) {
    ApiResult<WriteOutcome> made = create_object(context, target, json{{"metadata", {{"name", name}}}});
    check(made.ok(), "a built-in namespace cannot be created");
  }
}

}  // namespace troupe::local
