"""kubectl get, describe, explain, api-resources, events, and what needs pods that run."""

import json

from session import KubectlTest
from suite import application, cluster, configmap, document, pod


class Get(KubectlTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for path, body in (("/apis/troupe.dev/v1alpha1/namespaces/%s/troupeclusters", cluster("counter", {"labels": {"tier": "front"}}, replicas=3)),
                           ("/apis/troupe.dev/v1alpha1/namespaces/%s/troupeclusters", cluster("abacus", replicas=1)),
                           ("/apis/troupe.dev/v1alpha1/namespaces/%s/troupeapplications", application("counting")),
                           ("/api/v1/namespaces/%s/pods", pod("idle"))):
            made = cls.api.post(path % cls.namespace, body)
            if made.status != 201:
                raise AssertionError(made)

    def test_the_columns_of_clusters(self):
        table = self.words("get", "troupe")
        self.assertEqual(table[0], ["NAME", "REPLICAS", "READY", "JOINED", "STATUS", "AGE"])
        self.assertEqual([row[:2] for row in table[1:]], [["abacus", "1"], ["counter", "3"]])

    def test_wide_shows_more(self):
        table = self.words("get", "troupe", "counter", "-o", "wide")
        self.assertEqual(table[0][6:], ["IMAGE", "VISIBILITY", "TLS", "CURRENT", "UPDATE"])
        self.assertEqual(table[1][-3:], ["localhost/troupe-worker:test", "Hidden", "Disabled"])

    def test_the_columns_of_applications(self):
        self.assertEqual(self.words("get", "troupeapp")[0], ["NAME", "CLUSTER", "VERSION", "READY", "STATUS", "AGE"])

    def test_the_columns_of_pods(self):
        table = self.words("get", "pods")
        self.assertEqual(table[0], ["NAME", "READY", "STATUS", "RESTARTS", "AGE"])
        self.assertEqual(table[1][:4], ["idle", "0/1", "Pending", "0"])
        self.assertEqual(self.words("get", "pods", "-o", "wide")[0][5:7], ["IP", "NODE"])

    def test_yaml_json_name_and_paths(self):
        yaml = self.kubectl("get", "troupe", "counter", "-o", "yaml")
        self.assertIn("\nkind: TroupeCluster\n", yaml)
        self.assertIn("\n  replicas: 3\n", yaml)
        self.assertEqual(json.loads(self.kubectl("get", "troupe", "-o", "json"))["kind"], "List")
        self.assertEqual(self.kubectl("get", "troupe", "-o", "name").split(), ["troupecluster.troupe.dev/abacus", "troupecluster.troupe.dev/counter"])
        self.assertEqual(self.kubectl("get", "troupe", "-o", "jsonpath={.items[*].spec.replicas}"), "1 3")
        columns = self.words("get", "troupe", "-o", "custom-columns=N:.metadata.name,R:.spec.replicas")
        self.assertEqual(columns, [["N", "R"], ["abacus", "1"], ["counter", "3"]])

    def test_selection_order_and_pages(self):
        self.assertEqual(self.kubectl("get", "troupe", "-l", "tier=front", "-o", "name").strip(), "troupecluster.troupe.dev/counter")
        self.assertEqual(self.kubectl("get", "troupe", "--field-selector=metadata.name=abacus", "-o", "name").strip(), "troupecluster.troupe.dev/abacus")
        rows = self.words("get", "troupe", "--sort-by=.spec.replicas")
        self.assertEqual([row[0] for row in rows[1:]], ["abacus", "counter"])
        self.assertEqual(len(self.words("get", "troupe", "--chunk-size=1")), 3)
        self.assertIn(["idle"], [row[:1] for row in self.words("get", "pods", "--field-selector=status.phase=Pending")])

    def test_kinds_answer_to_all_their_names(self):
        for name in ("troupe", "troupecluster", "troupeclusters", "troupeclusters.troupe.dev", "TroupeCluster", "troupeclusters.v1alpha1.troupe.dev"):
            self.assertEqual(self.kubectl("get", name, "counter", "-o", "name").strip(), "troupecluster.troupe.dev/counter")
        self.assertEqual(self.kubectl("get", "troupe/counter", "pod/idle", "-o", "name").split(), ["troupecluster.troupe.dev/counter", "pod/idle"])

    def test_all_shows_clusters_too(self):
        self.assertIn("troupecluster.troupe.dev/counter", self.kubectl("get", "all"))

    def test_all_namespaces(self):
        self.assertIn([self.namespace, "counter"], [row[:2] for row in self.words("get", "troupe", "-A")])

    def test_what_is_absent_is_not_found(self):
        self.fails("get", "troupe", "absent", saying='Error from server (NotFound): troupeclusters.troupe.dev "absent" not found', code=1)
        self.fails("get", "nonsense", saying="the server doesn't have a resource type \"nonsense\"")
        self.assertIn("No resources found", self.try_kubectl("get", "secrets", "-l", "none=here").stderr)

    def test_watch_shows_changes(self):
        running = self.start("get", "troupe", "counter", "-w")
        running.until(lambda line: line.startswith("counter"))
        self.kubectl("scale", "troupe", "counter", "--replicas=4")
        running.until(lambda line: line.split()[:2] == ["counter", "4"])
        self.kubectl("scale", "troupe", "counter", "--replicas=3")
        running.until(lambda line: line.split()[:2] == ["counter", "3"])

    def test_watch_only_of_what_is_new(self):
        running = self.start("get", "configmaps", "--watch-only", "-o", "name")
        # Only what comes after the watch has begun is shown, and nothing tells when that is: make objects until one shows.
        names = iter(range(1000))

        def shown():
            self.kubectl("create", "-f", "-", stdin=configmap(f"{self.name}-{next(names)}"))
            try:
                running.until(lambda line: line.startswith("configmap/" + self.name), timeout=1)
                return True
            except AssertionError:
                return False

        self.eventually(shown, "a new object shows")

    def test_raw(self):
        self.assertEqual(self.kubectl("get", "--raw", "/readyz"), "ok")
        self.assertEqual(json.loads(self.kubectl("get", "--raw", "/apis/troupe.dev/v1alpha1"))["kind"], "APIResourceList")


class Describe(KubectlTest):
    def test_a_cluster_with_its_events(self):
        self.kubectl("create", "-f", "-", stdin=cluster(self.name, {"labels": {"tier": "front"}}, replicas=3))
        metadata = self.read("troupe")["metadata"]
        about = {"apiVersion": "troupe.dev/v1alpha1", "kind": "TroupeCluster", "name": self.name, "namespace": self.namespace, "uid": metadata["uid"]}
        event = document("events", self.name, involvedObject=about, reason="PodCreated", message="made a worker", type="Normal",
                         count=1, source={"component": "troupe-operator"}, firstTimestamp=metadata["creationTimestamp"],
                         lastTimestamp=metadata["creationTimestamp"])
        self.kubectl("create", "-f", "-", stdin=event)
        shown = self.kubectl("describe", "troupe", self.name)
        for words in ("Name:         " + self.name, "Labels:       tier=front", "API Version:  troupe.dev/v1alpha1", "Replicas:           3"):
            self.assertIn(" ".join(words.split()), " ".join(shown.split()))
        self.assertRegex(shown, r"Normal +PodCreated +.* +troupe-operator +made a worker")
        self.assertIn("PodCreated", self.kubectl("get", "events"))

    def test_events_of_one_object(self):
        self.needs_client(26, "kubectl events")
        self.kubectl("create", "-f", "-", stdin=cluster(self.name))
        metadata = self.read("troupe")["metadata"]
        about = {"apiVersion": "troupe.dev/v1alpha1", "kind": "TroupeCluster", "name": self.name, "namespace": self.namespace, "uid": metadata["uid"]}
        self.kubectl("create", "-f", "-", stdin=document("events", self.name, involvedObject=about, reason="Tested", message="m", type="Normal",
                                                         lastTimestamp=metadata["creationTimestamp"]))
        self.assertIn("Tested", self.kubectl("events", "--for", "troupecluster/" + self.name))

    def test_a_pod(self):
        self.kubectl("create", "-f", "-", stdin=pod(self.name))
        shown = " ".join(self.kubectl("describe", "pod", self.name).split())
        self.assertIn("Status: Pending", shown)
        self.assertIn("Image: localhost/none:1", shown)

    def test_other_kinds(self):
        self.kubectl("create", "-f", "-", stdin=configmap(self.name, {"key": "value"}))
        self.assertIn("value", self.kubectl("describe", "configmap", self.name))
        self.assertIn("Active", self.kubectl("describe", "namespace", self.namespace))


class Explain(KubectlTest):
    def test_fields_are_explained(self):
        shown = self.kubectl("explain", "troupecluster.spec.rollout")
        self.assertIn("How a change that needs new pods reaches the workers.", shown)
        for field in ("paused", "progressDeadlineSeconds", "rollingUpdate", "type"):
            self.assertRegex(shown, rf"(?m)^ +{field}\s")

    def test_one_field_says_its_type(self):
        shown = self.kubectl("explain", "troupe.spec.replicas")
        self.assertIn("<integer>", shown)
        self.assertIn("How many workers to run", shown)

    def test_the_other_resource(self):
        self.assertRegex(self.kubectl("explain", "troupeapp.spec.supervisor"), r"(?m)^ +children\s")

    def test_recursively(self):
        shown = self.kubectl("explain", "troupe", "--recursive")
        for field in ("timeoutSeconds", "maxUnavailable", "visibility"):
            self.assertIn(field, shown)

    def test_pods_are_known(self):
        self.assertRegex(self.kubectl("explain", "pods"), r"(?m)^KIND: +Pod$")

    def test_an_absent_field_is_named(self):
        self.fails("explain", "troupe.spec.nonsense", saying='field "nonsense" does not exist')


class Discover(KubectlTest):
    def test_api_resources(self):
        rows = self.words("api-resources", "--api-group=troupe.dev", "--no-headers")
        self.assertEqual({row[0]: (row[1], row[-2], row[-1]) for row in rows},
                         {"troupeclusters": ("troupe", "true", "TroupeCluster"), "troupeapplications": ("troupeapp", "true", "TroupeApplication")})
        self.assertIn("pods", self.kubectl("api-resources", "-o", "name").split())

    def test_api_versions(self):
        self.assertLessEqual({"v1", "troupe.dev/v1alpha1", "coordination.k8s.io/v1"}, set(self.kubectl("api-versions").split()))

    def test_version_and_cluster_info(self):
        self.assertIn(f"1.{self.session.server_minor}", self.kubectl("version"))
        self.assertIn("is running at", self.kubectl("cluster-info"))

    def test_access_is_reviewed(self):
        done = self.try_kubectl("auth", "can-i", "create", "troupeclusters")
        if self.session.local and done.returncode:
            self.assertIn("protobuf", done.stderr)  # from 1.32 on kubectl sends the review as protobuf
        else:
            self.assertEqual(done.stdout.strip(), "yes", done.stderr)


class WithoutNode(KubectlTest):
    """What asks for a pod that runs says plainly that this one does not."""

    def setUp(self):
        super().setUp()
        self.kubectl("create", "-f", "-", stdin=pod(self.name))

    def test_logs(self):
        done = self.try_kubectl("logs", self.name)
        self.assertEqual(done.stdout, "")

    def test_exec(self):
        self.fails("exec", self.name, "--", "ls", saying="does not have a host assigned")

    def test_port_forward(self):
        self.fails("port-forward", "pod/" + self.name, "18999:80", saying="pod is not running")

    def test_top(self):
        self.fails("top", "pods", saying="Metrics API not available")
