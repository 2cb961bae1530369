// Names that somebody else than the node keeps: OTP's {via, Module, Name}.
//
//   troupe::Registry<std::int64_t> rooms;                         // made once, copied to whoever needs it
//   class Room {
//    public:
//     Room(troupe::Registry<std::int64_t> rooms, std::int64_t id) : name_(rooms.register_self(id)) {}
//     ...
//    private:
//     troupe::Registration<std::int64_t> name_;                   // the name is free when this process ends
//   };
//   troupe::send(troupe::via(rooms, 42), Say{"hello"});
//   troupe::send_request(troupe::via(rooms, 42), History{}, 5s);  // `noproc` when nobody has the name
//
// Any object whose `whereis_name(name)` gives a Pid will do for `via`; Registry is one for names of any type on this
// node. Reading it sends no message (troupe/table.hpp).
// Source: gen_server:server_ref(), Elixir's Registry with unique keys.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "troupe/process.hpp"
#include "troupe/table.hpp"

namespace troupe {

template <class R, class Name>
concept NameRegistry = requires(const R& registry, const Name& name) {
  { registry.whereis_name(name) } -> std::same_as<Pid>;
};

/// Who has the name now. A message to nobody vanishes, a request to nobody is answered `noproc`.
template <class R, class Name>
requires NameRegistry<R, Name> Destination via(const R& registry, const Name& name) {
  return {registry.whereis_name(name)};
}

template <class Name>
class Registry;

/// Holds a name for the process that has it in its state or in its coroutine. The name is free before anybody learns of
/// the end of that process.
template <class Name>
class [[nodiscard]] Registration {
 public:
  Registration(Registration&& other) noexcept = default;
  Registration& operator=(Registration&&) = delete;
  ~Registration() {
    if (names_) {
      names_->take_if(name_, [&](const Pid& holder) { return holder == pid_; });
    }
  }
  [[nodiscard]] const Name& name() const { return name_; }

 private:
  friend class Registry<Name>;
  Registration(std::shared_ptr<Table<Name, Pid>> names, Name name, const Pid& pid)
      : names_(std::move(names)), name_(std::move(name)), pid_(pid) {}

  std::shared_ptr<Table<Name, Pid>> names_;  ///< Null when moved from.
  Name name_;
  Pid pid_;
};

/// Unique names of one module image. Copies are the same registry. Thread-safe.
template <class Name>
class Registry {
 public:
  explicit Registry(TableOptions options = {}) : names_(std::make_shared<Table<Name, Pid>>(options)) {}

  /// Gives the running process this name. When another one has it, ends the running process with
  /// {already_started, Pid}, as a gen_server's start does; with `system_limit` when the registry is full.
  Registration<Name> register_self(Name name) const {
    const Pid pid = self();
    if (!names_->insert_new(name, pid)) {
      const Pid holder = whereis_name(name);
      troupe::exit(holder.valid() ? Term::tuple({Term::atom("already_started"), Term::pid(holder)})
                                  : Term::atom("system_limit"));
    }
    return {names_, std::move(name), pid};
  }
  /// Not valid when nobody has the name.
  [[nodiscard]] Pid whereis_name(const Name& name) const { return names_->lookup(name).value_or(Pid{}); }
  /// All names with their processes, in no order.
  [[nodiscard]] std::vector<std::pair<Name, Pid>> registered() const {
    return names_->select([](const Name&, const Pid&) { return true; });
  }

 private:
  std::shared_ptr<Table<Name, Pid>> names_;
};

}  // namespace troupe
