"""Bad input: each is a clear error, and nothing that runs is touched."""
import copy
import shutil
import socket
import subprocess

from environment import ROOT, application, cluster, process_child
from suite import EndToEnd


class BadResources(EndToEnd):
    def refused(self, document, *words):
        """The API server refuses it, with these words."""
        import json
        answer = self.world.kubectl("apply", "-f", "-", stdin=json.dumps(document), check=False)
        self.assertIsNone(self.world.get(document["kind"].lower(), document["metadata"]["name"]))
        for word in words:
            self.assertIn(word, answer)

    def not_accepted(self, document, type_, *words):
        self.apply(document)
        kind, name = document["kind"].lower(), document["metadata"]["name"]
        condition = self.world.wait(f"{type_} of {name} is False", lambda: self.world.condition(kind, name, type_).get("status") == "False"
                                    and self.world.condition(kind, name, type_))
        for word in words:
            self.assertIn(word, condition["message"])
        self.world.wait("an event says so too", lambda: any(event["type"] == "Warning" for event in self.world.events(name)))

    def test_replicas_out_of_range_and_of_the_wrong_type(self):
        self.refused(cluster("bad", replicas=-1), "spec.replicas")
        self.refused(cluster("bad", replicas=10**9), "spec.replicas")
        self.refused(cluster("bad", replicas="three"), "replicas")
        self.refused(cluster("Bad_Name"), "name")
        self.refused(cluster("bad", podTemplate={"spec": {"hostNetwork": True}}), "hostNetwork")

    def test_unknown_fields_are_refused_by_kubectl_or_dropped(self):
        import json
        document = cluster("unknown", replicas=0, colour="red")
        answer = self.world.kubectl("apply", "-f", "-", stdin=json.dumps(document), check=False)
        made = self.world.get("troupecluster", "unknown")
        if made is None:
            self.assertIn("colour", answer)
        else:
            self.made.append(("troupecluster", "unknown"))
            self.assertNotIn("colour", made["spec"])

    def test_an_application_of_a_missing_cluster_waits_and_says_so(self):
        self.not_accepted(application("orphan", "nowhere", [process_child("p", "Probe")]), "Accepted", "nowhere", "clusterRef")
        self.start_cluster(cluster("nowhere", replicas=1))
        self.world.wait_application("orphan")

    def test_what_passes_the_schema_and_cannot_work_is_named(self):
        document = cluster("cannot", replicas=1, distribution={"tls": {"mode": "Managed"}})
        self.not_accepted(document, "Ready", "spec.distribution.tls.mode")
        self.assertEqual(self.world.pods("cannot"), [])

    def test_a_bad_edit_touches_nothing_that_runs(self):
        self.start_cluster(cluster("edited", replicas=1))
        uid = self.world.pods("edited")[0]["metadata"]["uid"]
        self.apply(cluster("edited", replicas=1, distribution={"tls": {"mode": "Managed"}}))
        self.world.wait("the edit is refused", lambda: "spec.distribution.tls.mode" in str(self.world.get("troupecluster", "edited")["status"]["conditions"]))
        pods = self.world.pods("edited")
        self.assertEqual([pod["metadata"]["uid"] for pod in pods], [uid])
        self.assertEqual(pods[0]["status"]["containerStatuses"][0]["restartCount"], 0)

    def test_an_unknown_image_is_named_in_a_condition(self):
        document = cluster("noimage", replicas=1)
        document["spec"]["image"] = "no-such-image:1"
        self.apply(document)
        self.world.wait("the image is named", lambda: "no-such-image:1" in str((self.world.get("troupecluster", "noimage") or {}).get("status", {}).get("conditions")))

    def test_a_pod_that_cannot_be_scheduled_is_named_in_a_condition(self):
        self.apply(cluster("nofit", replicas=1, podTemplate={"spec": {"nodeSelector": {"disk": "none"}}}))
        self.world.wait("scheduling is named", lambda: "nschedulable" in str((self.world.get("troupecluster", "nofit") or {}).get("status", {}).get("conditions")))


