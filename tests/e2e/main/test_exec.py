"""kubectl exec in a pod of the node, over the protocol that this kubectl begins with, and over SPDY."""
import hashlib
import os
import random
import subprocess

from suite import EndToEnd

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "exec-pod"},
       "spec": {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "c", "image": "troupe-worker:e2e", "imagePullPolicy": "Never", "command": ["sleep", "1000"]}]}}


class Exec(EndToEnd):
    protocol = {}

    def setUp(self):
        super().setUp()
        self.apply(POD)
        self.world.wait("the pod runs", lambda: self.world.get("pod", "exec-pod")["status"].get("phase") == "Running")

    def tearDown(self):
        super().tearDown()
        self.world.gone("pod", "exec-pod")

    def exec(self, *command, stdin=None):
        """The kubectl that has finished. Bytes, not text."""
        options = ["-i"] if stdin is not None else []
        return subprocess.run([self.world.kubectl_program, "exec", *options, "exec-pod", "--", *command], input=stdin,
                              capture_output=True, env={**self.world.env, **self.protocol}, timeout=60)

    def test_input_reaches_the_program_and_so_does_its_end(self):
        done = self.exec("cat", stdin=b"a\0b\n")
        self.assertEqual((done.stdout, done.returncode), (b"a\0b\n", 0), done.stderr)

    def test_the_exit_code_is_passed_on_and_stderr_kept_apart(self):
        done = self.exec("sh", "-c", "echo out; echo err >&2; exit 7")
        self.assertEqual((done.stdout, done.returncode), (b"out\n", 7))
        self.assertTrue(done.stderr.startswith(b"err\n"), done.stderr)
        self.assertIn(b"exit code 7", done.stderr)

    def test_ten_megabytes_of_output_are_intact(self):
        path = self.world.dir / "output"
        path.write_bytes(random.Random(1).randbytes(10_000_000))
        done = self.exec("cat", str(path))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout == path.read_bytes(), f"{len(done.stdout)} bytes came")

    def test_ten_megabytes_of_input_are_intact(self):
        sent = random.Random(2).randbytes(10_000_000)
        done = self.exec("sha256sum", stdin=sent)
        self.assertEqual(done.stdout.split()[:1], [hashlib.sha256(sent).hexdigest().encode()], done.stderr)

    def test_a_program_that_is_not_there_is_named(self):
        done = self.exec("no-such-program")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"no-such-program", done.stderr)

    def test_a_program_ends_with_its_client(self):
        client = subprocess.Popen([self.world.kubectl_program, "exec", "exec-pod", "--", "sh", "-c", "echo $$; exec sleep 1000"],
                                  stdout=subprocess.PIPE, env={**self.world.env, **self.protocol})
        try:
            pid = int(client.stdout.readline())
            os.kill(pid, 0)
        finally:
            client.kill()
            client.communicate()
        self.world.wait("the program is gone", lambda: not os.path.exists(f"/proc/{pid}"))


class ExecOverSpdy(Exec):
    """The only one before kubectl 1.31; a later one speaks WebSocket unless this says otherwise."""

    protocol = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false"}
