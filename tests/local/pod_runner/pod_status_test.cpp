#include "local/pod_runner/pod_status.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace troupe::local {
namespace {

using nlohmann::json;

PodSpec one_container(RestartPolicy policy) {
  PodSpec spec;
  spec.containers.emplace_back().name = "w";
  spec.restart_policy = policy;
  return spec;
}

PodObservation seen(ContainerState state) {
  PodObservation observation;
  observation.pod_ip = "127.77.0.2";
  observation.host_ip = "127.0.0.1";
  observation.containers.push_back(std::move(state));
  return observation;
}

ContainerState ended(int code) {
  ContainerState state;
  state.phase = ContainerState::Phase::terminated;
  state.last = ContainerState::Ended{code, 0, code == 0 ? "Completed" : "Error", "", {}, {}};
  return state;
}

const json* condition(const json& status, const std::string& type) {
  for (const json& one : status["conditions"]) {
    if (one["type"] == type) {
      return &one;
    }
  }
  return nullptr;
}

TEST(PodStatus, phase_follows_containers_and_restart_policy) {
  ContainerState running;
  running.phase = ContainerState::Phase::running;
  EXPECT_EQ(pod_phase(one_container(RestartPolicy::always), seen(ContainerState{})), "Pending");
  EXPECT_EQ(pod_phase(one_container(RestartPolicy::always), seen(running)), "Running");
  EXPECT_EQ(pod_phase(one_container(RestartPolicy::never), seen(ended(0))), "Succeeded");
  EXPECT_EQ(pod_phase(one_container(RestartPolicy::never), seen(ended(3))), "Failed");
}

TEST(PodStatus, keeps_conditions_of_others_and_transition_times) {
  ContainerState running;
  running.phase = ContainerState::Phase::running;
  running.ready = true;
  const json current = {{"conditions",
                         {{{"type", "troupe.dev/Joined"}, {"status", "True"}},
                          {{"type", "Ready"}, {"status", "True"}, {"lastTransitionTime", "2020-01-01T00:00:00Z"}}}}};
  const json status = build_pod_status(one_container(RestartPolicy::always), seen(running), current, WallTime{});
  ASSERT_NE(condition(status, "troupe.dev/Joined"), nullptr);
  EXPECT_EQ((*condition(status, "Ready"))["status"], "True");
  EXPECT_EQ((*condition(status, "Ready"))["lastTransitionTime"], "2020-01-01T00:00:00Z");
  EXPECT_EQ(status["containerStatuses"][0]["ready"], true);
}

TEST(PodStatus, says_why_a_container_waits_and_how_it_ended_before) {
  ContainerState state = ended(7);
  state.phase = ContainerState::Phase::waiting;
  state.reason = "CrashLoopBackOff";
  state.message = "back-off 10s";
  state.restarts = 2;
  const json status = build_pod_status(one_container(RestartPolicy::always), seen(state), json::object(), WallTime{});
  const json& container = status["containerStatuses"][0];
  EXPECT_EQ(container["state"]["waiting"]["reason"], "CrashLoopBackOff");
  EXPECT_EQ(container["lastState"]["terminated"]["exitCode"], 7);
  EXPECT_EQ(container["restartCount"], 2);
  EXPECT_EQ((*condition(status, "Ready"))["reason"], "ContainersNotReady");
}

TEST(PodStatus, a_refused_pod_fails_with_the_reason) {
  PodObservation observation = seen(ContainerState{});
  observation.refused = "spec.volumes[v]: no volumes";
  const json status = build_pod_status(one_container(RestartPolicy::always), observation, json::object(), WallTime{});
  EXPECT_EQ(status["phase"], "Failed");
  EXPECT_EQ(status["message"], "spec.volumes[v]: no volumes");
}

}  // namespace
}  // namespace troupe::local