class BadModules(EndToEnd):
    """One cluster, one good application beside each bad one: the good one must not notice."""

    def setUp(self):
        super().setUp()
        pods = self.start_cluster(cluster("modules", replicas=1), application("good", "modules", [process_child("good", "Probe")]))
        self.node = self.world.node_of(pods[0])
        self.folder = self.world.build / "image/opt/troupe"

    def fails_with(self, document, *words):
        self.apply(document)
        name = document["metadata"]["name"]

        def message():
            condition = self.world.condition("troupeapplication", name, "Ready")
            text = condition.get("message", "") + condition.get("reason", "")
            return text if condition.get("status") == "False" and all(word in text for word in words) else None
        self.world.wait(f"{name} fails with {words}", message)
        self.assertEqual(self.world.erl("modules", f"io:format(\"~p\", [gen_server:call({{good, '{self.node}'}}, {{echo, fine}})])"), "fine")
        self.assertEqual(self.world.pods("modules")[0]["status"]["containerStatuses"][0]["restartCount"], 0)

    def module(self, name):
        return application(name, "modules", [process_child("bad", "Probe")], module=name)

    def file(self, name, content):
        path = self.folder / f"{name}.so"
        path.write_bytes(content)
        self.addCleanup(path.unlink)

    def test_missing(self):
        self.fails_with(self.module("missing"), "/opt/troupe/missing.so")

    def test_truncated(self):
        self.file("truncated", (self.folder / "probe.so").read_bytes()[:4096])
        self.fails_with(self.module("truncated"), "truncated.so")

    def test_not_a_shared_object(self):
        self.file("text", b"this is no shared object\n")
        self.fails_with(self.module("text"), "text.so")

    def test_a_shared_object_that_is_no_troupe_module(self):
        subprocess.run(["g++", "-shared", "-fPIC", "-x", "c++", "-", "-o", str(self.folder / "foreign.so")], input=b"int answer() { return 42; }", check=True)
        self.addCleanup((self.folder / "foreign.so").unlink)
        self.fails_with(self.module("foreign"), "troupe_module_open")

    def test_a_wrong_abi(self):
        source = f'#include <troupe/abi.h>\nextern "C" __attribute__((visibility("default"))) const troupe_module* troupe_module_open(const troupe_host*) {{\n' \
                 "  static const troupe_module module{TROUPE_MODULE_MAGIC, sizeof(troupe_module), 9999, 0, nullptr, nullptr};\n  return &module; }\n"
        subprocess.run(["g++", "-std=c++20", "-shared", "-fPIC", "-fvisibility=hidden", f"-I{ROOT / 'worker/include'}", "-x", "c++", "-", "-o",
                        str(self.folder / "abi.so")], input=source.encode(), check=True)
        self.addCleanup((self.folder / "abi.so").unlink)
        self.fails_with(self.module("abi"), "9999")

    def test_an_unknown_class(self):
        self.fails_with(application("noclass", "modules", [process_child("bad", "Nobody")]), "Nobody")

    def test_a_constructor_that_throws(self):
        self.fails_with(application("throws", "modules", [process_child("bad", "Probe", args={"fail_with": "not today"})]), "not today")

    def test_arguments_of_the_wrong_shape(self):
        self.fails_with(application("shape", "modules", [process_child("bad", "Probe", args={"fail_with": 12})]), "fail_with")
        self.fails_with(application("extra", "modules", [process_child("bad", "Probe", args={"colour": "red"})]), "colour")

    def test_a_wrong_digest(self):
        document = self.module("probe")
        document["metadata"]["name"] = "digest"
        document["spec"]["module"]["sha256"] = "0" * 64
        self.fails_with(document, "sha256")

    def test_a_name_that_is_taken(self):
        self.fails_with(application("taken", "modules", [process_child("good", "Probe")]), "good")


class BadBytes(EndToEnd):
    def test_garbage_and_half_open_connections_on_every_port(self):
        pods = self.start_cluster(cluster("bytes", replicas=2))
        ip = pods[0]["status"]["podIP"]
        held = []
        for port in (4369, 9100, 9464):
            for garbage in (b"", b"\x00", b"\xff" * 4096, b"GET / HTTP/1.1\r\n", b"\x00\x05Nxxxx", b"\x7f\xff\xff\xff" + b"A" * 100):
                connection = socket.create_connection((ip, port), 5)
                connection.sendall(garbage)
                held.append(connection)
        self.world.kubectl("get", "--raw", "/readyz")
        self.assertEqual(self.world.erl("bytes", f"io:format(\"~p\", [net_adm:ping('{self.world.node_of(pods[0])}')])"), "pong")
        for connection in held:
            connection.close()
        self.world.wait_joined("bytes", 2)
        self.assertEqual([pod["status"]["containerStatuses"][0]["restartCount"] for pod in self.world.pods("bytes")], [0, 0])

    def test_garbage_at_the_operator(self):
        for garbage in (b"", b"\xff" * 4096, b"GET /metrics HTTP/9.9\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.world.operator_port), 5) as connection:
                connection.sendall(garbage)
        self.assertIsNone(self.world.processes["operator"].poll())

    def test_kubeconfigs_that_cannot_work(self):
        for name, text, word in [("malformed", ": : :", "kubeconfig"), ("empty", "{}", "context"),
                                 ("missing", None, "missing")]:
            path = self.world.dir / f"{name}.yaml"
            if text is not None:
                path.write_text(text)
            done = subprocess.run([self.world.program("troupe-operator"), "--kubeconfig", str(path)], capture_output=True, text=True, timeout=20)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(word, done.stderr)

    def test_a_worker_without_its_environment_says_what_is_missing(self):
        done = subprocess.run([self.world.program("troupe-worker")], capture_output=True, text=True, timeout=20, env={"PATH": "/usr/bin"})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("TROUPE_CLUSTER", done.stderr)


class FullDisk(EndToEnd):
    def test_an_operator_that_cannot_write_its_log_works_on(self):
        self.world.stop("operator")
        self.world.start_operator(log="/dev/full")
        try:
            self.start_cluster(cluster("full-disk", replicas=2))
            self.world.kubectl("scale", "troupe/full-disk", "--replicas", "1")
            self.world.wait_joined("full-disk", 1)
            self.assertIsNone(self.world.processes["operator"].poll())
        finally:
            self.world.stop("operator")
            self.world.start_operator()
