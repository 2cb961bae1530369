// Savina's banking: a teller has money moved between 1,000 accounts. An account that pays does nothing else until the
// payee has confirmed; 50,000 transactions are under way at a time, as in Savina.
#include <algorithm>
#include <deque>
#include <random>
#include <utility>
#include <vector>

#include "tests/benchmark/peers/caf/kernel.hpp"

namespace bench {
namespace {

constexpr std::uint32_t accounts = 1'000;
/// Only these pay, and only to accounts of a higher number, so that no two wait for each other.
constexpr std::uint32_t paying_accounts = accounts / 10 * 8;
constexpr std::uint32_t amount_max = 1'000;
constexpr std::uint64_t under_way_max = 50'000;

using Transfer = caf::atom_constant<caf::atom("transfer")>;
using Deposit = caf::atom_constant<caf::atom("deposit")>;
using Deposited = caf::atom_constant<caf::atom("deposited")>;
using Moved = caf::atom_constant<caf::atom("moved")>;
using Close = caf::atom_constant<caf::atom("close")>;
using Closed = caf::atom_constant<caf::atom("closed")>;

/// Payer or payee, and how much.
using Order = std::pair<caf::actor, std::int64_t>;

class Account : public caf::event_based_actor {
 public:
  Account(caf::actor_config& config, caf::actor teller) : caf::event_based_actor(config), teller_(std::move(teller)) {}

  caf::behavior make_behavior() override {
    return {[this](Transfer, caf::actor& payee, std::int64_t amount) {
              if (waiting_) {
                transfers_.emplace_back(std::move(payee), amount);
              } else {
                pay({std::move(payee), amount});
              }
            },
            [this](Deposit, caf::actor& payer, std::int64_t amount) {
              if (waiting_) {
                deposits_.emplace_back(std::move(payer), amount);
              } else {
                take({std::move(payer), amount});
              }
            },
            [this](Deposited) { go_on(); },
            [this](Close) {
              send(teller_, Closed::value, balance_);
              teller_ = nullptr;
              quit();
            }};
  }

 private:
  void go_on() {
    waiting_ = false;
    send(teller_, Moved::value);
    for (; !deposits_.empty(); deposits_.pop_front()) {
      take(deposits_.front());
    }
    if (!transfers_.empty()) {
      pay(transfers_.front());
      transfers_.pop_front();
    }
  }
  void pay(const Order& transfer) {
    balance_ -= transfer.second;
    waiting_ = true;
    send(transfer.first, Deposit::value, caf::actor(this), transfer.second);
  }
  void take(const Order& deposit) {
    balance_ += deposit.second;
    send(deposit.first, Deposited::value);
  }

  caf::actor teller_;
  std::int64_t balance_ = 0;
  bool waiting_ = false;
  std::deque<Order> transfers_;
  std::deque<Order> deposits_;
};

class Teller : public caf::event_based_actor {
 public:
  Teller(caf::actor_config& config, std::uint64_t transactions, Finish finish)
      : caf::event_based_actor(config), transactions_(transactions), left_(transactions), finish_(std::move(finish)) {}

  caf::behavior make_behavior() override {
    for (std::uint32_t i = 0; i < accounts; ++i) {
      accounts_.push_back(spawn<Account>(caf::actor(this)));
    }
    order_wave();
    return {[this](Moved) {
              if (++moved_ == transactions_) {
                for (const caf::actor& account : accounts_) {
                  send(account, Close::value);
                }
                accounts_.clear();
              } else if (moved_ % under_way_max == 0) {
                order_wave();
              }
            },
            [this](Closed, std::int64_t balance) {
              money_ += balance;
              if (++closed_ == accounts) {
                finish_(money_ == 0 ? moved_ : 0);
                quit();
              }
            }};
  }

 private:
  void order_wave() {
    const std::uint64_t wave = std::min(left_, under_way_max);
    for (std::uint64_t i = 0; i < wave; ++i) {
      const auto payer = static_cast<std::uint32_t>(random_() % paying_accounts);
      const auto payee = payer + std::max(1u, static_cast<std::uint32_t>(random_() % (accounts - payer)));
      send(accounts_[payer], Transfer::value, accounts_[payee], static_cast<std::int64_t>(1 + random_() % amount_max));
    }
    left_ -= wave;
  }

  std::uint64_t transactions_;
  std::uint64_t left_;
  Finish finish_;
  std::vector<caf::actor> accounts_;
  std::minstd_rand0 random_;
  std::uint64_t moved_ = 0;
  std::uint64_t closed_ = 0;
  std::int64_t money_ = 0;
};

}  // namespace

const Kernel banking{"banking", every_operation, [](caf::actor_system& system, std::uint64_t size, Finish finish) {
                       return system.spawn<Teller>(size, std::move(finish));
                     }};

}  // namespace bench
