#include "tests/simulation/simulated_network.hpp"

#include <algorithm>
#include <array>

namespace troupe::simulation {

TimerId SimulatedLoop::run_after(Duration delay, std::function<void()> task) {
  const Instant due = now_ + std::max(delay, Duration(0));
  const TimerId timer = ++last_timer_;
  tasks_.emplace(Due{due, timer}, std::move(task));
  due_.emplace(timer, due);
  return timer;
}

void SimulatedLoop::cancel(TimerId timer) {
  if (const auto found = due_.find(timer); found != due_.end()) {
    tasks_.erase(Due{found->second, timer});
    due_.erase(found);
  }
}

bool SimulatedLoop::step() {
  if (tasks_.empty()) {
    return false;
  }
  const auto next = tasks_.begin();
  now_ = next->first.first;
  const auto task = std::move(next->second);
  due_.erase(next->first.second);
  tasks_.erase(next);
  task();
  return true;
}

bool SimulatedLoop::run_until(const std::function<bool()>& done, Duration within) {
  const Instant deadline = now_ + within;
  while (!done()) {
    if (tasks_.empty() || tasks_.begin()->first.first > deadline) {
      return false;
    }
    step();
  }
  return true;
}

void SimulatedLoop::run_for(Duration time) {
  const Instant deadline = now_ + time;
  while (!tasks_.empty() && tasks_.begin()->first.first <= deadline) {
    step();
  }
  now_ = deadline;
}

/// Both directions of one connection. Side 0 connected, side 1 accepted.
struct SimulatedNetwork::Stream {
  struct Side {
    Endpoint address;
    Connection::Handlers handlers;
    bool started = false;
    bool paused = false;
    bool gone = false;      ///< The user destroyed it: no callbacks.
    bool ended = false;     ///< Closed here, or told so.
    bool finished = false;  ///< Sends no more; the other side sees the end after the data.
    Bytes output;           ///< Written, not yet delivered to the other side.
    bool in_flight = false;
  };
  SimulatedNetwork* network = nullptr;
  std::array<Side, 2> sides;
};

class SimulatedConnection final : public Connection {
 public:
  SimulatedConnection(std::shared_ptr<SimulatedNetwork::Stream> stream, int side)
      : stream_(std::move(stream)), side_(side) {}
  ~SimulatedConnection() override {
    auto& self = stream_->sides.at(static_cast<std::size_t>(side_));
    self.gone = true;
    close();
  }
  SimulatedConnection(const SimulatedConnection&) = delete;
  SimulatedConnection& operator=(const SimulatedConnection&) = delete;

  void start(Handlers handlers) override {
    mine().handlers = std::move(handlers);
    mine().started = true;
    if (network() != nullptr) {
      network()->transmit(stream_, 1 - side_);
    }
  }
  void write(Bytes data) override {
    if (mine().ended || mine().finished) {
      return;
    }
    mine().output.insert(mine().output.end(), data.begin(), data.end());
    if (network() != nullptr) {
      network()->transmit(stream_, side_);
    }
  }
  [[nodiscard]] std::size_t buffered() const override {
    return stream_->sides.at(static_cast<std::size_t>(side_)).output.size();
  }
  void pause_reading() override { mine().paused = true; }
  void resume_reading() override {
    mine().paused = false;
    if (network() != nullptr) {
      network()->transmit(stream_, 1 - side_);
    }
  }
  void close() override {
    mine().ended = true;
    if (!mine().finished) {
      mine().finished = true;
      if (network() != nullptr) {
        network()->transmit(stream_, side_);
      }
    }
  }
  [[nodiscard]] Endpoint local() const override { return stream_->sides.at(static_cast<std::size_t>(side_)).address; }
  [[nodiscard]] Endpoint remote() const override {
    return stream_->sides.at(static_cast<std::size_t>(1 - side_)).address;
  }

 private:
  SimulatedNetwork::Stream::Side& mine() { return stream_->sides.at(static_cast<std::size_t>(side_)); }
  /// Null once the network is destroyed.
  SimulatedNetwork* network() { return stream_->network; }

