"""From apply to a joined cluster, and through scale, deletion and sudden death of pods."""
import signal
import os
import time

from environment import application, cluster, process_child
from suite import EndToEnd


def worker_process(pod):
    """The OS process of a pod's container on the local node."""
    return int(pod["status"]["containerStatuses"][0]["containerID"].removeprefix("process://"))


class Join(EndToEnd):
    def test_three_workers_join_and_status_says_so(self):
        self.start_cluster(cluster("join"))
        status = self.world.get("troupecluster", "join")["status"]
        self.assertEqual((status["replicas"], status["readyReplicas"], status["joinedReplicas"]), (3, 3, 3))
        self.assertEqual(status["observedGeneration"], 1)
        self.assertEqual(status["selector"].count("troupe.dev/cluster=join"), 1)
        self.world.wait("Ready is True", lambda: self.world.condition("troupecluster", "join", "Ready").get("status") == "True")
        self.assertEqual(self.world.pod_names("join"), ["join-0", "join-1", "join-2"])

    def test_scale_up_and_down(self):
        self.start_cluster(cluster("scale"))
        before = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in self.world.pods("scale")}
        self.world.kubectl("scale", "troupecluster/scale", "--replicas", "10")
        self.world.wait_joined("scale", 10)
        self.world.kubectl("scale", "troupe/scale", "--replicas", "2")
        self.world.wait("two pods are left", lambda: len(self.world.pods("scale")) == 2)
        self.world.wait_joined("scale", 2)
        after = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in self.world.pods("scale")}
        for name, uid in after.items():
            self.assertEqual(before.get(name), uid, "a pod that stays is not replaced")

    def test_a_deleted_pod_is_replaced_and_rejoins(self):
        self.start_cluster(cluster("replace"))
        before = {pod["metadata"]["uid"] for pod in self.world.pods("replace")}
        gone = self.world.get("pod", "replace-1")["metadata"]["uid"]
        self.world.kubectl("delete", "pod", "replace-1")

        def replaced():
            after = {pod["metadata"]["uid"] for pod in self.world.pods("replace")}
            return len(after) == 3 and len(after - before) == 1 and gone not in after
        self.world.wait("one other pod has taken its place", replaced)
        self.world.wait_joined("replace", 3)

    def test_a_killed_worker_restarts_and_rejoins_and_the_others_notice(self):
        pods = self.start_cluster(cluster("kill"), application("kill", "kill", [process_child("probe", "Probe")]))
        victim, witness = pods[1], pods[0]
        os.kill(worker_process(victim), signal.SIGKILL)
        name = victim["metadata"]["name"]
        self.world.wait("the container has restarted", lambda: self.world.get("pod", name)["status"]["containerStatuses"][0]["restartCount"] == 1)
        self.assertEqual(self.world.get("pod", name)["metadata"]["uid"], victim["metadata"]["uid"])
        self.world.wait_joined("kill", 3)
        code = f"io:format(\"~p\", [gen_server:call({{probe, '{self.world.node_of(witness)}'}}, seen)])"
        self.world.wait("the witness saw it go and come", lambda: self.saw_down_and_up(code, self.world.node_of(victim)))

    def saw_down_and_up(self, code, node):
        seen = self.world.erl("kill", code)
        down = seen.find(f"{{node_down,'{node}'")
        return down >= 0 and seen.find(f"{{node_up,'{node}'", down) > down

    def test_joining_takes_less_than_ten_seconds(self):
        # troupe-bench measures it; this bound only catches a wait that should not be there.
        began = time.monotonic()
        self.start_cluster(cluster("quick"))
        self.assertLess(time.monotonic() - began, 10)

    def test_replicas_zero_hibernates_and_keeps_the_secret(self):
        self.start_cluster(cluster("sleep", replicas=1))
        cookie = self.world.cookie("sleep")
        self.world.kubectl("scale", "troupe/sleep", "--replicas", "0")
        self.world.wait("no pod is left", lambda: not self.world.pods("sleep"))
        self.assertEqual(self.world.cookie("sleep"), cookie)
        self.world.kubectl("scale", "troupe/sleep", "--replicas", "1")
        self.world.wait_joined("sleep", 1)

    def test_deleting_the_cluster_removes_what_it_owned(self):
        self.start_cluster(cluster("owner", replicas=1))
        for kind, name in [("service", "owner"), ("secret", "owner-cookie"), ("serviceaccount", "owner-worker"),
                           ("role", "owner-worker"), ("rolebinding", "owner-worker"), ("pdb", "owner")]:
            self.assertIsNotNone(self.world.get(kind, name), f"{kind} {name}")
        self.world.kubectl("delete", "troupecluster", "owner")
        for kind, name in [("pod", "owner-0"), ("service", "owner"), ("secret", "owner-cookie"), ("serviceaccount", "owner-worker"),
                           ("role", "owner-worker"), ("rolebinding", "owner-worker"), ("pdb", "owner")]:
            self.world.gone(kind, name)
