#include "operator/control/counting_client.hpp"

#include <nlohmann/json.hpp>

namespace troupe::control {
namespace {

using kube::ApiResult;
using kube::Object;
using kube::ResourceType;
using nlohmann::json;

class CountingClient final : public kube::Client {
 public:
  CountingClient(std::shared_ptr<kube::Client> client, RequestObserver observer)
      : client_(std::move(client)), observer_(std::move(observer)) {}

  ApiResult<Object> get(const ResourceType& type, std::string_view namespace_name, std::string_view name) override {
    return counted("get", client_->get(type, namespace_name, name));
  }
  ApiResult<kube::ObjectList> list(const ResourceType& type, const kube::ListOptions& options) override {
    return counted("list", client_->list(type, options));
  }
  std::unique_ptr<kube::Watch> watch(const ResourceType& type, const kube::WatchOptions& options,
                                     kube::WatchHandler handler) override {
    // Answered when it opens; a watch that ends with an error before that was refused.
    auto opened = std::make_shared<bool>(false);
    kube::WatchHandler counting = handler;
    counting.on_open = [this, opened, on_open = handler.on_open] {
      *opened = true;
      observer_("watch", 200);
      if (on_open) {
        on_open();
      }
    };
    counting.on_end = [this, opened, on_end = handler.on_end](std::optional<kube::ApiError> error) {
      if (!*opened && error) {
        observer_("watch", error->status);
      }
      if (on_end) {
        on_end(std::move(error));
      }
    };
    return client_->watch(type, options, std::move(counting));
  }
  ApiResult<Object> create_object(const ResourceType& type, std::string_view namespace_name, const json& document,
                                  const kube::WriteOptions& options) override {
    return counted("create", client_->create_object(type, namespace_name, document, options), 201);
  }
  ApiResult<Object> replace(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                            const json& document, const kube::WriteOptions& options) override {
    return counted("update", client_->replace(type, namespace_name, name, document, options));
  }
  ApiResult<Object> patch(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                          kube::PatchType patch_type, const json& patch, const kube::WriteOptions& options) override {
    return counted("patch", client_->patch(type, namespace_name, name, patch_type, patch, options));
  }
  ApiResult<Object> remove(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                           const kube::DeleteOptions& options) override {
    return counted("delete", client_->remove(type, namespace_name, name, options));
  }
  ApiResult<Object> post_subresource(const ResourceType& type, std::string_view namespace_name, std::string_view name,
                                     std::string_view subresource, const json& document) override {
    return counted("create", client_->post_subresource(type, namespace_name, name, subresource, document), 201);
  }
  ApiResult<std::string> get_raw(std::string_view path_and_query) override {
    return counted("get", client_->get_raw(path_and_query));
  }
  const kube::Config& config() const override { return client_->config(); }
  void stop() override { client_->stop(); }

 private:
  template <class T>
  ApiResult<T> counted(std::string_view verb, ApiResult<T> result, int code_of_success = 200) {
    observer_(verb, result.ok() ? code_of_success : result.error().status);
    return result;
  }

  std::shared_ptr<kube::Client> client_;
  RequestObserver observer_;
};

}  // namespace

std::shared_ptr<kube::Client> counting_client(std::shared_ptr<kube::Client> client, RequestObserver observer) {
  return std::make_shared<CountingClient>(std::move(client), std::move(observer));
}

}  // namespace troupe::control