  std::shared_ptr<SimulatedNetwork::Stream> stream_;
  int side_;
};

class SimulatedNetwork::SimulatedListener final : public Listener {
 public:
  SimulatedListener(SimulatedNetwork& network, Endpoint at, Network::AcceptHandler on_accept)
      : network_(network), at_(std::move(at)), on_accept_(std::move(on_accept)) {
    network_.listeners_[{at_.host, at_.port}] = this;
  }
  ~SimulatedListener() override { network_.listeners_.erase({at_.host, at_.port}); }
  SimulatedListener(const SimulatedListener&) = delete;
  SimulatedListener& operator=(const SimulatedListener&) = delete;
  [[nodiscard]] Endpoint local() const override { return at_; }
  void accept(std::unique_ptr<Connection> connection) { on_accept_(std::move(connection)); }

 private:
  SimulatedNetwork& network_;
  Endpoint at_;
  Network::AcceptHandler on_accept_;
};

class SimulatedNetwork::Host final : public Network {
 public:
  Host(SimulatedNetwork& network, std::string address) : network_(network), address_(std::move(address)) {}

  Result<std::unique_ptr<Listener>> listen(const Endpoint& at, AcceptHandler on_accept) override {
    if (at.host != address_) {
      return Error{ErrorCode::invalid_argument, at.text() + " is no address of " + address_};
    }
    const Endpoint chosen{at.host, at.port != 0 ? at.port : ++network_.next_port_};
    if (network_.listeners_.contains({chosen.host, chosen.port})) {
      return Error{ErrorCode::already_exists, chosen.text() + " is taken"};
    }
    return std::unique_ptr<Listener>(std::make_unique<SimulatedListener>(network_, chosen, std::move(on_accept)));
  }
  void connect(const Endpoint& to, Duration timeout, ConnectHandler on_connected,
               std::optional<std::string> /*from*/) override {
    network_.connect(address_, to, timeout, std::move(on_connected));
  }

