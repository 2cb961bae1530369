// The supervision trees of a node as data.
#include "worker/supervision/supervision_tree.hpp"

#include "tests/worker/supervision/supervisors.hpp"
#include "worker/supervision/dynamic_supervisor.hpp"

namespace troupe {
namespace {

class SupervisionTree : public Supervisors {
 protected:
  /// "root(a inner(b))": ids, or names at the roots, children in brackets.
  std::string shape() {
    std::string text;
    const Term tree = supervision_tree(runtime, 1s);
    const auto roots = tree.as_list();
    for (const Term& root : *roots) {
      text += (text.empty() ? "" : " ") + shape_of(root);
    }
    return text;
  }
  static std::string field(const Term& process, std::string_view key) {
    const Term* const value = process.find(Term::atom(key));
    return value == nullptr ? "" : value->as_text().value_or(value->text());
  }
  static std::string shape_of(const Term& process) {
    std::string text = field(process, "id").empty() ? field(process, "name") : field(process, "id");
    if (const Term* const children = process.find(Term::atom("children"))) {
      std::string inside;
      const auto listed = children->as_list();
      for (const Term& child : *listed) {
        inside += (inside.empty() ? "" : " ") + shape_of(child);
      }
      text += "(" + inside + ")";
    }
    return text + (field(process, "error").empty() ? "" : "!") + (field(process, "truncated").empty() ? "" : "...");
  }
};

TEST_F(SupervisionTree, has_every_supervisor_below_its_own_and_children_in_start_order) {
  SupervisorSpec inner;
  inner.children = {child("b"), child("c")};
  DynamicSupervisorSpec sessions;
  sessions.start = [this](Runtime& on, const Term&) { return child("session").start(on); };
  ASSERT_TRUE(start_supervisor(runtime,
                               {Strategy::one_for_one,
                                {1, 5s},
                                {child("a"), supervisor_child("inner", inner, "inner"),
                                 dynamic_supervisor_child("sessions", sessions)},
                                {}},
                               "root")
                  .ok());
  ASSERT_TRUE(start_supervisor(runtime, {}, "alone").ok());
  scheduler.run_until_idle();
  EXPECT_EQ(shape(), "root(a inner(b c) sessions()) alone()");
}

TEST_F(SupervisionTree, tells_class_name_type_and_pid) {
  const auto root = start_supervisor(runtime, {Strategy::one_for_one, {1, 5s}, {child("a")}, {}}, "root");
  ASSERT_TRUE(root.ok());
  scheduler.run_until_idle();
  const Term tree = supervision_tree(runtime, 1s);
  const Term& process = (*tree.as_list())[0];
  EXPECT_EQ(field(process, "pid"), Term::pid(*root).text());
  EXPECT_EQ(field(process, "type"), "supervisor");
  const Term& worker = (*process.find(Term::atom("children"))->as_list())[0];
  EXPECT_EQ(field(worker, "class"), "Worker");
  EXPECT_EQ(field(worker, "type"), "worker");
  EXPECT_TRUE(runtime.alive(*worker.find(Term::atom("pid"))->as_pid()));
}

TEST_F(SupervisionTree, goes_on_where_a_supervisor_does_not_answer) {
  ASSERT_TRUE(start_supervisor(runtime, {}, "silent").ok());
  ASSERT_TRUE(start_supervisor(runtime, {}, "alone").ok());
  const RuntimeScope scope(runtime);
  const Pid silent = troupe::whereis("silent");
  runtime.post(silent, Term::tuple({Term::atom("system"), Term::tuple({Term::pid(silent), Term::atom("tag")}),
                                    Term::atom("suspend")}));
  scheduler.run_until_idle();
  EXPECT_EQ(shape(), "silent! alone()");
}

TEST_F(SupervisionTree, is_cut_off_where_it_is_too_deep) {
  SupervisorSpec spec;
  for (unsigned level = 0; level < supervision_tree_depth_max + 5; ++level) {
    SupervisorSpec outer;
    outer.children = {supervisor_child("s", spec)};
    spec = outer;
  }
  ASSERT_TRUE(start_supervisor(runtime, spec, "root").ok());
  scheduler.run_until_idle();
  const std::string text = shape();
  EXPECT_NE(text.find("..."), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '('), static_cast<std::ptrdiff_t>(supervision_tree_depth_max));
}

}  // namespace
}  // namespace troupe
