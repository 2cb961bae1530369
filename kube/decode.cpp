#include "kube/decode.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace troupe::kube {
namespace {

using Json = nlohmann::json;

/// Builds the document while it is parsed. `open_` holds the containers from the root to the one being filled.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& value) override { return add(std::move(value)); }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (skipped_depth_ > 0) {
      return true;
    }
    skip_next_ = name == "managedFields" && open_.back().key == "metadata";
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    error_ = {ErrorCode::invalid_argument, "not JSON from byte " + std::to_string(position) + " on"};
    return false;
  }

  Json take() { return std::move(root_); }
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  struct Level {
    Json* container;
    std::string key;  ///< Under which the container stands in its parent.
  };

  /// Where the next value goes; null while it is to be dropped.
  Json* place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back().container;
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    Json& slot = parent[key_];
    slot = std::move(value);
    return &slot;
  }

  bool add(Json value) {
    if (skipped_depth_ > 0) {
      return true;
    }
    if (skip_next_) {
      skip_next_ = false;
      return true;
    }
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (open_.size() + skipped_depth_ >= json_depth_max) {
      error_ = {ErrorCode::limit_exceeded, "JSON nested deeper than " + std::to_string(json_depth_max) + " levels"};
      return false;
    }
    if (skipped_depth_ > 0 || skip_next_) {
      skip_next_ = false;
      ++skipped_depth_;
      return true;
    }
    const bool in_object = !open_.empty() && open_.back().container->is_object();
    std::string key = in_object ? key_ : std::string();
    open_.push_back({place(std::move(container)), std::move(key)});
    return true;
  }

  bool close() {
    if (skipped_depth_ > 0) {
      --skipped_depth_;
    } else {
      open_.pop_back();
    }
    return true;
  }

  Json root_;
  std::vector<Level> open_;
  std::string key_;
  bool skip_next_ = false;
  std::size_t skipped_depth_ = 0;
  Error error_;
};

}  // namespace

Result<Json> decode_json(std::string_view text) {
  Builder builder;
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return builder.error();
  }
  return builder.take();
}

}  // namespace troupe::kube
