#include "local/api/deletion.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "local/api/object_meta.hpp"
#include "local/api/pod_rules.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;
using Transaction = Store::Transaction;

constexpr const char* foreground_finalizer = "foregroundDeletion";
constexpr const char* orphan_finalizer = "orphan";

void set_finalizer(json& document, std::string_view finalizer, bool present) {
  json& metadata = document["metadata"];
  json list = metadata.value("finalizers", json::array());
  list.erase(std::remove(list.begin(), list.end(), json(finalizer)), list.end());
  if (present) {
    list.push_back(finalizer);
  }
  if (list.empty()) {
    metadata.erase("finalizers");
  } else {
    metadata["finalizers"] = std::move(list);
  }
}

void set_propagation(json& document, Propagation propagation) {
  if (propagation == Propagation::unset) {
    return;
  }
  set_finalizer(document, foreground_finalizer, propagation == Propagation::foreground);
  set_finalizer(document, orphan_finalizer, propagation == Propagation::orphan);
}

void mark(json& document, std::int64_t grace_seconds, WallTime now) {
  json& metadata = document["metadata"];
  const bool already = being_deleted(document);
  if (already && metadata.value("deletionGracePeriodSeconds", std::int64_t{0}) <= grace_seconds) {
    return;
  }
  metadata["deletionTimestamp"] = rfc3339_seconds(now + std::chrono::seconds(grace_seconds));
  metadata["deletionGracePeriodSeconds"] = grace_seconds;
  if (!already && metadata.contains("generation")) {
    metadata["generation"] = metadata["generation"].get<std::int64_t>() + 1;
  }
  if (document["kind"] == "Namespace") {
    document["status"]["phase"] = "Terminating";
  }
}

bool may_go(const json& document) {
  return being_deleted(document) && !has_finalizers(document) && document["kind"] != "Namespace" &&
         document["metadata"].value("deletionGracePeriodSeconds", 0) == 0;
}

DeleteOutcome delete_in(Transaction& transaction, const ObjectKey& key, std::optional<std::int64_t> grace_asked,
                        Propagation propagation, WallTime now) {
  const StoredObject current = *transaction.get(key);
  json document = *current.document;
  set_propagation(document, propagation);
  const std::int64_t grace =
      key.storage == Storage::pods ? pod_grace_seconds(document, grace_asked ? &*grace_asked : nullptr) : 0;
  mark(document, grace, now);
  if (may_go(document)) {
    return {transaction.remove(key), true};
  }
  return {document == *current.document ? current : transaction.put(key, std::move(document)), false};
}

void drop_finalizer(Transaction& transaction, const ObjectKey& key, std::string_view finalizer) {
  json document = *transaction.get(key)->document;
  set_finalizer(document, finalizer, false);
  write_or_finish(transaction, key, std::move(document));
}

bool names_owner(const json& reference, std::string_view uid) { return reference.value("uid", std::string()) == uid; }

bool blocks(const json& document, std::string_view owner_uid) {
  return std::ranges::any_of(document["metadata"]["ownerReferences"], [&](const json& reference) {
    return names_owner(reference, owner_uid) && reference.value("blockOwnerDeletion", false);
  });
}

// An owner that is in another namespace does not exist for its would-be dependent.
std::optional<ObjectKey> owner_of(const Transaction& transaction, const json& reference,
                                  const std::string& namespace_name) {
  auto found = transaction.find_uid(reference.value("uid", std::string()));
  if (found && !found->namespace_name.empty() && found->namespace_name != namespace_name) {
    return std::nullopt;
  }
  return found;
}

bool waits_for_dependents(const Transaction& transaction, const ObjectKey& owner) {
  const StoredObject object = *transaction.get(owner);
  return being_deleted(*object.document) && has_finalizer(*object.document, foreground_finalizer);
}

bool has_blocking_dependents(const Transaction& transaction, const std::string& uid) {
  return std::ranges::any_of(transaction.dependents(uid),
                             [&](const ObjectKey& key) { return blocks(*transaction.get(key)->document, uid); });
}

// Deletes an object none of whose owners stays, or drops the references to those that are gone.
void collect(Transaction& transaction, const ObjectKey& key, WallTime now) {
  auto object = transaction.get(key);
  if (!object || being_deleted(*object->document)) {
    return;
  }
  const json& references = (*object->document)["metadata"]["ownerReferences"];
  json solid = json::array();
  bool absent = false;
  bool waiting = false;
  for (const json& reference : references) {
    auto owner = owner_of(transaction, reference, key.namespace_name);
    if (!owner) {
      absent = true;
    } else if (waits_for_dependents(transaction, *owner)) {
      waiting = true;
    } else {
      solid.push_back(reference);
    }
  }
  if (!absent && !waiting) {
    return;
  }
  if (solid.empty()) {
    const std::string uid = metadata_text(*object->document, "uid");
    const bool foreground = waiting && has_blocking_dependents(transaction, uid);
    delete_in(transaction, key, std::nullopt, foreground ? Propagation::foreground : Propagation::unset, now);
    return;
  }
  json document = *object->document;
  document["metadata"]["ownerReferences"] = std::move(solid);
  transaction.put(key, std::move(document));
}

