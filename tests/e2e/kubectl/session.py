"""kubectl as a user runs it, with a home and a cache of its own, and a namespace for each class of tests."""

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import suite

TIMEOUT_SECONDS = 120


class Session:
    """What all tests of one run share. `server_minor` and `client_minor` are minor versions of Kubernetes 1."""

    def __init__(self, client, arguments):
        self.api = client
        self.real = arguments.server == "real"
        self.local = not self.real
        self.kubectl = arguments.kubectl
        self.home = tempfile.mkdtemp(prefix="troupe-kubectl-")
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.home, "KUBECONFIG": os.path.abspath(arguments.kubeconfig),
                            "LANG": "C.UTF-8"}
        self.server_minor = suite.Server(client, arguments.server, None).minor
        version = subprocess.run([self.kubectl, "version", "--client", "-o", "json"], env=self.environment, check=True,
                                 capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        minor = json.loads(version.stdout)["clientVersion"]["minor"]
        self.client_minor = int("".join(c for c in minor if c.isdigit()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.home, ignore_errors=True)


class KubectlTest(unittest.TestCase):
    session = None  # set once by the runner
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.api = cls.session.api
        cls.namespace = suite.unique("kubectl")
        made = cls.api.post("/api/v1/namespaces", suite.document("namespaces", cls.namespace))
        if made.status != 201:
            raise AssertionError(f"cannot make a namespace: {made}")

    @classmethod
    def tearDownClass(cls):
        cls.api.delete("/api/v1/namespaces/" + cls.namespace)

    def setUp(self):
        self.name = suite.unique("k")

    # --- running ---

    def command(self, *arguments):
        return [self.session.kubectl, "--namespace", self.namespace, *arguments]

    def try_kubectl(self, *arguments, stdin=None, **environment):
        if isinstance(stdin, dict):
            stdin = json.dumps(stdin)
        return subprocess.run(self.command(*arguments), input=stdin or "", env={**self.session.environment, **environment},
                              capture_output=True, text=True, timeout=TIMEOUT_SECONDS)

    def kubectl(self, *arguments, stdin=None, **environment):
        """Runs kubectl, which must succeed; what it printed."""
        done = self.try_kubectl(*arguments, stdin=stdin, **environment)
        self.assertEqual(done.returncode, 0, f"kubectl {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def fails(self, *arguments, stdin=None, saying=(), code=None):
        """Runs kubectl, which must fail and say each of `saying` (in any case of letters)."""
        done = self.try_kubectl(*arguments, stdin=stdin)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stderr)
        for words in [saying] if isinstance(saying, str) else saying:
            self.assertIn(words.lower(), (done.stdout + done.stderr).lower())
        return done

    def apply(self, body):
        return self.kubectl("apply", "-f", "-", stdin=body)

    def read(self, kind, name=None):
        return json.loads(self.kubectl("get", kind, name or self.name, "-o", "json"))

    def words(self, *arguments):
        """A table that kubectl printed, as rows of cells."""
        return [line.split() for line in self.kubectl(*arguments).splitlines()]

    def eventually(self, condition, what, timeout=60):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"not within {timeout} s: {what}")
            time.sleep(0.1)

    def needs_client(self, minor, what):
        if self.session.client_minor < minor:
            self.skipTest(f"{what} came with kubectl 1.{minor}, this one is 1.{self.session.client_minor}")

    def start(self, *arguments):
        running = Running(self.command(*arguments), self.session.environment)
        self.addCleanup(running.stop)
        return running


class Running:
    """A kubectl that goes on; its lines as they come."""

    def __init__(self, command, environment):
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True)
        self._lines = queue.Queue()
        self.seen = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def until(self, wanted, timeout=30):
        """The first line from now on for which `wanted(line)` holds."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not within {timeout} s; seen: {self.seen}") from None
            if line is None:
                raise AssertionError(f"kubectl ended; seen: {self.seen}")
            self.seen.append(line)
            if wanted(line):
                return line

    def wait(self, timeout=60):
        """The exit code."""
        return self._process.wait(timeout=timeout)

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
