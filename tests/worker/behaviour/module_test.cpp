// The behaviours in a module, which shares nothing with the host but the table of functions.
#include <filesystem>

#include "tests/worker/process/fixtures.hpp"
#include "worker/process/module_image.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

class ModuleBehaviours : public SimulatedNode {
 protected:
  void SetUp() override {
    auto opened = ModuleImage::open(std::filesystem::path(TROUPE_TEST_MODULES) / "behaviours.so");
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    image = *opened;
  }
  Pid start(std::string_view class_name) {
    StartRequest request;
    request.process_class = image->find_class(class_name);
    EXPECT_NE(request.process_class, nullptr) << class_name;
    const auto started = runtime.start(request);
    EXPECT_TRUE(started.ok());
    return started ? *started : Pid{};
  }
  std::string ask(const Pid& pid, std::string_view what) {
    const auto answer = runtime.call(pid, atom(what), 1s);
    return answer ? answer->text() : answer.error().message;
  }

  std::shared_ptr<const ModuleImage> image;
};

TEST_F(ModuleBehaviours, a_class_with_states_is_a_state_machine) {
  const Pid turnstile = start("Turnstile");
  runtime.post(turnstile, atom("push"));
  runtime.post(turnstile, atom("push"));
  scheduler.run_for(100ms);
  EXPECT_EQ(ask(turnstile, "opened"), "1");
  scheduler.run_for(2s);
  EXPECT_EQ(ask(turnstile, "opened"), "2") << "the postponed push opens it again";
}

TEST_F(ModuleBehaviours, tasks_and_agents_serve_a_process) {
  const Pid squares = start("Squares");
  runtime.post(squares, Term::tuple({atom("square"), Term::integer(10)}));
  settle();
  EXPECT_EQ(ask(squares, "total"), "385");
}

TEST_F(ModuleBehaviours, stages_subscribe_by_terms_too) {
  const Pid numbers = start("Numbers");
  const Pid sum = start("Sum");
  const auto subscribed = runtime.call(sum,
                                       Term::tuple({atom("subscribe_to"), Term::pid(numbers), Term::integer(10),
                                                    Term::integer(5), atom("temporary"), Term::integer(-1)}),
                                       1s);
  ASSERT_TRUE(subscribed.ok() && subscribed->as_reference());
  settle();
  EXPECT_EQ(ask(sum, "total"), "5050");
}

}  // namespace
}  // namespace troupe
