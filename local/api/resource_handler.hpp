// Requests for resources: from method, path and headers to reads, writes and deletes.
#pragma once

#include <string>

#include "local/api/credentials.hpp"
#include "local/api/reply.hpp"
#include "local/api/representation.hpp"
#include "local/api/request.hpp"
#include "local/api/writes.hpp"

namespace troupe::local {

struct ResourceRequest {
  const platform::HttpRequest& http;
  const RequestTarget& target;
  const ResourcePath& path;
  Representation representation;
};

/// Everything but watches and streams. Error: the Status to answer with.
ApiResult<Reply> handle_resource(const WriteContext& context, const Credentials& credentials,
                                 const ResourceRequest& request);

}  // namespace troupe::local
