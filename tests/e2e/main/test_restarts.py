"""Operator and API server may go at any time: nothing that runs is restarted or made twice."""
import signal

from environment import cluster, free_port
from suite import EndToEnd


class Restarts(EndToEnd):
    def tearDown(self):
        for name in ("operator", "rival"):
            if name in self.world.processes and self.world.processes[name].poll() is not None:
                self.world.processes.pop(name)
        if "rival" in self.world.processes:
            self.world.stop("rival")
        if "operator" not in self.world.processes:
            self.world.start_operator()
        super().tearDown()

    def identities(self, name):
        """Pod name -> (uid, container restarts)."""
        return {pod["metadata"]["name"]: (pod["metadata"]["uid"], pod["status"]["containerStatuses"][0]["restartCount"])
                for pod in self.world.pods(name)}

    def created(self, name):
        """Names in events that say a pod was created, one for each time."""
        return [event["message"] for event in self.world.events(name) if event["reason"] == "SuccessfulCreate" for _ in range(event.get("count", 1))]

    def test_the_operator_restarts_and_changes_nothing(self):
        self.start_cluster(cluster("calm"))
        before = self.identities("calm")
        self.world.stop("operator", signal.SIGKILL)
        self.world.start_operator()
        self.world.kubectl("scale", "troupe/calm", "--replicas", "4")
        self.world.wait_joined("calm", 4)
        after = self.identities("calm")
        after.pop("calm-3")
        self.assertEqual(after, before)

    def test_the_api_server_restarts_and_changes_nothing(self):
        self.start_cluster(cluster("server"))
        before = self.identities("server")
        self.world.stop_server()
        self.world.start_server()
        self.world.kubectl("scale", "troupe/server", "--replicas", "4")
        self.world.wait_joined("server", 4, 90)
        after = self.identities("server")
        after.pop("server-3")
        self.assertEqual(after, before)

    def test_both_restart_while_a_scale_is_in_flight(self):
        self.start_cluster(cluster("both"))
        before = self.identities("both")
        self.world.kubectl("scale", "troupe/both", "--replicas", "8")
        self.world.wait("the first new pod is there", lambda: len(self.world.pods("both")) > 3, interval=0.01)
        self.world.stop("operator", signal.SIGKILL)
        self.world.stop_server()
        self.world.start_server()
        self.world.start_operator()
        self.world.wait_joined("both", 8, 90)
        after = self.identities("both")
        self.assertEqual(sorted(after), [f"both-{i}" for i in range(8)])
        self.assertEqual({name: after[name] for name in before}, before)
        self.assertEqual([restarts for _, restarts in after.values()], [0] * 8)

    def test_of_two_operators_one_leads_and_the_other_takes_over(self):
        self.world.stop("operator")
        self.world.start_operator("operator", leader_elect=True)
        self.start_cluster(cluster("two", replicas=2))
        self.world.start_operator("rival", leader_elect=True, port=free_port())
        before = self.identities("two")
        self.world.kubectl("scale", "troupe/two", "--replicas", "3")
        self.world.wait_joined("two", 3)
        self.world.stop("operator")
        self.world.kubectl("scale", "troupe/two", "--replicas", "4")
        self.world.wait_joined("two", 4, 60)
        after = self.identities("two")
        self.assertEqual({name: after[name] for name in before}, before)
