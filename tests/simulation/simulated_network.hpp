// An event loop on virtual time and a network in memory, both driven by one seed: several nodes run in one thread, and
// every run of a seed is the same.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.hpp"
#include "base/network.hpp"
#include "base/random.hpp"

namespace troupe::simulation {

class SimulatedLoop final : public EventLoop, public Clock {
 public:
  void post(std::function<void()> task) override { run_after(Duration(0), std::move(task)); }
  TimerId run_after(Duration delay, std::function<void()> task) override;
  void cancel(TimerId timer) override;
  [[nodiscard]] const Clock& clock() const override { return *this; }
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] WallTime wall_now() const override { return WallTime(now_.time_since_epoch()); }

  /// Runs the next task, moving time to it. False when there is none.
  bool step();
  /// Runs tasks until `done` says so; false when `within` of virtual time passes first.
  bool run_until(const std::function<bool()>& done, Duration within);
  /// Runs everything that is due within `time`, which then has passed.
  void run_for(Duration time);

 private:
  using Due = std::pair<Instant, TimerId>;
  Instant now_{std::chrono::hours(1)};
  TimerId last_timer_ = 0;
  std::map<Due, std::function<void()>> tasks_;
  std::map<TimerId, Instant> due_;
};

struct NetworkFaults {
  Duration delay_min = std::chrono::microseconds(50);
  Duration delay_max = std::chrono::milliseconds(5);
};

/// How a pair of hosts is cut.
enum class Cut {
  silent,  ///< Packets vanish: connections look alive until somebody waits for an answer.
  reset,   ///< Connections end with an error; new ones are refused.
};

class SimulatedConnection;

class SimulatedNetwork {
 public:
  SimulatedNetwork(SimulatedLoop& loop, Random& random, NetworkFaults faults = {});
  ~SimulatedNetwork();
  SimulatedNetwork(const SimulatedNetwork&) = delete;
  SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

  /// The network as the host with this address sees it. Lives as long as this.
  Network& host(const std::string& address);

  void cut(const std::string& one, const std::string& other, Cut how);
  /// New data and connections pass again; what was written during a silent cut arrives now.
  void heal(const std::string& one, const std::string& other);
  /// What others send to this host waits with them, as when its program is stopped: connections stay alive.
  void stop_reading(const std::string& host) { not_reading_.insert(host); }
  void read_again(const std::string& host);
  [[nodiscard]] std::size_t open_connections() const;

 private:
  friend class SimulatedConnection;
  class Host;
  class SimulatedListener;
  struct Stream;
  using Pair = std::pair<std::string, std::string>;

  [[nodiscard]] static Pair pair_of(const std::string& one, const std::string& other);
  [[nodiscard]] bool is_cut(const std::string& one, const std::string& other, Cut how) const;
  Duration delay();
  void transmit_all();
  void connect(const std::string& from, const Endpoint& to, Duration timeout, Network::ConnectHandler done);
  void establish(const Endpoint& from, const Endpoint& to, const Network::ConnectHandler& done);
  void transmit(const std::shared_ptr<Stream>& stream, int side);
  void deliver(const std::shared_ptr<Stream>& stream, int side);
  static void end(const std::shared_ptr<Stream>& stream, int side, std::optional<Error> error);

  SimulatedLoop& loop_;
  Random& random_;
  NetworkFaults faults_;
  std::map<std::string, std::unique_ptr<Host>> hosts_;
  std::map<std::pair<std::string, std::uint16_t>, SimulatedListener*> listeners_;
  std::map<Pair, Cut> cuts_;
  std::set<std::string> not_reading_;
  std::vector<std::weak_ptr<Stream>> streams_;
  std::uint16_t next_port_ = 32'768;
};

}  // namespace troupe::simulation
