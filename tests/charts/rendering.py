"""Renders charts/troupe by render.go, for the chart's tests.

Needs the packages golang-1.19-go and golang-github-masterminds-sprig-dev.
"""

import glob
import os
import shutil
import subprocess
import tempfile

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CHART = os.path.join(ROOT, "charts", "troupe")

EVERYTHING_ON = {
    "metrics": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "rules": {"enabled": True, "labels": {"release": "prometheus"}},
        "service": {"annotations": {"example.org/owner": "platform"}},
    },
    "dashboards": {"enabled": True, "annotations": {"example.org/folder": "Troupe"}},
    "imagePullSecrets": [{"name": "registry"}],
    "serviceAccount": {"annotations": {"example.org/owner": "platform"}},
    "podLabels": {"team": "platform"},
    "podAnnotations": {"example.org/owner": "platform"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "system-cluster-critical",
}
NAMESPACED = {"watchNamespaces": ["shop", "billing"]}


class RenderError(Exception):
    """The chart or its values are wrong; the text says how."""


class Renderer:
    """Builds the renderer once; `close` removes it."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="troupe-chart-")
        self._program = os.path.join(self._folder, "render")
        go = shutil.which("go", path="/usr/lib/go-1.19/bin:" + os.environ.get("PATH", ""))
        if go is None:
            raise RenderError("no Go compiler: install golang-1.19-go")
        environment = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="")
        sources = sorted(glob.glob(os.path.join(HERE, "render*.go")))
        command = [go, "build", "-o", self._program, *sources]
        built = subprocess.run(command, env=environment, capture_output=True, text=True)
        if built.returncode != 0:
            self.close()
            raise RenderError("building render.go failed: " + built.stderr)

    def close(self):
        shutil.rmtree(self._folder, ignore_errors=True)

    def text(self, values=None, kube_version="v1.36.0", release="troupe"):
        command = [self._program, "-chart", CHART, "-kube-version", kube_version, "-release", release]
        if values:
            path = os.path.join(self._folder, "values.yaml")
            with open(path, "w", encoding="utf-8") as file:
                yaml.safe_dump(values, file)
            command += ["-values", path]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RenderError(done.stderr)
        return done.stdout

    def manifests(self, values=None, **options):
        return [manifest for manifest in yaml.safe_load_all(self.text(values, **options)) if manifest]
