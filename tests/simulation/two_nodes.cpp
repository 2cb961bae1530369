#include "tests/simulation/two_nodes.hpp"

#include <algorithm>
#include <utility>

#include "worker/term/term_node.hpp"

namespace troupe {

class TwoNodes::Wire final : public RemoteNodes {
 public:
  Wire(TwoNodes& nodes, std::size_t from) : nodes_(nodes), from_(from) {}

  Routed route(NodeIndex node, RemoteSignal&& signal) override {
    const std::size_t to = 1 - from_;
    if (!nodes_.up_ || node != nodes_.ends_[to].index) {
      return {Routed::Outcome::unreachable, {}};
    }
    signal.from = nodes_.translate(from_, signal.from);
    signal.to = nodes_.translate(from_, signal.to);
    signal.reference = nodes_.translate(from_, signal.reference);
    signal.payload = nodes_.translate(from_, signal.payload);
    // Delays differ, but the stream keeps its order.
    const Instant now = nodes_.scheduler_.clock().now();
    arrival_ = std::max(arrival_, now + std::chrono::microseconds(nodes_.scheduler_.random().below(500)));
    nodes_.scheduler_.run_after(arrival_ - now, [this, to, link = nodes_.link_, signal = std::move(signal)] {
      if (nodes_.link_ == link) {
        nodes_.ends_[to].runtime->deliver(RemoteSignal(signal));
      }
    });
    return {};
  }
  [[nodiscard]] bool is_busy(NodeIndex /*node*/, Lane /*lane*/) const override { return false; }
  [[nodiscard]] std::vector<NodeIndex> connected_nodes() const override {
    return nodes_.up_ ? std::vector<NodeIndex>{nodes_.ends_[1 - from_].index} : std::vector<NodeIndex>{};
  }
  void disconnect(NodeIndex /*node*/) override { nodes_.cut(); }

 private:
  TwoNodes& nodes_;
  std::size_t from_;
  Instant arrival_{};
};

TwoNodes::TwoNodes(SimulatedScheduler& scheduler) : scheduler_(scheduler) {
  for (std::size_t end = 0; end < ends_.size(); ++end) {
    ends_[end].index = *intern_node_name(name(end));
    ends_[end].runtime = std::make_unique<Runtime>(scheduler);
    ends_[end].wire = std::make_unique<Wire>(*this, end);
    ends_[end].runtime->set_remote_nodes(ends_[end].wire.get());
  }
}

TwoNodes::~TwoNodes() {
  for (End& end : ends_) {
    end.runtime->set_remote_nodes(nullptr);
  }
}

Pid TwoNodes::as_seen_by(std::size_t end, const Pid& pid_of_other_end) const {
  return translate(1 - end, pid_of_other_end);
}

void TwoNodes::cut() {
  if (!std::exchange(up_, false)) {
    return;
  }
  ++link_;
  for (std::size_t end = 0; end < ends_.size(); ++end) {
    ends_[end].runtime->node_down(ends_[1 - end].index, Term::atom("connection_closed"));
  }
}

void TwoNodes::mend() {
  if (!std::exchange(up_, true)) {
    for (std::size_t end = 0; end < ends_.size(); ++end) {
      ends_[end].runtime->node_up(ends_[1 - end].index);
    }
  }
}

Pid TwoNodes::translate(std::size_t from, const Pid& pid) const {
  if (!pid.valid()) {
    return pid;
  }
  return pid.local() ? Pid{ends_[from].index, 1, pid.id, pid.serial} : Pid{0, 0, pid.id, pid.serial};
}

Reference TwoNodes::translate(std::size_t from, const Reference& reference) const {
  Reference translated = reference;
  if (reference.valid()) {
    translated.node = reference.node == 0 ? ends_[from].index : 0;
    translated.creation = reference.node == 0 ? 1 : 0;
  }
  return translated;
}

Term TwoNodes::translate(std::size_t from, const Term& term) const {
  if (const auto pid = term.as_pid()) {
    return Term::pid(translate(from, *pid));
  }
  if (const auto reference = term.as_reference()) {
    return Term::reference(translate(from, *reference));
  }
  const auto all = [&](const auto& elements) {
    std::vector<Term> translated;
    for (const Term& element : elements) {
      translated.push_back(translate(from, element));
    }
    return translated;
  };
  if (const auto tuple = term.as_tuple()) {
    return Term::tuple(all(*tuple));
  }
  if (const auto list = term.as_list()) {
    return Term::list(all(*list));
  }
  if (term.kind() == Term::Kind::list) {
    const auto& improper = term.node().as<Sequence>();
    return Term::improper_list(all(improper.elements), translate(from, *improper.tail));
  }
  return term;
}

}  // namespace troupe