 private:
  SimulatedNetwork& network_;
  std::string address_;
};

SimulatedNetwork::SimulatedNetwork(SimulatedLoop& loop, Random& random, NetworkFaults faults)
    : loop_(loop), random_(random), faults_(faults) {}

SimulatedNetwork::~SimulatedNetwork() {
  for (const auto& weak : streams_) {
    if (const auto stream = weak.lock()) {
      stream->network = nullptr;
    }
  }
}

Network& SimulatedNetwork::host(const std::string& address) {
  auto& host = hosts_[address];
  if (!host) {
    host = std::make_unique<Host>(*this, address);
  }
  return *host;
}

SimulatedNetwork::Pair SimulatedNetwork::pair_of(const std::string& one, const std::string& other) {
  return one < other ? Pair(one, other) : Pair(other, one);
}

bool SimulatedNetwork::is_cut(const std::string& one, const std::string& other, Cut how) const {
  const auto found = cuts_.find(pair_of(one, other));
  return found != cuts_.end() && found->second == how;
}

Duration SimulatedNetwork::delay() {
  const auto range = static_cast<std::uint64_t>((faults_.delay_max - faults_.delay_min).count());
  return faults_.delay_min + Duration(range == 0 ? 0 : random_.below(range));
}

void SimulatedNetwork::connect(const std::string& from, const Endpoint& to, Duration timeout,
                               Network::ConnectHandler done) {
  const Endpoint source{from, ++next_port_};
  if (is_cut(from, to.host, Cut::silent)) {
    loop_.run_after(timeout, [done] { done(Error{ErrorCode::timeout, "no answer"}); });
    return;
  }
  loop_.run_after(delay(), [this, source, to, done = std::move(done)] { establish(source, to, done); });
}

void SimulatedNetwork::establish(const Endpoint& from, const Endpoint& to, const Network::ConnectHandler& done) {
  const auto found = listeners_.find({to.host, to.port});
  if (found == listeners_.end() || cuts_.contains(pair_of(from.host, to.host))) {
    loop_.post([done] { done(Error{ErrorCode::unavailable, "connection refused"}); });
    return;
  }
  const auto stream = std::make_shared<Stream>();
  stream->network = this;
  stream->sides[0].address = from;
  stream->sides[1].address = to;
  std::erase_if(streams_, [](const auto& weak) { return weak.expired(); });
  streams_.push_back(stream);
  found->second->accept(std::make_unique<SimulatedConnection>(stream, 1));
  loop_.run_after(
      delay(), [stream, done] { done(std::unique_ptr<Connection>(std::make_unique<SimulatedConnection>(stream, 0))); });
}

void SimulatedNetwork::transmit(const std::shared_ptr<Stream>& stream, int side) {
  auto& sender = stream->sides.at(static_cast<std::size_t>(side));
  auto& receiver = stream->sides.at(static_cast<std::size_t>(1 - side));
  const bool nothing = sender.output.empty() && !sender.finished;
  if (not_reading_.contains(receiver.address.host) || sender.in_flight || nothing || receiver.paused ||
      (!receiver.started && !receiver.gone) || is_cut(sender.address.host, receiver.address.host, Cut::silent)) {
    return;
  }
  sender.in_flight = true;
  loop_.run_after(delay(), [this, stream, side] { deliver(stream, side); });
}

void SimulatedNetwork::deliver(const std::shared_ptr<Stream>& stream, int side) {
  auto& sender = stream->sides.at(static_cast<std::size_t>(side));
  auto& receiver = stream->sides.at(static_cast<std::size_t>(1 - side));
  sender.in_flight = false;
  if (is_cut(sender.address.host, receiver.address.host, Cut::silent) || receiver.paused ||
      not_reading_.contains(receiver.address.host)) {
    return;
  }
  if (sender.output.empty()) {
    if (sender.finished) {
      end(stream, 1 - side, std::nullopt);
    }
    return;
  }
  // Any cut of the stream is allowed, as TCP allows it.
  const std::size_t count = 1 + random_.below(sender.output.size());
  const Bytes chunk(sender.output.begin(), sender.output.begin() + static_cast<std::ptrdiff_t>(count));
  sender.output.erase(sender.output.begin(), sender.output.begin() + static_cast<std::ptrdiff_t>(count));
  const auto drained = sender.handlers.on_drained;
  if (sender.output.empty() && drained && !sender.gone && !sender.ended) {
    drained();
  }
  if (const auto on_data = receiver.handlers.on_data; on_data && !receiver.gone && !receiver.ended) {
    on_data(chunk);
  }
  transmit(stream, side);
}

void SimulatedNetwork::end(const std::shared_ptr<Stream>& stream, int side, std::optional<Error> error) {
  auto& ending = stream->sides.at(static_cast<std::size_t>(side));
  if (ending.ended || ending.gone) {
    ending.ended = true;
    return;
  }
  ending.ended = true;
  const auto handlers = std::move(ending.handlers);
  if (handlers.on_close) {
    handlers.on_close(std::move(error));
  }
}

void SimulatedNetwork::cut(const std::string& one, const std::string& other, Cut how) {
  cuts_[pair_of(one, other)] = how;
  if (how == Cut::silent) {
    return;
  }
  for (const auto& weak : std::vector(streams_)) {
    const auto stream = weak.lock();
    if (stream && pair_of(stream->sides[0].address.host, stream->sides[1].address.host) == pair_of(one, other)) {
      for (const int side : {0, 1}) {
        stream->sides.at(static_cast<std::size_t>(side)).output.clear();
        end(stream, side, Error{ErrorCode::unavailable, "connection reset"});
      }
    }
  }
}

void SimulatedNetwork::heal(const std::string& one, const std::string& other) {
  cuts_.erase(pair_of(one, other));
  transmit_all();
}

void SimulatedNetwork::read_again(const std::string& host) {
  not_reading_.erase(host);
  transmit_all();
}

void SimulatedNetwork::transmit_all() {
  for (const auto& weak : std::vector(streams_)) {
    if (const auto stream = weak.lock()) {
      transmit(stream, 0);
      transmit(stream, 1);
    }
  }
}

std::size_t SimulatedNetwork::open_connections() const {
  return static_cast<std::size_t>(std::count_if(streams_.begin(), streams_.end(), [](const auto& weak) {
    const auto stream = weak.lock();
    return stream && (!stream->sides[0].ended || !stream->sides[1].ended);
  }));
}

}  // namespace troupe::simulation
