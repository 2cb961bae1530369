#include "local/api/openapi_v2.hpp"

#include <nlohmann/json.hpp>

#include "local/api/definitions.hpp"
#include "local/api/protobuf_writer.hpp"
#include "local/api/resource_table.hpp"

namespace troupe::local {
namespace {

using nlohmann::json;

// Field numbers of OpenAPIv2.proto.
namespace document {
constexpr int swagger = 1, info = 2, paths = 8, definitions = 9;
}
namespace path_item {
constexpr int patch = 8;
}
namespace operation {
constexpr int parameters = 8, responses = 9, vendor_extension = 13;
}
namespace schema_field {
constexpr int ref = 1, format = 2, description = 4, required = 19, additional_properties = 21, type = 22, items = 23,
              properties = 25, vendor_extension = 31;
}

std::string named(std::string_view name, std::string_view value) {
  return ProtobufWriter().add(1, name).add(2, value).bytes();
}

// NamedAny, whose value is YAML text.
std::string extension(std::string_view name, std::string_view yaml) {
  return named(name, ProtobufWriter().add(2, yaml).bytes());
}

std::string kind_yaml(const ResourceEntry& resource, std::string_view first_indent, std::string_view indent) {
  return std::string(first_indent) + "group: \"" + std::string(resource.group) + "\"\n" + std::string(indent) +
         "kind: " + std::string(resource.kind) + "\n" + std::string(indent) +
         "version: " + std::string(resource.version) + "\n";
}

std::string schema_message(const json& schema);

void add_members(ProtobufWriter& message, const json& schema) {
  if (auto type = schema.find("type"); type != schema.end()) {
    message.add(schema_field::type, ProtobufWriter().add(1, type->get<std::string>()).bytes());
  }
  if (auto properties = schema.find("properties"); properties != schema.end()) {
    ProtobufWriter members;
    for (const auto& [name, member] : properties->items()) {
      members.add(1, named(name, schema_message(member)));
    }
    message.add(schema_field::properties, members.bytes());
  }
  if (auto items = schema.find("items"); items != schema.end()) {
    message.add(schema_field::items, ProtobufWriter().add(1, schema_message(*items)).bytes());
  }
  if (auto additional = schema.find("additionalProperties"); additional != schema.end()) {
    const std::string value = additional->is_object() ? ProtobufWriter().add(1, schema_message(*additional)).bytes()
                                                      : ProtobufWriter().add_flag(2, additional->get<bool>()).bytes();
    message.add(schema_field::additional_properties, value);
  }
  if (auto required = schema.find("required"); required != schema.end()) {
    for (const json& name : *required) {
      message.add(schema_field::required, name.get<std::string>());
    }
  }
}

std::string schema_message(const json& schema) {
  ProtobufWriter message;
  if (schema.contains("$ref")) {
    message.add(schema_field::ref, "#/definitions/" + std::string(object_meta_definition));
  }
  if (auto format = schema.find("format"); format != schema.end()) {
    message.add(schema_field::format, format->get<std::string>());
  }
  if (auto description = schema.find("description"); description != schema.end()) {
    message.add(schema_field::description, description->get<std::string>());
  }
  // Where unknown fields are kept, kubectl must not hold an object to the properties that are listed.
  const bool open =
      schema.value("x-kubernetes-preserve-unknown-fields", false) || schema.value("x-kubernetes-int-or-string", false);
  if (!open) {
    add_members(message, schema);
  }
  if (auto kind = schema.find("x-kubernetes-group-version-kind"); kind != schema.end()) {
    message.add(schema_field::vendor_extension, extension("x-kubernetes-group-version-kind", kind->get<std::string>()));
  }
  return message.bytes();
}

// PATCH of one object: kubectl looks here whether dryRun is known.
std::string patch_path(const ResourceEntry& resource) {
  ProtobufWriter patch;
  for (const char* name : {"dryRun", "fieldManager", "fieldValidation", "force"}) {
    const std::string query = ProtobufWriter()
                                  .add(2, "query")
                                  .add(4, name)
                                  .add(6, std::string_view(name) == "force" ? "boolean" : "string")
                                  .bytes();
    const std::string not_body = ProtobufWriter().add(3, query).bytes();
    const std::string parameter = ProtobufWriter().add(2, not_body).bytes();
    patch.add(operation::parameters, ProtobufWriter().add(1, parameter).bytes());
  }
  const std::string ok = named("200", ProtobufWriter().add(1, ProtobufWriter().add(1, "OK").bytes()).bytes());
  patch.add(operation::responses, ProtobufWriter().add(1, ok).bytes());
  patch.add(operation::vendor_extension, extension("x-kubernetes-action", "patch\n"));
  patch.add(operation::vendor_extension, extension("x-kubernetes-group-version-kind", kind_yaml(resource, "", "")));
  return ProtobufWriter().add(path_item::patch, patch.bytes()).bytes();
}

std::string build() {
  ProtobufWriter paths;
  ProtobufWriter definitions;
  for (const ResourceEntry& resource : resource_table()) {
    paths.add(2, named(resource.path_template(), patch_path(resource)));
    json schema = definition_of(resource);
    schema["x-kubernetes-group-version-kind"] = kind_yaml(resource, "- ", "  ");
    definitions.add(1, named(definition_name(resource), schema_message(schema)));
  }
  definitions.add(1, named(object_meta_definition, schema_message(object_meta_schema())));
  return ProtobufWriter()
      .add(document::swagger, "2.0")
      .add(document::info, named("Troupe local API", "v1.32.0"))
      .add(document::paths, paths.bytes())
      .add(document::definitions, definitions.bytes())
      .bytes();
}

}  // namespace

const std::string& openapi_v2_document() {
  static const std::string text = build();
  return text;
}

}  // namespace troupe::local
