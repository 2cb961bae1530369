"""Everything that an end-to-end test runs: an API server (local or real), a node, an operator, kubectl and erl.

Programs are started here and nowhere else, and all of them are gone when `close` returns.
"""
import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/charts"))

from rendering import Renderer  # noqa: E402

IMAGE = "troupe-worker:e2e"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Timeout(AssertionError):
    pass


class Environment:
    def __init__(self, server, build_dir, kubectl="kubectl", pod_cidr=None):
        assert server in ("local", "real")
        self.server = server
        self.build = pathlib.Path(build_dir)
        self.kubectl_program = kubectl
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"troupe-e2e-{server}-"))
        self.kubeconfig = self.dir / "kubeconfig"
        self.operator_kubeconfig = self.kubeconfig
        self.pod_cidr = pod_cidr or ("127.81.0.0/16" if server == "local" else "127.82.0.0/16")
        self.api_port = free_port()
        self.operator_port = free_port()
        self.processes = {}
        self.env = dict(os.environ, KUBECONFIG=str(self.kubeconfig), HOME=str(self.dir), ERL_EPMD_ADDRESS="127.0.0.1")
        self.env.pop("ERL_AFLAGS", None)

    # --- programs ---

    def program(self, name):
        return str(self.build / "bin" / name)

    def start(self, name, *argv, env=None, log=None):
        log = open(log or self.dir / f"{name}.log", "ab")
        self.processes[name] = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT, env=env or self.env,
                                                stdin=subprocess.DEVNULL, start_new_session=True)

    def stop(self, name, sign=signal.SIGTERM, timeout=30):
        process = self.processes.pop(name, None)
        if process is None:
            return None
        process.send_signal(sign)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Timeout(f"{name} did not end within {timeout} s of signal {sign}")

    def start_server(self):
        if self.server == "local":
            self.start("api", self.program("troupe-local"), "up", "--without-node", "--kubeconfig-out", str(self.kubeconfig),
                       "--port", str(self.api_port), "--data-dir", str(self.dir / "data"))
        elif (self.dir / "real").exists():
            self.real("start-apiserver")
        else:
            self.real("up", "--kubeconfig-out", str(self.kubeconfig), "--controller-manager")
        self.wait("the API server is ready", lambda: self.kubectl("get", "--raw", "/readyz") == "ok", 60)

    def stop_server(self):
        if self.server == "local":
            self.stop("api", signal.SIGKILL)
        else:
            self.real("stop-apiserver")

    def real(self, command, *options):
        subprocess.run([str(ROOT / "scripts/real-kubernetes"), command, *options, "--state-dir", str(self.dir / "real")],
                       check=True, stdout=subprocess.DEVNULL, timeout=300)

    def start_node(self, name="node"):
        client_ca = self.dir / ("data/ca.crt" if self.server == "local" else "real/tls/ca.crt")
        self.start("node", self.program("troupe-local"), "node", "--kubeconfig", str(self.kubeconfig), "--node-name", name,
                   "--image", f"{IMAGE}={self.build / 'image'}", "--pod-cidr", self.pod_cidr, "--client-ca", str(client_ca))

    def start_operator(self, name="operator", leader_elect=False, port=None, log=None):
        self.start(name, self.program("troupe-operator"), "--kubeconfig", str(self.operator_kubeconfig), f"--leader-elect={str(leader_elect).lower()}",
                   "--metrics-address", f"127.0.0.1:{port or self.operator_port}", "--log-format", "json", log=log)

    def open(self):
        self.start_server()
        if self.server == "real":
            # kubectl cannot check the rules that 1.20's own schema does not know.
            self.kubectl("apply", "--validate=false", "-f", str(ROOT / "crds"))
            self.wait("the CRDs are served", lambda: "troupeclusters" in self.kubectl("api-resources", "--api-group=troupe.dev", "-o", "name"))
            self.install_operator_rights()
        self.start_node()
        self.start_operator()
        return self

    def install_operator_rights(self):
        """From here on the operator is the chart's ServiceAccount and may do what the chart's roles allow, no more."""
        renderer = Renderer()
        try:
            manifests = renderer.manifests()
        finally:
            renderer.close()
        kinds = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
        account = next(manifest["metadata"] for manifest in manifests if manifest["kind"] == "ServiceAccount")
        self.kubectl("create", "namespace", account["namespace"])
        self.apply(*[manifest for manifest in manifests if manifest["kind"] in kinds])
        space = ["-n", account["namespace"]]

        def token():
            secrets = json.loads(self.kubectl("get", "secrets", "-o", "json", *space))["items"]
            return next((secret["data"]["token"] for secret in secrets if secret["type"] == "kubernetes.io/service-account-token"
                         and secret["metadata"]["annotations"]["kubernetes.io/service-account.name"] == account["name"]), None)

        encoded = self.wait("the operator's ServiceAccount has a token", token)
        config = json.loads(self.kubectl("config", "view", "--raw", "-o", "json"))
        context = config["contexts"][0]
        context["context"].update(user="operator", namespace=account["namespace"])
        config.update({"users": [{"name": "operator", "user": {"token": base64.b64decode(encoded).decode()}}],
                       "contexts": [context], "current-context": context["name"]})
        self.operator_kubeconfig = self.dir / "operator-kubeconfig"
        self.operator_kubeconfig.write_text(json.dumps(config))

    def close(self):
        for name in [n for n in self.processes if n != "api"]:
            try:
                self.stop(name)
            except Timeout as late:
                print(late)
        if self.server == "real":
            self.real("down")
        else:
            self.stop("api")
        if not os.environ.get("TROUPE_E2E_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def logs(self, lines=25):
        text = ""
        for log in sorted(self.dir.glob("*.log")):
            text += f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) + "\n"
        return text

    def refusals(self):
        """What the operators asked for without a right to it, by their logs."""
        return [line for log in sorted(self.dir.glob("*.log")) for line in log.read_text(errors="replace").splitlines()
                if "system:serviceaccount:" in line and " cannot " in line]

    # --- kubectl ---

    def kubectl(self, *arguments, stdin=None, check=True, timeout=60):
        done = subprocess.run([self.kubectl_program, *arguments], input=stdin, capture_output=True, text=True, env=self.env,
                              timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout if check else done.stdout + done.stderr

    def get(self, kind, name=None, selector=None):
        """The object as a dict, None when it is not there; the items of a list when no name is given."""
        arguments = ["get", kind, "-o", "json"]
        if name:
            arguments += [name, "--ignore-not-found"]
        if selector:
            arguments += ["-l", selector]
        text = self.kubectl(*arguments)
        if not text.strip():
            return None if name else []
        parsed = json.loads(text)
        return parsed if name else parsed["items"]

    def apply(self, *documents):
        return self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)}))

    def pods(self, cluster):
        return sorted(self.get("pods", selector=f"troupe.dev/cluster={cluster}"), key=lambda pod: pod["metadata"]["name"])

    def pod_names(self, cluster):
        return [pod["metadata"]["name"] for pod in self.pods(cluster)]

    def condition(self, kind, name, type_):
        thing = self.get(kind, name) or {}
        for condition in thing.get("status", {}).get("conditions", []):
            if condition["type"] == type_:
                return condition
        return {}

    def events(self, name):
        return [event for event in self.get("events") if event["involvedObject"].get("name") == name]

    # --- waiting ---

    def wait(self, what, holds, timeout=30, interval=0.1):
        deadline = time.monotonic() + timeout
        last = None
        while True:
            try:
                value = holds()
                if value:
                    return value
                last = value
            except (AssertionError, KeyError, OSError, subprocess.TimeoutExpired) as error:
                last = error
            if time.monotonic() > deadline:
                raise Timeout(f"not within {timeout} s: {what} (last: {last})\n{self.logs()}")
            time.sleep(interval)

    def wait_joined(self, cluster, replicas, timeout=60):
        def holds():
            status = (self.get("troupecluster", cluster) or {}).get("status", {})
            return status.get("joinedReplicas", 0) == replicas and status.get("replicas") == replicas
        try:
            self.wait(f"{replicas} workers of {cluster} have joined", holds, timeout)
        except Timeout as error:
            raise Timeout(f"{self.how_joined(cluster)}\n{error}") from None

    def how_joined(self, cluster):
        """What the cluster counts, and what each pod says of itself with its last log lines."""
        status = (self.get("troupecluster", cluster) or {}).get("status", {})
        lines = [f"{cluster}: joinedReplicas {status.get('joinedReplicas')}, replicas {status.get('replicas')}"]
        for pod in self.pods(cluster):
            conditions = {c["type"]: f"{c['status']} {c.get('reason', '')} {c.get('message', '')}".strip()
                          for c in pod["status"].get("conditions", [])}
            lines.append(f"{pod['metadata']['name']} {pod['status'].get('phase')} {pod['status'].get('podIP')}: {conditions}")
            tail = 8 if conditions.get("troupe.dev/Joined", "").startswith("True") else 60
            lines += ["    " + line for line in self.kubectl("logs", pod["metadata"]["name"], f"--tail={tail}", check=False).splitlines()]
        return "\n".join(lines)

    def wait_application(self, name, timeout=60):
        self.wait(f"application {name} is ready", lambda: self.condition("troupeapplication", name, "Ready").get("status") == "True", timeout)

    def gone(self, kind, name, timeout=60):
        self.wait(f"{kind} {name} is gone", lambda: self.get(kind, name) is None, timeout)

    # --- Erlang ---

    def cookie(self, cluster):
        return base64.b64decode(self.get("secret", f"{cluster}-cookie")["data"]["cookie"]).decode()

    def node_of(self, pod):
        return f"{pod['metadata']['labels']['troupe.dev/cluster']}@{pod['status']['podIP']}"

    def erl(self, cluster, code, cookie=None, timeout=30, name="e2e"):
        """Runs Erlang code on a hidden node with the cluster's cookie; what it prints with io:format is the answer."""
        program = f"try {code} catch Class_:Reason_:Stack_ -> io:format(\"~p\", [{{Class_, Reason_, Stack_}}]) end, init:stop()."
        done = subprocess.run(["erl", "-noshell", "-name", f"{name}{os.getpid()}@127.0.0.1", "-hidden", "-start_epmd", "false",
                               "-dist_listen", "false", "-setcookie", cookie or self.cookie(cluster), "-eval", program],
                              capture_output=True, text=True, env=self.env, timeout=timeout)
        return done.stdout.strip()


def cluster(name, replicas=3, **spec):
    return {"apiVersion": "troupe.dev/v1alpha1", "kind": "TroupeCluster", "metadata": {"name": name},
            "spec": {"replicas": replicas, "image": IMAGE, "distribution": {"tls": {"mode": "Disabled"}},
                     "drain": {"timeoutSeconds": 5}, **spec}}


def process_child(name, class_, **more):
    args = more.pop("args", {})
    return {"name": name, "type": "Process", "process": {"class": class_, "args": args}, **more}


def command_child(name, argv, **more):
    return {"name": name, "type": "Command", "command": {"argv": argv}, **more}


def application(name, cluster_name, children, module="probe", **supervisor):
    spec = {"clusterRef": {"name": cluster_name}, "supervisor": {"children": children, **supervisor}}
    if module:
        spec["module"] = {"name": module, "version": "1.0.0", "source": {"type": "Path", "path": f"/opt/troupe/{module}.so"}}
    return {"apiVersion": "troupe.dev/v1alpha1", "kind": "TroupeApplication", "metadata": {"name": name}, "spec": spec}
