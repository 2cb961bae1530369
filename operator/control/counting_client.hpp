// A kube::Client that counts what is asked of another one.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "kube/client.hpp"

namespace troupe::control {

/// Called after each request with its verb ("get", "list", "watch", "create", "update", "patch", "delete") and the HTTP
/// status of the answer, 0 for none. Must be thread-safe.
using RequestObserver = std::function<void(std::string_view verb, int code)>;

[[nodiscard]] std::shared_ptr<kube::Client> counting_client(std::shared_ptr<kube::Client> client,
                                                            RequestObserver observer);

}  // namespace troupe::control
