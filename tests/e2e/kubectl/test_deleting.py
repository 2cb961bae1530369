"""kubectl delete with its ways of propagation, and kubectl wait."""

from session import KubectlTest
from suite import cluster, configmap, document, nowhere, pod


class Delete(KubectlTest):
    def family(self, **fields):
        self.kubectl("create", "-f", "-", stdin=configmap(self.name))
        uid = self.read("configmap")["metadata"]["uid"]
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": self.name, "uid": uid, **fields}
        self.kubectl("create", "-f", "-", stdin=configmap(self.name + "-child", ownerReferences=[owner]))

    def gone(self, kind, name):
        return self.try_kubectl("get", kind, name).returncode != 0

    def test_it_deletes_and_says_so(self):
        self.kubectl("create", "-f", "-", stdin=cluster(self.name))
        self.assertRegex(self.kubectl("delete", "troupe", self.name), f'troupecluster.troupe.dev "{self.name}" deleted')
        self.fails("delete", "troupe", self.name, saying="not found")
        self.kubectl("delete", "troupe", self.name, "--ignore-not-found")

    def test_dependents_go_after_in_the_background(self):
        self.family()
        self.kubectl("delete", "configmap", self.name)
        self.eventually(lambda: self.gone("configmap", self.name + "-child"), "the dependent is gone")

    def test_dependents_go_before_in_the_foreground(self):
        self.family(blockOwnerDeletion=True)
        self.kubectl("delete", "configmap", self.name, "--cascade=foreground")
        self.assertTrue(self.gone("configmap", self.name + "-child"))

    def test_orphans_stay(self):
        self.family()
        self.kubectl("delete", "configmap", self.name, "--cascade=orphan")
        self.eventually(lambda: "ownerReferences" not in self.read("configmap", self.name + "-child")["metadata"], "the reference is gone")

    def test_a_finalizer_is_waited_for(self):
        self.kubectl("create", "-f", "-", stdin=cluster(self.name, {"finalizers": ["troupe.dev/test"]}))
        running = self.start("delete", "troupe", self.name)
        running.until(lambda line: "deleted" in line)
        self.kubectl("patch", "troupe", self.name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        self.assertEqual(running.wait(), 0)
        self.assertTrue(self.gone("troupe", self.name))

    def test_it_need_not_wait(self):
        self.kubectl("create", "-f", "-", stdin=cluster(self.name, {"finalizers": ["troupe.dev/test"]}))
        self.kubectl("delete", "troupe", self.name, "--wait=false")
        self.assertTrue(self.read("troupe")["metadata"]["deletionTimestamp"])
        self.kubectl("patch", "troupe", self.name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')

    def test_a_pod_by_force(self):
        self.kubectl("create", "-f", "-", stdin=pod(self.name, nowhere()))
        self.kubectl("delete", "pod", self.name, "--grace-period=0", "--force")
        self.assertTrue(self.gone("pod", self.name))

    def test_by_label_and_by_file(self):
        for suffix in "ab":
            self.kubectl("create", "-f", "-", stdin=configmap(f"{self.name}-{suffix}", labels={"own": self.name}))
        self.assertEqual(len(self.kubectl("delete", "configmaps", "-l", "own=" + self.name).splitlines()), 2)
        self.apply(cluster(self.name))
        self.kubectl("delete", "-f", "-", stdin=cluster(self.name))
        self.assertTrue(self.gone("troupe", self.name))

    def test_a_dry_run_deletes_nothing(self):
        self.kubectl("create", "-f", "-", stdin=cluster(self.name))
        self.assertIn("(server dry run)", self.kubectl("delete", "troupe", self.name, "--dry-run=server"))
        self.assertFalse(self.gone("troupe", self.name))

    def test_a_namespace_with_what_is_in_it(self):
        self.kubectl("create", "-f", "-", stdin=document("namespaces", self.name))
        self.kubectl("create", "--namespace", self.name, "-f", "-", stdin=cluster("inside"))
        self.kubectl("delete", "namespace", self.name)
        self.assertTrue(self.gone("namespace", self.name))


class Wait(KubectlTest):
    def status(self, **status):
        answer = self.api.merge_patch(f"/apis/troupe.dev/v1alpha1/namespaces/{self.namespace}/troupeclusters/{self.name}/status", {"status": status})
        self.assertEqual(answer.status, 200, answer)

    def condition(self, status):
        return {"type": "Ready", "status": status, "reason": "Tested", "message": "by a test", "lastTransitionTime": "2026-01-01T00:00:00Z"}

    def setUp(self):
        super().setUp()
        self.kubectl("create", "-f", "-", stdin=cluster(self.name))

    def test_for_a_condition_that_comes(self):
        self.status(conditions=[self.condition("False")])
        running = self.start("wait", "--for=condition=Ready", "troupe/" + self.name, "--timeout=60s")
        self.status(conditions=[self.condition("True")])
        running.until(lambda line: "condition met" in line)
        self.assertEqual(running.wait(), 0)

    def test_for_a_condition_that_is_there(self):
        self.status(conditions=[self.condition("True")])
        self.assertIn("condition met", self.kubectl("wait", "--for=condition=Ready", "troupe/" + self.name, "--timeout=30s"))

    def test_for_one_that_does_not_come(self):
        self.fails("wait", "--for=condition=Ready", "troupe/" + self.name, "--timeout=1s", saying="timed out waiting for the condition", code=1)

    def test_for_a_value(self):
        self.needs_client(23, "--for=jsonpath")
        self.status(replicas=3)
        self.assertIn("condition met", self.kubectl("wait", "--for=jsonpath={.status.replicas}=3", "troupe/" + self.name, "--timeout=30s"))

    def test_for_deletion(self):
        running = self.start("wait", "--for=delete", "troupe/" + self.name, "--timeout=60s", "-v=6")
        # Old kubectl fails when the object is gone before its first look; the log tells when it looks.
        running.until(lambda line: "fieldSelector=metadata.name" in line and " 200 OK" in line)
        self.kubectl("delete", "troupe", self.name)
        self.assertEqual(running.wait(), 0)
