#include "local/api/kubelet_address.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace troupe::local {
namespace {

using nlohmann::json;

std::vector<std::string> container_names(const json& pod) {
  std::vector<std::string> names;
  for (const char* list : {"initContainers", "containers"}) {
    const json containers = pod["spec"].value(list, json::array());
    for (const json& container : containers) {
      names.push_back(container.value("name", ""));
    }
  }
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : " ") + name;
  }
  return "[" + text + "]";
}

ApiResult<std::string> choose_container(const json& pod, const std::string& pod_name, const std::string& asked) {
  const std::vector<std::string> names = container_names(pod);
  if (asked.empty()) {
    const json annotations = pod["metadata"].value("annotations", json::object());
    const std::string preset = annotations.value("kubectl.kubernetes.io/default-container", "");
    if (names.size() == 1 || !preset.empty()) {
      return preset.empty() ? names.front() : preset;
    }
    return bad_request("a container name must be specified for pod " + pod_name + ", choose one of: " + listed(names));
  }
  if (std::ranges::find(names, asked) == names.end()) {
    return bad_request("container " + asked + " is not valid for pod " + pod_name);
  }
  return asked;
}

ApiResult<Endpoint> kubelet_of(const Store& store, const std::string& node_name) {
  auto node = store.get({Storage::nodes, "", node_name});
  if (!node) {
    return not_found("", "nodes", node_name);
  }
  const json status = node->document->value("status", json::object());
  Endpoint at;
  for (const json& address : status.value("addresses", json::array())) {
    if (address.value("type", "") == "InternalIP") {
      at.host = address.value("address", "");
    }
  }
  const json::json_pointer port("/daemonEndpoints/kubeletEndpoint/Port");
  at.port = status.contains(port) && status[port].is_number_integer() ? status[port].get<std::uint16_t>() : 0;
  if (at.host.empty() || at.port == 0) {
    return service_unavailable("node " + node_name +
                               " does not say where its kubelet is (InternalIP and daemonEndpoints of its status)");
  }
  return at;
}

// The options that the kubelet takes, under the names that it takes them by.
std::string kubelet_query(const RequestTarget& target, bool exec) {
  std::string query;
  auto add = [&](std::string_view name, const std::string& value) {
    query += (query.empty() ? "?" : "&") + std::string(name) + "=" + percent_encoded(value);
  };
  if (!exec) {
    for (const char* name :
         {"follow", "tailLines", "sinceSeconds", "sinceTime", "timestamps", "limitBytes", "previous"}) {
      if (target.query.has(name)) {
        add(name, target.query.get(name));
      }
    }
    return query;
  }
  // Commands keep their order: a multimap keeps equal keys in the order of insertion.
  auto [first, last] = target.query.values.equal_range("command");
  for (; first != last; ++first) {
    add("command", first->second);
  }
  for (auto [option, name] : {std::pair{"stdin", "input"}, {"stdout", "output"}, {"stderr", "error"}, {"tty", "tty"}}) {
    if (target.query.flag(option)) {
      add(name, "1");
    }
  }
  return query;
}

}  // namespace

ApiResult<KubeletRequest> find_kubelet(const Store& store, const ResourcePath& path, const RequestTarget& target) {
  auto pod = store.get({Storage::pods, path.namespace_name, path.name});
  if (!pod) {
    return not_found("", "pods", path.name);
  }
  ApiResult<std::string> container = choose_container(*pod->document, path.name, target.query.get("container"));
  if (!container.ok()) {
    return container.error();
  }
  const std::string node_name = (*pod->document)["spec"].value("nodeName", "");
  if (node_name.empty()) {
    return bad_request("pod " + path.name + " does not have a host assigned");
  }
  ApiResult<Endpoint> kubelet = kubelet_of(store, node_name);
  if (!kubelet.ok()) {
    return kubelet.error();
  }
  const bool exec = path.subresource == "exec";
  return KubeletRequest{*kubelet, (exec ? "/exec/" : "/containerLogs/") + path.namespace_name + "/" + path.name + "/" +
                                      *container + kubelet_query(target, exec)};
}

}  // namespace troupe::local
