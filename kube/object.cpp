#include "kube/object.hpp"

#include <nlohmann/json.hpp>

namespace troupe::kube {
namespace {

using Json = nlohmann::json;

const std::string& no_text() {
  static const std::string empty;
  return empty;
}

/// Null when absent or not an object: what a server sent is never trusted to have the right shape.
const Json* member(const Json* parent, std::string_view key) {
  if (parent == nullptr || !parent->is_object()) {
    return nullptr;
  }
  const auto found = parent->find(key);
  return found == parent->end() ? nullptr : &*found;
}

const std::string& text(const Json* value) {
  const auto* found = value == nullptr ? nullptr : value->get_ptr<const std::string*>();
  return found == nullptr ? no_text() : *found;
}

const Json* metadata(const Json& document) { return member(&document, "metadata"); }

}  // namespace

Object::Object() : document_(std::make_shared<const Json>(Json::object())) {}
Object::Object(Json document) : document_(std::make_shared<const Json>(std::move(document))) {}

const std::string& Object::name() const { return text(member(metadata(*document_), "name")); }
const std::string& Object::namespace_name() const { return text(member(metadata(*document_), "namespace")); }
const std::string& Object::uid() const { return text(member(metadata(*document_), "uid")); }
const std::string& Object::resource_version() const { return text(member(metadata(*document_), "resourceVersion")); }
const std::string& Object::kind() const { return text(member(document_.get(), "kind")); }

bool Object::being_deleted() const { return !text(member(metadata(*document_), "deletionTimestamp")).empty(); }

std::int64_t Object::generation() const {
  const Json* value = member(metadata(*document_), "generation");
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

std::string Object::label(std::string_view key) const {
  return text(member(member(metadata(*document_), "labels"), key));
}

std::string Object::annotation(std::string_view key) const {
  return text(member(member(metadata(*document_), "annotations"), key));
}

std::string Object::controller_uid() const {
  const Json* owners = member(metadata(*document_), "ownerReferences");
  if (owners == nullptr || !owners->is_array()) {
    return {};
  }
  for (const Json& owner : *owners) {
    const Json* controller = member(&owner, "controller");
    if (controller != nullptr && controller->is_boolean() && controller->get<bool>()) {
      return text(member(&owner, "uid"));
    }
  }
  return {};
}

std::string Object::key() const { return namespace_name().empty() ? name() : namespace_name() + "/" + name(); }

}  // namespace troupe::kube
