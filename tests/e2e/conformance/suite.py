"""What every conformance test stands on: the server under test, a namespace of its own, and the assertions."""

import secrets
import string
import time
import unittest

GROUP = "/apis/troupe.dev/v1alpha1"

# plural -> (path of the API version, namespaced, kind, apiVersion)
RESOURCES = {
    "namespaces": ("/api/v1", False, "Namespace", "v1"),
    "configmaps": ("/api/v1", True, "ConfigMap", "v1"),
    "secrets": ("/api/v1", True, "Secret", "v1"),
    "pods": ("/api/v1", True, "Pod", "v1"),
    "events": ("/api/v1", True, "Event", "v1"),
    "serviceaccounts": ("/api/v1", True, "ServiceAccount", "v1"),
    "leases": ("/apis/coordination.k8s.io/v1", True, "Lease", "coordination.k8s.io/v1"),
    "troupeclusters": (GROUP, True, "TroupeCluster", "troupe.dev/v1alpha1"),
    "troupeapplications": (GROUP, True, "TroupeApplication", "troupe.dev/v1alpha1"),
}


class Server:
    """The server under test. `minor` is its minor version of Kubernetes 1."""

    def __init__(self, api, kind, compact):
        self.api = api
        self.real = kind == "real"
        self.local = kind == "local"
        self.compact = compact
        version = api.get("/version").json
        self.minor = int("".join(c for c in version["minor"] if c.isdigit()))


class ApiTest(unittest.TestCase):
    server = None  # set once by the runner
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.api = cls.server.api
        made = cls.api.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": unique("conf")}})
        if made.status != 201:
            raise AssertionError(f"cannot make a namespace: {made}")
        cls.namespace = made.json["metadata"]["name"]
        cls.await_settled()

    @classmethod
    def await_settled(cls):
        """Controllers put objects into a new namespace; a test that watches must not see them come."""
        base = f"/api/v1/namespaces/{cls.namespace}"
        wanted = [base + "/serviceaccounts/default"] + ([base + "/configmaps/kube-root-ca.crt"] if cls.server.real else [])
        deadline = time.monotonic() + 30
        while not all(cls.api.get(path).status == 200 for path in wanted):
            if time.monotonic() > deadline:
                raise AssertionError(f"{cls.namespace} did not settle: {wanted}")
            time.sleep(0.02)

    @classmethod
    def tearDownClass(cls):
        cls.api.delete(f"/api/v1/namespaces/{cls.namespace}")

    def setUp(self):
        self.name = unique("t")

    # --- which server ---

    def needs_version(self, minor, what):
        if self.server.minor < minor:
            self.skipTest(f"{what} came with Kubernetes 1.{minor}, this server is 1.{self.server.minor}")

    def real_only(self, why):
        if not self.server.real:
            self.skipTest(why)

    # --- paths and objects ---

    def path(self, resource, name=None, subresource=None, namespace=None):
        base, namespaced, _, _ = RESOURCES[resource]
        parts = [base]
        if namespaced:
            parts += ["namespaces", namespace or self.namespace]
        parts.append(resource)
        if name is not None:
            parts.append(name)
        if subresource:
            parts.append(subresource)
        return "/".join(parts)

    def create(self, resource, document, **options):
        made = self.api.post(self.path(resource), document, **options)
        self.assertEqual(made.status, 201, made)
        return made.json

    def read(self, resource, name):
        got = self.api.get(self.path(resource, name))
        self.assertEqual(got.status, 200, got)
        return got.json

    def wait_gone(self, resource, name, timeout=30):
        self.eventually(lambda: self.api.get(self.path(resource, name)).status == 404, f"{resource}/{name} is gone", timeout)

    def eventually(self, condition, what, timeout=30):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"not within {timeout} s: {what}")
            time.sleep(0.05)

    # --- assertions ---

    def assert_status(self, response, code, reason, message=None, details=None, causes=None):
        """The answer is a Status failure with this code and reason; `causes` are (reason, field) pairs that must be there."""
        self.assertEqual(response.status, code, response)
        status = response.json
        self.assertEqual((status.get("kind"), status.get("apiVersion"), status.get("status")), ("Status", "v1", "Failure"), status)
        self.assertEqual(status.get("code"), code, status)
        self.assertEqual(status.get("reason"), reason, status)
        self.assertIn("metadata", status)
        if message:
            self.assertIn(message, status["message"])
        else:
            self.assertTrue(status.get("message"), status)
        for key, value in (details or {}).items():
            self.assertEqual(status.get("details", {}).get(key), value, status)
        for cause_reason, field in causes or []:
            found = status.get("details", {}).get("causes", [])
            self.assertTrue(any(c.get("field") == field and (cause_reason is None or c.get("reason") == cause_reason) for c in found),
                            f"no cause {cause_reason} at {field}: {status}")

    def assert_refused(self, response, *names):
        """A server that cannot do this says so: a Status failure that names the thing."""
        self.assertIn(response.status, (400, 403, 405, 406, 415, 422, 501), response)
        status = response.json
        self.assertEqual((status.get("kind"), status.get("status")), ("Status", "Failure"), status)
        for name in names:
            self.assertIn(name.lower(), status["message"].lower())


def unique(prefix):
    alphabet = string.ascii_lowercase + string.digits
    return prefix + "-" + "".join(secrets.choice(alphabet) for _ in range(8))


def document(resource, name, **fields):
    _, _, kind, api_version = RESOURCES[resource]
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **fields.pop("metadata", {})}, **fields}


def configmap(name, data=None, **metadata):
    return document("configmaps", name, metadata=metadata, data=data or {})


def pod(name, node=None, **metadata):
    """A pod that no scheduler touches; one with a `node` is bound to it from the start."""
    spec = {"schedulerName": "nobody", "containers": [{"name": "main", "image": "localhost/none:1"}]}
    if node:
        spec["nodeName"] = node
    return document("pods", name, metadata=metadata, spec=spec)


def nowhere():
    """The name of a node that is not there. Never the same twice: the real collector remembers those it has missed for a
    while, and deletes pods on them at once."""
    return unique("nowhere")


def lease(name, holder=None, **metadata):
    spec = {"leaseDurationSeconds": 15}
    if holder:
        spec["holderIdentity"] = holder
    return document("leases", name, metadata=metadata, spec=spec)


def cluster(name, metadata=None, **spec):
    return document("troupeclusters", name, metadata=metadata or {},
                    spec={"image": "localhost/troupe-worker:test", "distribution": {"tls": {"mode": "Disabled"}}, **spec})


def application(name, metadata=None, **spec):
    children = [{"name": "report", "type": "Command", "command": {"argv": ["/bin/true"]}}]
    return document("troupeapplications", name, metadata=metadata or {},
                    spec={"clusterRef": {"name": "counter"}, "supervisor": {"children": children}, **spec})


def version_of(obj):
    return obj["metadata"]["resourceVersion"]


def without(obj, *keys):
    return {key: value for key, value in obj.items() if key not in keys}