void orphan_dependents(Transaction& transaction, const std::string& uid) {
  for (const ObjectKey& key : transaction.dependents(uid)) {
    json document = *transaction.get(key)->document;
    json& references = document["metadata"]["ownerReferences"];
    references.erase(std::remove_if(references.begin(), references.end(),
                                    [&](const json& reference) { return names_owner(reference, uid); }),
                     references.end());
    if (references.empty()) {
      document["metadata"].erase("ownerReferences");
    }
    transaction.put(key, std::move(document));
  }
}

// Takes the next step of an object that waits for its orphans or its dependents.
void advance(Transaction& transaction, const ObjectKey& key, WallTime now) {
  auto object = transaction.get(key);
  if (!object || !being_deleted(*object->document)) {
    return;
  }
  const std::string uid = metadata_text(*object->document, "uid");
  if (has_finalizer(*object->document, orphan_finalizer)) {
    orphan_dependents(transaction, uid);
    drop_finalizer(transaction, key, orphan_finalizer);
    return;
  }
  if (!has_finalizer(*object->document, foreground_finalizer)) {
    return;
  }
  for (const ObjectKey& dependent : transaction.dependents(uid)) {
    collect(transaction, dependent, now);
  }
  if (!has_blocking_dependents(transaction, uid)) {
    drop_finalizer(transaction, key, foreground_finalizer);
  }
}

void empty_namespace(Transaction& transaction, const std::string& name, WallTime now) {
  for (const ResourceEntry& resource : resource_table()) {
    if (!resource.namespaced || &resource != &entry_of(resource.storage)) {
      continue;
    }
    for (const StoredObject& object : transaction.list(resource.storage, name)) {
      const ObjectKey key{resource.storage, name, metadata_text(*object.document, "name")};
      if (transaction.get(key)) {
        delete_in(transaction, key, std::nullopt, Propagation::background, now);
      }
    }
  }
}

void finish_namespace(Transaction& transaction, const std::string& name) {
  const ObjectKey key{Storage::namespaces, "", name};
  auto home = transaction.get(key);
  if (!home || !being_deleted(*home->document) || has_finalizers(*home->document)) {
    return;
  }
  for (const ResourceEntry& resource : resource_table()) {
    if (resource.namespaced && !transaction.list(resource.storage, name).empty()) {
      return;
    }
  }
  transaction.remove(key);
}

void settle_one(Transaction& transaction, const Change& change, WallTime now) {
  const json& document = *(change.after ? *change.after : *change.last).document;
  const std::string uid = metadata_text(document, "uid");
  const json owners = document["metadata"].value("ownerReferences", json::array());
  if (change.after) {
    if (change.key.storage == Storage::namespaces && being_deleted(document) && transaction.get(change.key)) {
      empty_namespace(transaction, change.key.name, now);
      finish_namespace(transaction, change.key.name);
      return;
    }
    if (!owners.empty()) {
      collect(transaction, change.key, now);
    }
    advance(transaction, change.key, now);
    return;
  }
  for (const ObjectKey& dependent : transaction.dependents(uid)) {
    collect(transaction, dependent, now);
  }
  for (const json& reference : owners) {
    if (auto owner = owner_of(transaction, reference, change.key.namespace_name)) {
      advance(transaction, *owner, now);
    }
  }
  if (!change.key.namespace_name.empty()) {
    finish_namespace(transaction, change.key.namespace_name);
  }
}

ApiResult<void> check_delete(const json& document, const ResourceEntry& resource, const ObjectKey& key,
                             const DeleteParameters& parameters) {
  const std::string uid = metadata_text(document, "uid");
  const std::string revision = metadata_text(document, "resourceVersion");
  if (!parameters.uid.empty() && parameters.uid != uid) {
    return conflict(resource.group, resource.plural, key.name,
                    "Precondition failed: UID in precondition: " + parameters.uid + ", UID in object meta: " + uid);
  }
  if (!parameters.resource_version.empty() && parameters.resource_version != revision) {
    return conflict(resource.group, resource.plural, key.name,
                    "Precondition failed: ResourceVersion in precondition: " + parameters.resource_version +
                        ", ResourceVersion in object meta: " + revision);
  }
  const bool kept = key.name == "default" || key.name == "kube-system" || key.name == "kube-public";
  if (key.storage == Storage::namespaces && kept) {
    return forbidden("", "namespaces", key.name, "this namespace may not be deleted");
  }
  return {};
}

