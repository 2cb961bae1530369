#include "worker/supervision/supervision_tree.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

#include "troupe/supervisor.hpp"

namespace troupe {
namespace {

using Pairs = std::vector<Term::Pair>;

class TreeReader {
 public:
  TreeReader(Runtime& runtime, Duration timeout) : runtime_(runtime), timeout_(timeout) {}

  Term roots() {
    const std::vector<Pid> supervisors = runtime_.supervisors(supervision_tree_processes_max);
    const std::unordered_set<Pid> known(supervisors.begin(), supervisors.end());
    std::vector<Term> trees;
    for (const Pid& pid : supervisors) {
      const auto info = runtime_.process_info(pid);
      if (info && known.count(info->parent) == 0) {
        Pairs root;
        describe(root, *info);
        add_children(root, pid, 1);
        trees.push_back(Term::map(std::move(root)));
      }
    }
    return Term::list(std::move(trees));
  }

 private:
  static void add(Pairs& to, std::string_view key, Term value) { to.emplace_back(Term::atom(key), std::move(value)); }

  static void describe(Pairs& to, const ProcessInfo& info) {
    add(to, "pid", Term::pid(info.pid));
    add(to, "type", Term::atom(info.supervisor ? "supervisor" : "worker"));
    add(to, "class", Term::binary(info.class_name));
    if (!info.name.empty()) {
      add(to, "name", Term::binary(info.name));
    }
  }

  /// `child` is {Id, Pid | restarting | undefined, Type, Modules}.
  Term describe_child(std::span<const Term> child, unsigned depth) {
    ++processes_;
    Pairs pairs;
    add(pairs, "id", child[0]);
    const auto pid = child[1].as_pid();
    const auto info = pid ? runtime_.process_info(*pid) : std::nullopt;
    if (!info) {
      add(pairs, "pid", child[1]);
      add(pairs, "type", child[2]);
      return Term::map(std::move(pairs));
    }
    describe(pairs, *info);
    if (info->supervisor) {
      add_children(pairs, *pid, depth);
    }
    return Term::map(std::move(pairs));
  }

  void add_children(Pairs& to, const Pid& supervisor, unsigned depth) {
    const auto answer = runtime_.call(supervisor, Term::atom("which_children"), timeout_);
    const auto listed = answer ? answer->as_list() : std::nullopt;
    if (!listed) {
      add(to, "error", Term::binary(answer ? "which_children gave no list" : answer.error().message));
      return;
    }
    std::vector<Term> children;
    bool truncated = depth >= supervision_tree_depth_max;
    for (auto child = listed->rbegin(); child != listed->rend() && !truncated; ++child) {
      truncated = processes_ >= supervision_tree_processes_max;
      const auto parts = child->as_tuple();
      if (!truncated && parts && parts->size() == 4) {
        children.push_back(describe_child(*parts, depth + 1));
      }
    }
    add(to, "children", Term::list(std::move(children)));
    if (truncated) {
      add(to, "truncated", Term::boolean(true));
    }
  }

  Runtime& runtime_;
  const Duration timeout_;
  std::size_t processes_ = 0;
};

}  // namespace

Term supervision_tree(Runtime& runtime, Duration timeout) { return TreeReader(runtime, timeout).roots(); }

}  // namespace troupe
