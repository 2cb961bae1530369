// Tables that processes share, and names kept in one.
#include "troupe/table.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <thread>

#include "tests/seeds.hpp"
#include "tests/worker/process/fixtures.hpp"
#include "troupe/coroutine.hpp"
#include "troupe/via.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using Numbers = Table<std::int64_t, std::int64_t>;
using Texts = std::vector<std::string>;

TEST(TableOfOneProcess, inserts_looks_up_and_erases) {
  Table<std::string, std::string> table;
  EXPECT_EQ(table.lookup("tea"), std::nullopt);
  EXPECT_TRUE(table.insert("tea", "green"));
  EXPECT_TRUE(table.insert("tea", "black"));
  EXPECT_FALSE(table.insert_new("tea", "white"));
  EXPECT_TRUE(table.insert_new("salt", "sea"));
  EXPECT_EQ(table.lookup("tea"), "black");
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.take("tea"), "black");
  EXPECT_FALSE(table.erase("tea"));
  EXPECT_FALSE(table.member("tea"));
  EXPECT_TRUE(table.member("salt"));
  table.clear();
  EXPECT_EQ(table.size(), 0u);
}

TEST(TableOfOneProcess, counts_and_refuses_a_sum_that_does_not_fit) {
  Numbers table;
  EXPECT_EQ(table.update_counter(1, 5), std::nullopt);
  EXPECT_EQ(table.update_counter(1, 5, 10), 15);
  EXPECT_EQ(table.update_counter(1, -20), -5);
  table.insert(2, std::numeric_limits<std::int64_t>::max());
  EXPECT_THROW(table.update_counter(2, 1), std::overflow_error);
  EXPECT_EQ(table.lookup(2), std::numeric_limits<std::int64_t>::max());
}

TEST(TableOfOneProcess, refuses_new_keys_when_it_is_full_but_replaces_values) {
  Numbers table(TableOptions{.entries_max = 2});
  EXPECT_TRUE(table.insert(1, 1));
  EXPECT_TRUE(table.insert(2, 2));
  EXPECT_FALSE(table.insert(3, 3));
  EXPECT_EQ(table.update_counter(4, 1, 0), std::nullopt);
  EXPECT_TRUE(table.insert(1, 9));
  EXPECT_TRUE(table.erase(2));
  EXPECT_TRUE(table.insert(3, 3));
  EXPECT_EQ(table.size(), 2u);
}

TEST(TableOfOneProcess, is_gone_through_by_somebody_who_changes_it) {
  Numbers table;
  for (std::int64_t key = 0; key < 100; ++key) {
    table.insert(key, key * key);
  }
  std::int64_t seen = 0;
  table.for_each([&](std::int64_t key, std::int64_t value) {
    EXPECT_EQ(value, key * key);
    table.erase(key);
    ++seen;
  });
  EXPECT_EQ(seen, 100);
  EXPECT_EQ(table.size(), 0u);
  table.insert(3, 4);
  table.insert(5, 6);
  const auto large = table.select([](std::int64_t key, std::int64_t) { return key > 4; });
  EXPECT_EQ(large, (std::vector<std::pair<std::int64_t, std::int64_t>>{{5, 6}}));
}

TEST(TableOfOneProcess, agrees_with_a_map_through_random_changes) {
  test::for_each_seed(20, 2'000, [](std::uint64_t seed) {
    SeededRandom random(seed);
    Numbers table;
    std::map<std::int64_t, std::int64_t> model;
    for (int step = 0; step < 2'000; ++step) {
      const auto key = static_cast<std::int64_t>(random.below(50));
      switch (random.below(4)) {
        case 0:
          table.insert(key, step);
          model[key] = step;
          break;
        case 1:
          EXPECT_EQ(table.insert_new(key, step), model.emplace(key, step).second);
          break;
        case 2:
          EXPECT_EQ(table.erase(key), model.erase(key) == 1);
          break;
        default:
          model[key] += 3;
          EXPECT_EQ(table.update_counter(key, 3, 0), model[key]);
          break;
      }
    }
    auto all = table.select([](std::int64_t, std::int64_t) { return true; });
    std::sort(all.begin(), all.end());
    EXPECT_TRUE(std::equal(all.begin(), all.end(), model.begin(), model.end(), [](const auto& one, const auto& other) {
      return one.first == other.first && one.second == other.second;
    }));
    EXPECT_EQ(table.size(), model.size());
  });
}