StatusError bad_delete_options(std::string_view field, std::string_view value, std::string_view supported) {
  return invalid("meta.k8s.io", "DeleteOptions", "",
                 {{"FieldValueNotSupported",
                   "Unsupported value: \"" + std::string(value) + "\": supported values: " + std::string(supported),
                   std::string(field)}});
}

ApiResult<Propagation> parse_propagation(const std::string& text) {
  if (text == "Background") {
    return Propagation::background;
  }
  if (text == "Foreground") {
    return Propagation::foreground;
  }
  if (text == "Orphan") {
    return Propagation::orphan;
  }
  return bad_delete_options("propagationPolicy", text, "\"Foreground\", \"Background\", \"Orphan\", \"nil\"");
}

}  // namespace

ApiResult<DeleteParameters> parse_delete_parameters(const json& body, const Query& query) {
  DeleteParameters parameters;
  if (!body.is_null() && !body.is_object()) {
    return bad_request("the body of a DELETE must be a DeleteOptions object");
  }
  const json options = body.is_object() ? body : json::object();
  auto text = [&](const json& object, const char* field) {
    auto found = object.find(field);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (auto preconditions = options.find("preconditions");
      preconditions != options.end() && preconditions->is_object()) {
    parameters.uid = text(*preconditions, "uid");
    parameters.resource_version = text(*preconditions, "resourceVersion");
  }
  std::string propagation = text(options, "propagationPolicy");
  if (query.has("propagationPolicy")) {
    propagation = query.get("propagationPolicy");
  }
  if (!propagation.empty()) {
    ApiResult<Propagation> parsed = parse_propagation(propagation);
    if (!parsed.ok()) {
      return parsed.error();
    }
    parameters.propagation = *parsed;
    if (options.contains("orphanDependents") || query.has("orphanDependents")) {
      return invalid("meta.k8s.io", "DeleteOptions", "",
                     {invalid_cause("propagationPolicy", nlohmann::json(propagation).dump(),
                                    "orphanDependents and deletionPropagation cannot be both set")});
    }
  } else if (options.value("orphanDependents", json()) == true || query.get("orphanDependents") == "true") {
    parameters.propagation = Propagation::orphan;
  }
  if (auto grace = options.find("gracePeriodSeconds"); grace != options.end() && grace->is_number_integer()) {
    parameters.grace_period_seconds = grace->get<std::int64_t>();
  }
  if (query.has("gracePeriodSeconds")) {
    char* end = nullptr;
    const std::string seconds = query.get("gracePeriodSeconds");
    parameters.grace_period_seconds = std::strtoll(seconds.c_str(), &end, 10);
    if (seconds.empty() || *end != '\0') {
      return bad_request("gracePeriodSeconds must be a whole number of seconds, not \"" + seconds + "\"");
    }
  }
  for (const json& value : options.value("dryRun", json::array())) {
    if (value != "All") {
      return bad_delete_options("dryRun", value.is_string() ? value.get<std::string>() : value.dump(), "\"All\"");
    }
    parameters.dry_run = true;
  }
  ApiResult<WriteParameters> from_query = parse_write_parameters(query);
  if (!from_query.ok()) {
    return from_query.error();
  }
  parameters.dry_run = parameters.dry_run || from_query->dry_run;
  return parameters;
}

ApiResult<DeleteOutcome> delete_object(const WriteContext& context, const ResourceEntry& resource, const ObjectKey& key,
                                       const DeleteParameters& parameters) {
  ApiResult<DeleteOutcome> outcome = internal_error("the delete did not run");
  Result<void> stored = context.store.transact([&](Transaction& transaction) {
    auto current = transaction.get(key);
    if (!current) {
      outcome = not_found(resource.group, resource.plural, key.name);
      return false;
    }
    if (ApiResult<void> allowed = check_delete(*current->document, resource, key, parameters); !allowed.ok()) {
      outcome = allowed.error();
      return false;
    }
    outcome =
        delete_in(transaction, key, parameters.grace_period_seconds, parameters.propagation, context.clock.wall_now());
    if (parameters.dry_run) {
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

StoredObject write_or_finish(Transaction& transaction, const ObjectKey& key, json document) {
  if (!may_go(document)) {
    return transaction.put(key, std::move(document));
  }
  const StoredObject last = transaction.remove(key);
  document["metadata"]["resourceVersion"] = std::to_string(last.revision);
  return StoredObject{
      std::make_shared<const json>(document),
      std::make_shared<const std::string>(document.dump(-1, ' ', false, json::error_handler_t::replace)),
      last.revision};
}

void settle_consequences(Transaction& transaction, const Clock& clock) {
  const WallTime now = clock.wall_now();
  for (std::size_t i = 0; i < transaction.changes().size(); ++i) {
    const Change change = transaction.changes()[i];  // Settling appends: no reference would stay valid.
    settle_one(transaction, change, now);
  }
}

}  // namespace troupe::local
