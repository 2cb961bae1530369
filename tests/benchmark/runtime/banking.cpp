// Savina's banking: a teller has money moved between 1,000 accounts. An account that pays does nothing else until the
// payee has confirmed. An operation is a transaction of four messages; 50,000 are under way at a time, as in Savina.
#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include "tests/benchmark/runtime/kernel.hpp"

namespace troupe::benchmark {
namespace {

constexpr std::uint32_t accounts = 1'000;
/// Only these pay, and only to accounts of a higher number, so that no two wait for each other.
constexpr std::uint32_t paying_accounts = accounts / 10 * 8;
constexpr std::uint32_t amount_max = 1'000;
constexpr std::uint64_t under_way_max = 50'000;

struct Transfer {
  Pid payee;
  std::int64_t amount = 0;
};
struct Deposit {
  Pid payer;
  std::int64_t amount = 0;
};
struct Deposited {};
struct Transferred {};
struct Close {};
struct Closed {
  std::int64_t balance = 0;
};
struct Continue {};

class Account {
 public:
  using messages = troupe::messages<Transfer, Deposit, Deposited, Close>;
  explicit Account(const Pid& teller) : teller_(teller) {}

  void handle(const Transfer& transfer) {
    if (waiting_) {
      transfers_.push_back(transfer);
    } else {
      pay(transfer);
    }
  }
  void handle(const Deposit& deposit) {
    if (waiting_) {
      deposits_.push_back(deposit);
    } else {
      take(deposit);
    }
  }
  void handle(Deposited /*deposited*/) {
    waiting_ = false;
    send(teller_, Transferred{});
    for (; !deposits_.empty(); deposits_.pop_front()) {
      take(deposits_.front());
    }
    if (!transfers_.empty()) {
      pay(transfers_.front());
      transfers_.pop_front();
    }
  }
  void handle(Close /*close*/) {
    send(teller_, Closed{balance_});
    stop_normally();
  }

 private:
  void pay(const Transfer& transfer) {
    balance_ -= transfer.amount;
    waiting_ = true;
    send(transfer.payee, Deposit{self(), transfer.amount});
  }
  void take(const Deposit& deposit) {
    balance_ += deposit.amount;
    send(deposit.payer, Deposited{});
  }

  Pid teller_;
  std::int64_t balance_ = 0;
  bool waiting_ = false;
  std::deque<Transfer> transfers_;
  std::deque<Deposit> deposits_;
};

class Teller {
 public:
  using messages = troupe::messages<Continue, Transferred, Closed>;
  Teller(std::uint64_t transactions, Finish finish)
      : transactions_(transactions), left_(transactions), finish_(std::move(finish)) {
    for (std::uint32_t i = 0; i < accounts; ++i) {
      accounts_.push_back(spawn<Account>(self()));
    }
    send(self(), Continue{});
  }

  void handle(Continue /*next*/) {
    const std::uint64_t burst = std::min({left_, burst_messages, wave_left_});
    for (std::uint64_t i = 0; i < burst; ++i) {
      const auto payer = static_cast<std::uint32_t>(random_() % paying_accounts);
      const auto payee = payer + std::max(1u, static_cast<std::uint32_t>(random_() % (accounts - payer)));
      send(accounts_[payer], Transfer{accounts_[payee], static_cast<std::int64_t>(1 + random_() % amount_max)});
    }
    left_ -= burst;
    wave_left_ -= burst;
    if (left_ > 0 && wave_left_ > 0) {
      send(self(), Continue{});
    }
  }
  void handle(Transferred /*transferred*/) {
    if (++transferred_ == transactions_) {
      for (const Pid& account : accounts_) {
        send(account, Close{});
      }
    } else if (transferred_ % under_way_max == 0) {
      wave_left_ = under_way_max;
      send(self(), Continue{});
    }
  }
  void handle(Closed closed) {
    money_ += closed.balance;
    if (++closed_ == accounts) {
      finish_(money_ == 0 ? transferred_ : 0);
      stop_normally();
    }
  }

 private:
  std::uint64_t transactions_;
  std::uint64_t left_;
  std::uint64_t wave_left_ = under_way_max;
  Finish finish_;
  std::vector<Pid> accounts_;
  std::minstd_rand0 random_;
  std::uint64_t transferred_ = 0;
  std::uint64_t closed_ = 0;
  std::int64_t money_ = 0;
};

}  // namespace

const Kernel banking{"banking", 500'000, every_operation,
                     [](std::uint64_t size, Finish finish) { spawn<Teller>(size, std::move(finish)); }};

}  // namespace troupe::benchmark