// --- Owners ---

struct GiveReader {};
struct Inherited {
  Local<Numbers> table;
};
struct Leave {};

/// Shows the table's reader to the test, and waits.
Coroutine<> owner(std::optional<TableReader<std::int64_t, std::int64_t>>* shown, Pid heir) {
  Numbers table;
  table.insert(1, 11);
  if (heir.valid()) {
    table.set_heir<Inherited>(heir);
  }
  shown->emplace(table.reader());
  co_await receive<Leave>();
}
Coroutine<> heir(Seen seen) {
  const auto inherited = co_await receive<Inherited>();
  inherited.table->insert(2, 22);
  seen->push_back("inherited " + std::to_string(inherited.table->size()));
  co_await receive<Leave>();
}

class Tables : public SimulatedNode {
 protected:
  Pid spawn_owner(Pid to = {}) {
    const RuntimeScope scope(runtime);
    const Pid pid = troupe::spawn<owner>(&reader, to);
    settle();
    return pid;
  }
  Pid spawn_heir() {
    const RuntimeScope scope(runtime);
    return troupe::spawn<heir>(seen);
  }

  Seen seen = nothing_seen();
  std::optional<TableReader<std::int64_t, std::int64_t>> reader;
};

/// Looks at a table as soon as it learns of its owner's end.
class Watcher : public PuppetBase {
 public:
  using messages = troupe::messages<>;
  Watcher(Seen seen, Pid pid, TableReader<std::int64_t, std::int64_t> table)
      : PuppetBase(std::move(seen)), table_(std::move(table)) {
    monitor(pid);
  }
  void handle(const Down&) { note(table_.closed() && !table_.member(1) ? "closed" : "still there"); }

 private:
  TableReader<std::int64_t, std::int64_t> table_;
};

TEST_F(Tables, go_with_their_owner_before_anybody_learns_of_its_end) {
  const Pid pid = spawn_owner();
  EXPECT_EQ(reader->lookup(1), 11);
  runtime.spawn<Watcher>(seen, pid, *reader);
  runtime.exit(pid, atom("kill"));
  settle();
  EXPECT_EQ(*seen, (Texts{"closed"}));
  EXPECT_EQ(reader->lookup(1), std::nullopt);
  EXPECT_EQ(reader->size(), 0u);
}

TEST_F(Tables, go_to_the_heir_with_all_that_they_hold) {
  const Pid next = spawn_heir();
  runtime.exit(spawn_owner(next), atom("kill"));
  settle();
  EXPECT_EQ(*seen, (Texts{"inherited 2"}));
  EXPECT_EQ(reader->lookup(1), 11);
  EXPECT_EQ(reader->lookup(2), 22);
  runtime.exit(next, atom("kill"));
  settle();
  EXPECT_TRUE(reader->closed());
}

TEST_F(Tables, are_closed_when_the_heir_is_gone_or_never_takes_them) {
  const Pid next = spawn_heir();
  runtime.exit(next, atom("kill"));
  settle();
  runtime.exit(spawn_owner(next), atom("kill"));
  settle();
  EXPECT_TRUE(reader->closed());
  const Pid deaf = spawn_owner();  // Never receives what it inherits.
  const auto deafs = std::exchange(reader, std::nullopt);
  runtime.exit(spawn_owner(deaf), atom("kill"));
  settle();
  EXPECT_FALSE(reader->closed());
  runtime.exit(deaf, atom("kill"));
  settle();
  EXPECT_TRUE(reader->closed());
}

TEST_F(Tables, that_are_closed_take_nothing_any_more) {
  std::optional<Numbers> table(std::in_place);
  const auto writer = table->writer();
  table.reset();
  EXPECT_FALSE(writer.insert(1, 1));
  EXPECT_EQ(writer.update_counter(1, 1, 0), std::nullopt);
  EXPECT_EQ(writer.size(), 0u);
}

// --- Threads ---

