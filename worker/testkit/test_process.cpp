#include "worker/testkit/test_process.hpp"

namespace troupe::test {
namespace {

/// Responses are typed by their requests, which the class cannot list: the test takes them as they are delivered.
int handle_delivery(void* state, const troupe_delivery* delivery) {
  if (delivery->kind != TROUPE_RESPONSE) {
    return abi::handle_class<TestProcess>(state, delivery);
  }
  return abi::guarded([&]() -> int {
    return static_cast<TestProcess*>(state)->take_response(*delivery) ? TROUPE_HANDLED : TROUPE_NOT_UNDERSTOOD;
  });
}

const troupe_process_class& test_process_class() {
  static const troupe_process_class made = [] {
    troupe_process_class process_class = abi::process_class<TestProcess>;
    process_class.handle = &handle_delivery;
    return process_class;
  }();
  return made;
}

}  // namespace

bool TestProcess::take_response(const troupe_delivery& delivery) {
  const auto waiting = inbox_.responses.find(delivery.number);
  if (waiting == inbox_.responses.end()) {
    return false;
  }
  const auto take = std::move(waiting->second);
  inbox_.responses.erase(waiting);
  take(delivery);
  return true;
}

Pid start_test_process(Runtime& runtime, Inbox& inbox) {
  StartRequest request;
  request.process_class = &test_process_class();
  request.construct = abi::constructor_of<TestProcess>(std::ref(inbox));
  auto started = runtime.start(request);
  return started ? *started : Pid{};
}

}  // namespace troupe::test
