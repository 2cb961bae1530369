"""What kubectl shows of the pods: logs, exec, describe, events."""
import subprocess
import time

from environment import application, cluster, command_child, process_child
from suite import EndToEnd


class Pods(EndToEnd):
    def test_logs_follow_until_the_pod_goes(self):
        self.start_cluster(cluster("logs", replicas=1), application("logs", "logs", [command_child("ticker", ["sh", "-c", "while :; do echo tick; sleep 0.2; done"])], module=None))
        follower = subprocess.Popen([self.world.kubectl_program, "logs", "-f", "logs-0"], stdout=subprocess.PIPE, text=True, env=self.world.env)
        try:
            ticks = 0
            deadline = time.monotonic() + 30
            while ticks < 3 and time.monotonic() < deadline:
                ticks += "tick" in follower.stdout.readline()
            self.assertEqual(ticks, 3)
            self.world.kubectl("delete", "troupecluster", "logs", "--wait=false")
            follower.communicate(timeout=60)
            self.assertEqual(follower.returncode, 0)
        finally:
            follower.kill()
        self.assertIsNone(self.world.get("troupecluster", "logs"))

    def test_logs_tail_and_previous(self):
        self.start_cluster(cluster("tail", replicas=1))
        whole = self.world.kubectl("logs", "tail-0")
        self.assertIn("\n", whole)
        self.assertEqual(self.world.kubectl("logs", "tail-0", "--tail", "1"), whole.splitlines()[-1] + "\n")
        self.assertIn("previous terminated container", self.world.kubectl("logs", "tail-0", "--previous", check=False))

    def test_exec_talks_to_a_process(self):
        self.start_cluster(cluster("exec", replicas=1), application("exec", "exec", [process_child("counter", "Counter", args={"initial": 41})], module="counter"))
        self.assertEqual(self.world.kubectl("exec", "exec-0", "--", "troupe-worker", "ctl", "cast", "counter", "{add, 1}").strip(), "ok")
        self.assertEqual(self.world.kubectl("exec", "exec-0", "--", "troupe-worker", "ctl", "call", "counter", "read").strip(), "42")
        self.assertIn("exit code 3", self.world.kubectl("exec", "exec-0", "--", "sh", "-c", "exit 3", check=False))

    def test_describe_tells_what_happened(self):
        self.start_cluster(cluster("story", replicas=1))
        self.world.wait("the pod's creation is told", lambda: "SuccessfulCreate" in self.world.kubectl("describe", "troupecluster", "story"))
        self.assertIn("Scheduled", self.world.kubectl("describe", "pod", "story-0"))

    def test_a_pod_with_volumes_is_refused_by_name(self):
        self.made.append(("pod", "volumes"))
        self.world.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "volumes"},
                          "spec": {"containers": [{"name": "c", "image": "troupe-worker:e2e", "command": ["true"], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
                                   "volumes": [{"name": "v", "emptyDir": {}}]}})
        self.world.wait("its status names the volume", lambda: "spec.volumes[v]" in self.world.get("pod", "volumes")["status"].get("message", ""))

    def test_a_worker_that_is_deleted_drains_and_exits_by_itself(self):
        self.start_cluster(cluster("drain", replicas=1))
        follower = subprocess.Popen([self.world.kubectl_program, "logs", "-f", "drain-0"], stdout=subprocess.PIPE, text=True, env=self.world.env)
        self.assertTrue(follower.stdout.readline(), "the log follower found no log")
        began = time.monotonic()
        self.world.kubectl("delete", "pod", "drain-0", "--wait=true")
        self.assertLess(time.monotonic() - began, 15)
        text, _ = follower.communicate(timeout=30)
        self.assertIn("drain", text)
