// What sys:get_state/1 and sys:get_status/1 ask of a process.
#include <stdexcept>

#include "tests/worker/process/fixtures.hpp"

namespace troupe {
namespace {

struct Put {
  std::string item;
};
class Stock {
 public:
  using messages = troupe::messages<Put>;
  void handle(Put put) { ++items_[put.item]; }
  void handle(const Term&) { ADD_FAILURE() << "a class never sees a system message"; }
  [[nodiscard]] std::map<std::string, std::int64_t> save() const {
    if (items_.size() > 1) {
      throw std::runtime_error("too much");
    }
    return items_;
  }

 private:
  std::map<std::string, std::int64_t> items_;
};

class Vault : public Stock {
 public:
  using Stock::handle;
  [[nodiscard]] Term format_status() const { return Term::atom("secret"); }
};

class SystemMessages : public SimulatedNode {
 protected:
  /// As sys does: {system, {Pid, Tag}, Request}.
  std::string ask(const Pid& pid, const std::string& what) {
    const Seen seen = nothing_seen();
    run_in(puppet(seen), [&] {
      troupe::send(pid,
                   Term::tuple({atom("system"), Term::tuple({Term::pid(troupe::self()), atom("tag")}), atom(what)}));
    });
    settle();
    return seen->size() == 1 ? seen->front() : "answers: " + std::to_string(seen->size());
  }
};

TEST_F(SystemMessages, get_state_is_answered_with_what_the_class_saves) {
  const Pid stock = runtime.spawn<Stock>();
  runtime.post(stock, Term::tuple({atom("put"), Term::binary("tea")}));
  EXPECT_EQ(ask(stock, "get_state"), "{tag,#{<<\"tea\">> => 1}}");
}

TEST_F(SystemMessages, get_state_of_a_class_that_does_not_save_is_unknown) {
  EXPECT_EQ(ask(runtime.spawn<Counter>(), "get_state"), "{tag,{error,{unknown_system_msg,get_state}}}");
  EXPECT_EQ(ask(runtime.spawn<Stock>(), "dance"), "{tag,{error,{unknown_system_msg,dance}}}");
}

TEST_F(SystemMessages, get_status_has_the_shape_of_a_gen_server) {
  const Pid stock = runtime.spawn<Stock>();
  const std::string pid = Term::pid(stock).text();
  EXPECT_EQ(ask(stock, "get_status"),
            "{tag,{status," + pid + ",{module,'Stock'},[[],running,undefined,[],[{header,\"Status for generic server " +
                pid + "\"},{data,[{\"Status\",running},{\"Parent\",undefined},{\"Logged events\",[]}]}," +
                "{data,[{\"State\",#{}}]}]]}}");
}

TEST_F(SystemMessages, format_status_hides_what_get_status_would_show) {
  const std::string answer = ask(runtime.spawn<Vault>(), "get_status");
  EXPECT_NE(answer.find("{\"State\",secret}"), std::string::npos) << answer;
}

TEST_F(SystemMessages, a_save_that_throws_does_not_end_the_process) {
  const Pid stock = runtime.spawn<Stock>();
  runtime.post(stock, Term::tuple({atom("put"), Term::binary("tea")}));
  runtime.post(stock, Term::tuple({atom("put"), Term::binary("salt")}));
  EXPECT_EQ(ask(stock, "get_state"), "{tag,{error,{callback_failed,{'Stock',save},{error,<<\"too much\">>}}}}");
  EXPECT_TRUE(runtime.alive(stock));
}

TEST_F(SystemMessages, what_only_looks_like_one_reaches_the_class) {
  const Seen seen = nothing_seen();
  const Pid open = puppet(seen);
  runtime.post(open, Term::tuple({atom("system"), atom("nobody"), atom("get_state")}));
  settle();
  EXPECT_EQ(*seen, (std::vector<std::string>{"{system,nobody,get_state}"}));
}

}  // namespace
}  // namespace troupe
