// A whole program without Kubernetes: two supervised processes in a plain executable. One of them fails now and then,
// and the program goes on. Ctrl-C stops it in order.
#include <troupe/application.hpp>
#include <troupe/run.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

struct Line {
  std::string text;
};

class Printer {
 public:
  using messages = troupe::messages<Line>;
  void handle(Line line) { std::cout << line.text << std::endl; }
};

class Ticker {
 public:
  using messages = troupe::messages<>;

  explicit Ticker(std::chrono::milliseconds interval) : interval_(interval) {
    troupe::send("printer", Line{"the ticker has started"});
    troupe::start_timer(interval_);
  }

  void handle(troupe::Timeout) {
    troupe::send("printer", Line{"tick " + std::to_string(++ticks_)});
    if (ticks_ == 3) {
      throw std::runtime_error("three ticks are enough");  // Its supervisor starts it again.
    }
    troupe::start_timer(interval_);
  }

 private:
  std::chrono::milliseconds interval_;
  int ticks_ = 0;
};

int main() {
  troupe::SupervisorSpec root;
  root.intensity = {10, 1s};  // More restarts than these, and the program ends with status 1.
  root.children = {troupe::named_child<Printer>("printer"), troupe::process_child<Ticker>("ticker", 100ms)};
  return troupe::run(std::move(root));
}
