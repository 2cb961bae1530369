// Agents: a state that others look at and change.
#include "troupe/agent.hpp"

#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using Items = std::map<std::string, std::int64_t>;

class Asker : public PuppetBase {
 public:
  using messages = troupe::messages<Do, agent::Response<std::int64_t>, agent::Response<void>>;
  Asker(Seen seen, std::shared_ptr<std::vector<Act>> acts) : PuppetBase(std::move(seen)), acts_(std::move(acts)) {}
  void handle(Do what) { (*acts_)[static_cast<std::size_t>(what.act)](); }
  void handle(const agent::Response<std::int64_t>& value) {
    note(value.ok() ? "value " + std::to_string(*value.reply) : "no value " + value.reason.text());
  }
  void handle(const agent::Response<void>& done) { note(done.ok() ? "updated" : "not updated"); }

 private:
  std::shared_ptr<std::vector<Act>> acts_;
};

class Agents : public SimulatedNode {
 protected:
  Agents() {
    const RuntimeScope scope(runtime);
    items = agent::start([] { return Items{{"tea", 1}}; }, {.name = "items"});
  }
  Texts take() { return std::exchange(*seen, {}); }

  Seen seen = nothing_seen();
  Pid asker = puppet<Asker>(seen);
  agent::Agent<Items> items;
};

TEST_F(Agents, are_read_and_changed_in_the_order_in_which_they_are_asked) {
  run_in(asker, [this] {
    agent::cast(items, [](Items& all) { all["tea"] += 4; });
    agent::get(items, [](const Items& all) { return all.at("tea"); });
    agent::update(items, [](Items& all) { all["salt"] = 7; });
    agent::get_and_update(items, [](Items& all) { return std::exchange(all["salt"], 9); });
    agent::get(agent::Agent<Items>{troupe::whereis("items")}, [](const Items& all) { return all.at("salt"); });
  });
  EXPECT_EQ(take(), (Texts{"value 5", "updated", "value 7", "value 9"}));
}

TEST_F(Agents, end_with_a_function_that_throws_and_tell_it_to_who_waits) {
  run_in(asker, [this] { agent::get(items, [](const Items& all) { return all.at("nothing"); }); });
  ASSERT_EQ(seen->size(), 1u);
  EXPECT_NE(take()[0].find("std::out_of_range"), std::string::npos);
  run_in(asker, [this] { agent::get(items, [](const Items&) { return std::int64_t{1}; }); });
  EXPECT_EQ(take(), (Texts{"no value noproc"}));
}

TEST_F(Agents, stop_after_what_was_asked_before) {
  run_in(asker, [this] {
    agent::get(items, [](const Items& all) { return all.at("tea"); });
    agent::stop(items);
    agent::get(items, [](const Items& all) { return all.at("tea"); });
  });
  EXPECT_EQ(take(), (Texts{"value 1", "no value normal"}));
  EXPECT_FALSE(runtime.alive(items.pid));
}

TEST_F(Agents, are_linked_when_that_is_asked_for) {
  run_in(asker, [] {
    agent::start_link([] { return 1; });
    troupe::exit(atom("gone"));
  });
  EXPECT_EQ(runtime.counters().processes, 1u) << "only the agent without a link is left";
}

TEST_F(Agents, have_no_answer_for_strangers) {
  const auto answer = runtime.call(items.pid, Term::tuple({atom("apply"), atom("local")}), 1s);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->text(), "{error,{unknown_request,{apply,local}}}");
  EXPECT_TRUE(runtime.alive(items.pid));
}

struct Saved {
  std::int64_t value = 5;
  [[nodiscard]] std::int64_t save() const { return value; }
};
TEST_F(Agents, show_a_state_that_can_be_saved) {
  const RuntimeScope scope(runtime);
  const auto saved = agent::start([] { return Saved{}; });
  const Seen answers = nothing_seen();
  run_in(puppet(answers), [=] {
    troupe::send(saved.pid, Term::tuple({atom("system"), Term::tuple({Term::pid(troupe::self()), atom("tag")}),
                                         atom("get_state")}));
  });
  settle();
  EXPECT_EQ(*answers, (Texts{"{tag,5}"}));
}

}  // namespace
}  // namespace troupe