TEST(TableOfThreads, never_shows_half_a_value_and_loses_no_count) {
  struct Both {
    std::int64_t one = 0;
    std::int64_t other = 0;
    std::string text;
  };
  Table<std::int64_t, Both> pairs;
  Numbers counters;
  constexpr std::int64_t rounds = 3'000;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&] {
      for (std::int64_t i = 0; i < rounds; ++i) {
        pairs.insert(i % 7, Both{i, -i, std::to_string(i)});
        counters.update_counter(i % 5, 1, 0);
        if (i % 11 == 0) {
          pairs.erase(i % 7);
        }
      }
    });
  }
  for (int reads = 0; reads < 2; ++reads) {
    threads.emplace_back([&] {
      for (std::int64_t i = 0; i < rounds; ++i) {
        const auto both = pairs.lookup(i % 7);
        wrong += both && (both->one != -both->other || both->text != std::to_string(both->one)) ? 1 : 0;
        if (i % 100 == 0) {
          pairs.for_each([&](std::int64_t, const Both& each) { wrong += each.one != -each.other ? 1 : 0; });
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
  std::int64_t sum = 0;
  counters.for_each([&](std::int64_t, std::int64_t value) { sum += value; });
  EXPECT_EQ(sum, 2 * rounds);
}

TEST(TableOfThreads, closes_under_its_users) {
  for (int round = 0; round < 50; ++round) {
    auto table = std::make_optional<Table<std::int64_t, std::string>>();
    std::vector<std::thread> threads;
    for (int at = 0; at < 3; ++at) {
      threads.emplace_back([writer = table->writer()] {
        std::int64_t key = 0;
        while (writer.insert(key % 100, "value") || !writer.closed()) {
          (void)writer.lookup(++key % 100);
        }
      });
    }
    table.reset();
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
}

// --- Names ---

struct SayText {
  std::string text;
};

class Room : public PuppetBase {
 public:
  using messages = troupe::messages<SayText, Read>;
  Room(Seen seen, const Registry<std::int64_t>& rooms, std::int64_t id)
      : PuppetBase(std::move(seen)), id_(id), name_(rooms.register_self(id)) {}
  void handle(const SayText& say) { note(std::to_string(id_) + " " + say.text); }
  std::int64_t handle(Read) const { return id_; }

 private:
  std::int64_t id_;
  Registration<std::int64_t> name_;
};

class Via : public SimulatedNode {
 protected:
  Seen seen = nothing_seen();
  Registry<std::int64_t> rooms;
};

TEST_F(Via, messages_and_requests_go_to_who_has_the_name) {
  const Pid room = runtime.spawn<Room>(seen, rooms, 42);
  EXPECT_EQ(rooms.whereis_name(42), room);
  run_in(puppet(seen), [&] {
    troupe::send(via(rooms, 42), SayText{"hello"});
    troupe::send(via(rooms, 43), SayText{"to nobody"});
    troupe::send_request(via(rooms, 42), Read{}, 1s);
    troupe::send_request(via(rooms, 43), Read{}, 1h);
  });
  std::sort(seen->begin(), seen->end());
  EXPECT_EQ(*seen, (Texts{"42 hello", "no reply noproc", "reply 42"}));
}

TEST_F(Via, a_name_that_is_taken_ends_the_second_process) {
  const Pid room = runtime.spawn<Room>(seen, rooms, 1);
  const auto second = runtime.start(start_request<Room>(seen, rooms, 1));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().reason, Term::tuple({atom("already_started"), Term::pid(room)}));
  EXPECT_EQ(rooms.whereis_name(1), room) << "the one that failed took nothing with it";
}

TEST_F(Via, a_name_is_free_before_anybody_learns_of_the_end) {
  const Pid room = runtime.spawn<Room>(seen, rooms, 1);
  const Pid watcher = puppet(seen);
  run_in(watcher, [&] { troupe::monitor(room); });
  runtime.exit(room, atom("kill"));
  while (seen->empty() && scheduler.step()) {
  }
  EXPECT_EQ(*seen, (Texts{"down killed"}));
  EXPECT_FALSE(rooms.whereis_name(1).valid());
  EXPECT_TRUE(runtime.start(start_request<Room>(seen, rooms, 1)).ok());
  EXPECT_EQ(rooms.registered().size(), 1u);
}

}  // namespace
}  // namespace troupe
