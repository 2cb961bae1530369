// continue_with: what a process tells itself to do next.
#include <stdexcept>

#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

struct Load {
  std::int64_t step = 0;
};
struct Note {
  std::string text;
};
struct Nothing {
  using Reply = std::int64_t;
};

class Loader : public PuppetBase {
 public:
  using messages = troupe::messages<Load, Note, Response<Nothing>>;
  explicit Loader(Seen seen) : PuppetBase(std::move(seen)) {
    note("constructed");
    // Somebody who knows the process early is faster than the constructor.
    troupe::send(troupe::self(), Note{"early"});
    EXPECT_TRUE(troupe::continue_with(Load{1}));
  }
  void handle(Load load) {
    note("load " + std::to_string(load.step));
    if (load.step < 3) {
      troupe::continue_with(Load{load.step + 1});
    }
    if (load.step == 100) {
      throw std::runtime_error("no such step");
    }
  }
  void handle(Note given) {
    note(given.text);
    if (given.text == "both") {
      troupe::continue_with(Load{5});
      troupe::continue_with(Load{4});
    } else if (given.text == "large") {
      troupe::continue_with(Note{std::string(100'000, 'x')});
    } else if (given.text == "bad") {
      troupe::continue_with(Load{100});
    } else if (given.text == "ask") {
      troupe::continue_with(Load{3});
      troupe::send_request("nobody", Nothing{}, std::chrono::seconds(1));
    }
  }
  void handle(const Response<Nothing>& response) { note("answered " + response.reason.text()); }
};

class Continuations : public SimulatedNode {
 protected:
  void post(const Pid& pid, const std::string& text) {
    runtime.post(pid, Term::tuple({atom("note"), Term::binary(text)}));
  }
  std::vector<std::string> take() { return std::exchange(*seen, {}); }

  Seen seen = nothing_seen();
};

using Texts = std::vector<std::string>;

TEST_F(Continuations, of_a_constructor_come_before_every_message) {
  runtime.spawn<Loader>(seen);
  EXPECT_EQ(take(), (Texts{"constructed"})) << "nobody waits for them";
  settle();
  EXPECT_EQ(take(), (Texts{"load 1", "load 2", "load 3", "early"}));
}

TEST_F(Continuations, of_a_handler_come_before_what_waits_and_the_later_one_first) {
  const Pid loader = runtime.spawn<Loader>(seen);
  settle();
  take();
  post(loader, "both");
  post(loader, "after");
  settle();
  EXPECT_EQ(take(), (Texts{"both", "load 4", "load 5", "after"}));
}

TEST_F(Continuations, are_obeyed_by_a_process_that_nobody_writes_to) {
  auto started = runtime.start(start_request<Loader>(seen));
  ASSERT_TRUE(started.ok());
  settle();
  EXPECT_EQ(take().size(), 5u);
  EXPECT_EQ(runtime.process_info(*started)->mailbox_length, 0u);
}

TEST_F(Continuations, leave_the_count_of_large_messages_as_it_was) {
  const Pid loader = runtime.spawn<Loader>(seen);
  post(loader, "large");
  settle();
  EXPECT_EQ(take().back().size(), 100'000u);
  EXPECT_EQ(runtime.process_info(loader)->mailbox_large_bytes, 0u);
}

TEST_F(Continuations, lose_nothing_that_arrives_after_them_in_an_empty_queue) {
  const Pid loader = runtime.spawn<Loader>(seen);
  settle();
  take();
  post(loader, "ask");
  settle();
  EXPECT_EQ(take(), (Texts{"ask", "load 3", "answered noproc"}));
}

TEST_F(Continuations, that_throw_end_the_process) {
  const Pid loader = runtime.spawn<Loader>(seen);
  post(loader, "bad");
  post(loader, "after");
  settle();
  EXPECT_FALSE(runtime.alive(loader));
  EXPECT_EQ(take().back(), "load 100");
}

TEST_F(Continuations, are_for_processes_alone) {
  const RuntimeScope scope(runtime);
  EXPECT_FALSE(troupe::continue_with(Load{1}));
}

}  // namespace
}  // namespace troupe
