#include "tests/differential/generator.hpp"

#include <algorithm>
#include <set>

#include "base/random.hpp"
#include "tests/worker/term/short_terms.hpp"

namespace troupe::differential {
namespace {

Term number(std::size_t value) { return Term::integer(static_cast<std::int64_t>(value)); }

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) { program_.seed = seed; }

  Program run() {
    process_count_ = 2 + random_.below(5);
    const std::size_t root_count = 1 + random_.below(std::min<std::size_t>(process_count_, 3));
    for (std::size_t i = 0; i < root_count; ++i) {
      program_.roots.push_back(new_process());
    }
    const std::size_t ordered_count = 5 + random_.below(36);
    while (program_.ordered.size() < ordered_count) {
      add_ordered_step();
    }
    if (random_.below(2) == 0) {
      add_free_steps();
    }
    return std::move(program_);
  }

 private:
  std::string new_process() { return spawned_.emplace_back("p" + std::to_string(spawned_.size())); }
  std::string anybody() { return spawned_[random_.below(spawned_.size())]; }
  Term somebody() { return atom(anybody()); }
  Term name() { return atom("n" + std::to_string(random_.below(3))); }
  Term new_monitor(const std::string& owner) {
    monitor_owners_.push_back(owner);
    return atom("m" + std::to_string(monitor_owners_.size() - 1));
  }
  Term value() { return number(++last_value_); }
  Term reason() {
    switch (random_.below(7)) {
      case 0:
        return atom("normal");
      case 1:
        return atom("kill");
      case 2:
        return atom("shutdown");
      case 3:
        return Term::tuple({atom("shutdown"), value()});
      case 4:
        return atom("killed");
      default:
        return atom("boom");
    }
  }
  Term burst() {
    std::vector<Term> values;
    for (std::size_t count = 1 + random_.below(4); count > 0; --count) {
      values.push_back(value());
    }
    return Term::list(std::move(values));
  }
  Term ticks() {
    std::vector<Term> ticks;
    std::vector<std::size_t> places{0, 1, 2, 3};
    for (std::size_t count = 1 + random_.below(3); count > 0; --count) {
      const std::size_t at = random_.below(places.size());
      // Some milliseconds apart, so that their order is given.
      ticks.push_back(Term::tuple({number(1 + 4 * places[at]), value()}));
      places.erase(places.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return Term::list(std::move(ticks));
  }

  Term spawn_instruction(const std::string& spawner) {
    const Term child = atom(new_process());
    switch (random_.below(3)) {
      case 0:
        return Term::tuple({atom("spawn"), child});
      case 1:
        return Term::tuple({atom("spawn_link"), child});
      default:
        return Term::tuple({atom("spawn_monitor"), child, new_monitor(spawner)});
    }
  }

  void add_ordered_step() {
    if (!monitor_owners_.empty() && random_.below(16) == 0) {
      const std::size_t monitor = random_.below(monitor_owners_.size());
      program_.ordered.push_back(
          {monitor_owners_[monitor], Term::tuple({atom("demonitor"), atom("m" + std::to_string(monitor))})});
    } else if (!servers_.empty() && random_.below(16) == 0) {
      const std::size_t call = random_.below(servers_.size());
      program_.ordered.push_back({servers_[call], Term::tuple({atom("answer"), number(call), value()})});
    } else {
      const std::string process = anybody();
      program_.ordered.push_back({process, ordered_instruction(process)});
    }
  }
  Term call(const std::string& server, std::string_view answered) {
    servers_.push_back(server);
    return Term::tuple({atom("call"), atom(server), number(servers_.size() - 1), atom(answered)});
  }

  Term ordered_instruction(const std::string& process) {
    if (spawned_.size() < process_count_ && random_.below(4) == 0) {
      return spawn_instruction(process);
    }
    switch (random_.below(26)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Term::tuple({atom("link"), somebody()});
      case 4:
      case 5:
        return Term::tuple({atom("unlink"), somebody()});
      case 6:
      case 7:
      case 8:
        return Term::tuple({atom("monitor"), somebody(), new_monitor(process)});
      case 9:
      case 10:
      case 11:
      case 12:
        return Term::tuple({atom("trap_exit"), Term::boolean(random_.below(3) != 0)});
      case 13:
        return Term::tuple({atom("exit"), reason()});
      case 14:
      case 15:
        return Term::tuple({atom("exit"), somebody(), reason()});
      case 16:
        return Term::tuple({atom("register"), somebody(), name()});
      case 17:
        return Term::tuple({atom("unregister"), name()});
      case 18:
        return Term::tuple({atom("whereis"), name()});
      case 19:
      case 20:
        return Term::tuple({atom("send_name"), name(), value()});
      case 21:
        return Term::tuple({atom("monitor_name"), name(), new_monitor(process)});
      case 22:
      case 23:
        return call(anybody(), random_.below(3) == 0 ? "at_once" : "later");
      case 24:
        if (random_.below(4) == 0) {
          return Term::tuple({atom("ticks"), ticks()});
        }
        [[fallthrough]];
      default:
        return Term::tuple({atom("send"), somebody(), burst()});
    }
  }

  /// Nobody ends but by his own last step, so that whoever stays sees the same whoever is faster.
  void add_free_steps() {
    std::set<std::string> going;
    for (const std::string& process : spawned_) {
      program_.ordered.push_back({process, Term::tuple({atom("trap_exit"), Term::boolean(true)})});
      if (random_.below(4) == 0) {
        going.insert(process);
      }
    }
    for (std::size_t count = 5 + random_.below(26); count > 0; --count) {
      const std::string process = anybody();
      program_.free.push_back({process, free_instruction(process, going)});
    }
    for (const std::string& process : going) {
      program_.free.push_back({process, Term::tuple({atom("exit"), reason()})});
    }
  }

  Term free_instruction(const std::string& process, const std::set<std::string>& going) {
    const std::string other = anybody();
    const bool stays = !going.contains(other);
    switch (random_.below(8)) {
      case 0:
        if (stays) {
          return call(other, "at_once");
        }
        break;
      case 1:
        // A second link to somebody who is gone is another `noproc` or part of the first, as it happens.
        if (stays && free_links_.insert({process, other}).second) {
          return Term::tuple({atom("link"), atom(other)});
        }
        break;
      case 2:
        if (stays) {
          return Term::tuple({atom("monitor"), atom(other), new_monitor(process)});
        }
        break;
      case 3:
        if (stays) {
          return Term::tuple({atom("exit"), atom(other), Term::tuple({atom("shutdown"), value()})});
        }
        break;
      default:
        break;
    }
    return Term::tuple({atom("send"), atom(other), burst()});
  }

  SeededRandom random_;
  Program program_;
  std::size_t process_count_ = 0;
  std::vector<std::string> spawned_;
  std::vector<std::string> monitor_owners_;
  std::vector<std::string> servers_;  ///< Who was called, by the number of the call.
  std::set<std::pair<std::string, std::string>> free_links_;
  std::size_t last_value_ = 0;
};

}  // namespace

Program generate(std::uint64_t seed) { return Generator(seed).run(); }

}  // namespace troupe::differential
