// What a container's programs find around them: environment, working folder and the ServiceAccount folder.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "kube/client.hpp"
#include "local/pod_runner/pod_spec.hpp"
#include "local/pod_runner/probe_action.hpp"

namespace troupe::local {

/// Resolves the container's variables (reading Secrets and ConfigMaps), and adds what every container gets: PATH below
/// the image's folder, HOSTNAME, HOME, KUBERNETES_SERVICE_HOST and _PORT, and the places of pod_contract.hpp.
/// Errors: `not_found` and `unavailable` with what was missing.
Result<ProgramContext> make_program_context(kube::Client& client, const ContainerSpec& container,
                                            const kube::Object& pod, const PodSpec& pod_spec,
                                            const std::filesystem::path& image_root, const std::string& pod_ip,
                                            const std::string& host_ip,
                                            const std::filesystem::path& service_account_dir);

/// Asks for a token bound to the pod and writes `token`, `ca.crt` and `namespace`. Answers the token's lifetime.
Result<std::chrono::seconds> write_service_account_folder(kube::Client& client, const kube::Object& pod,
                                                          const std::string& service_account,
                                                          const std::filesystem::path& dir);

}  // namespace troupe::local
