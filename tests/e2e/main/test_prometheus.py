"""Debian's Prometheus scrapes operator and workers, and every dashboard query returns data.

Debian builds Prometheus without its Kubernetes discovery, so the pods are handed to it as files with the same meta labels,
one entry for each container port; what picks and names the targets are the relabelling rules that a real one would run.
"""
import json
import pathlib
import re
import subprocess
import time
import urllib.parse
import urllib.request

from environment import ROOT, application, cluster, free_port, process_child
from suite import EndToEnd


class Prometheus(EndToEnd):
    def setUp(self):
        super().setUp()
        self.pods = self.start_cluster(cluster("metrics", replicas=2), application("metrics", "metrics", [process_child("counter", "Counter")], module="counter"))

    def text(self, url):
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()

    def test_promtool_finds_nothing_to_say(self):
        for url in [f"http://{self.pods[0]['status']['podIP']}:9464/metrics", f"http://127.0.0.1:{self.world.operator_port}/metrics"]:
            done = subprocess.run(["promtool", "check", "metrics"], input=self.text(url), capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), url)

    def test_every_dashboard_query_returns_data(self):
        # A crash and its restart, so that those panels have something to show.
        node = self.world.node_of(self.pods[0])
        self.world.erl("metrics", f"catch gen_server:call({{counter, '{node}'}}, {{add, -1}})")
        port = free_port()
        config = self.world.dir / "prometheus.yml"
        config.write_text(f"""
global: {{scrape_interval: 1s}}
scrape_configs:
- job_name: troupe-workers
  file_sd_configs: [{{files: ['{self.discovered()}'], refresh_interval: 1s}}]
  relabel_configs:
  - {{source_labels: [__meta_kubernetes_pod_label_troupe_dev_cluster], regex: metrics, action: keep}}
  - {{source_labels: [__meta_kubernetes_pod_container_port_name], regex: http, action: keep}}
  - {{source_labels: [__meta_kubernetes_namespace], target_label: namespace}}
  - {{source_labels: [__meta_kubernetes_pod_name], target_label: pod}}
  - {{source_labels: [__meta_kubernetes_pod_label_troupe_dev_cluster], target_label: cluster}}
- job_name: troupe-operator
  static_configs: [{{targets: ['127.0.0.1:{self.world.operator_port}'], labels: {{namespace: default, pod: operator-0}}}}]
""")
        self.world.start("prometheus", "prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.world.dir / 'tsdb'}",
                         f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn")
        try:
            base = f"http://127.0.0.1:{port}/api/v1"

            def up():
                targets = json.loads(self.text(f"{base}/targets"))["data"]["activeTargets"]
                return len(targets) == 3 and all(target["health"] == "up" for target in targets)
            self.world.wait("Prometheus scrapes two workers and the operator", up, 60)
            for dashboard in sorted((ROOT / "charts/troupe/dashboards").glob("*.json")):
                for title, query in self.queries(dashboard):
                    self.world.wait(f"{dashboard.name}, {title}: {query}", lambda q=query: self.has_data(base, q), 60, 0.5)
        finally:
            self.world.stop("prometheus")

    def discovered(self):
        """What role pod of kubernetes_sd_configs would find: an entry for each port of each container."""
        targets = []
        for pod in self.world.get("pods"):
            meta = {"__meta_kubernetes_namespace": pod["metadata"]["namespace"], "__meta_kubernetes_pod_name": pod["metadata"]["name"]}
            for key, value in pod["metadata"].get("labels", {}).items():
                meta["__meta_kubernetes_pod_label_" + re.sub(r"[^a-zA-Z0-9]", "_", key)] = value
            for container in pod["spec"]["containers"]:
                for port in container.get("ports", []):
                    targets.append({"targets": [f"{pod['status']['podIP']}:{port['containerPort']}"],
                                    "labels": dict(meta, __meta_kubernetes_pod_container_port_name=port["name"])})
        file = self.world.dir / "pods.json"
        file.write_text(json.dumps(targets))
        return file

    def queries(self, dashboard):
        found = []

        def visit(panels):
            for panel in panels:
                visit(panel.get("panels", []))
                for target in panel.get("targets", []):
                    query = target["expr"]
                    for name, value in [("__rate_interval", "10s"), ("__interval", "10s"), ("__range", "60s")]:
                        query = query.replace("$" + name, value).replace("${" + name + "}", value)
                    query = re.sub(r"\$\{?[a-z_]+(:[a-z]+)?\}?", ".*", query)
                    found.append((panel["title"], query))
        visit(json.loads(dashboard.read_text())["panels"])
        self.assertGreater(len(found), 5)
        return found

    def has_data(self, base, query):
        return bool(json.loads(self.text(f"{base}/query?{urllib.parse.urlencode({'query': query})}"))["data"]["result"])
