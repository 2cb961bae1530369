"""The nodes of one run, and the stage hand: a TCP line protocol by which the suite starts and ends nodes.

    node start | kill                      the Troupe node: killed with SIGKILL, started as before
    erlang start NAME COOKIE BASE64        another Erlang node that runs the expressions in BASE64
    erlang kill NAME                       with SIGKILL

answered with `ok`, or `error TEXT`. What the nodes print is kept and shown when a case fails.
"""
import base64
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

DEADLINE_SECONDS = 20
SUITE_SECONDS = 240
COOKIE = "cookie"
TROUPE_NODE = "t@127.0.0.2"
ERLANG_NODE = "e@127.0.0.1"


def free_port():
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


def wait_until(condition, what):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not happen within {DEADLINE_SECONDS} s")
        time.sleep(0.005)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_certificates(folder, seen_as):
    """A CA, a certificate for each address, and what Erlang wants to know of them."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    folder.mkdir(exist_ok=True)
    openssl("req", "-x509", *key, "-days", "1", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.crt")
    for name, address in (("troupe", "127.0.0.2"), ("erlang", "127.0.0.1")):
        (folder / name).mkdir(exist_ok=True)
        # Erlang looks for the address among the DNS names.
        (folder / "extensions").write_text(f"subjectAltName=IP:{address},DNS:{address}\n"
                                           "extendedKeyUsage=serverAuth,clientAuth\n")
        openssl("req", *key, "-subj", f"/CN={address}", "-keyout", f"{name}/tls.key", "-out", "request")
        openssl("x509", "-req", "-in", "request", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1",
                "-extfile", "extensions", "-out", f"{name}/tls.crt")
        shutil.copy(folder / "ca.crt", folder / name)
    files = "".join(f'{{{option}, "{seen_as}/erlang/{file}"}}, '
                    for option, file in (("certfile", "tls.crt"), ("keyfile", "tls.key"), ("cacertfile", "ca.crt")))
    files += "{verify, verify_peer}"
    (folder / "dist.conf").write_text(f"[{{server, [{files}, {{fail_if_no_peer_cert, true}}]}}, {{client, [{files}]}}].")
    return folder


class Stage:
    def __init__(self, arguments, command, language, beams, erlang, troupe, over):
        self.arguments = arguments
        self.command = command
        self.language = language
        self.beams = arguments.beams_as or str(beams)  # As Erlang sees them.
        self.tls = make_certificates(beams / "tls", f"{self.beams}/tls") if over == "tls" else None
        self.erlang = erlang
        self.troupe = troupe
        self.epmd_port = free_port()
        self.environment = {**os.environ, "ERL_EPMD_PORT": str(self.epmd_port), "ERL_CRASH_DUMP_SECONDS": "0"}
        self.log = open(arguments.log, "a+b") if arguments.log else tempfile.TemporaryFile()
        self.children = {}

    def __enter__(self):
        self.start("epmd", ["epmd", "-address", "127.0.0.1", "-port", str(self.epmd_port)])
        wait_until(lambda: answers(self.epmd_port), "epmd")
        self.hand = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.hand.close()
        for name in list(self.children):
            self.kill(name)
        self.log.close()

    def start(self, name, command, **options):
        self.children[name] = subprocess.Popen(command, env=self.environment, stderr=self.log, stdin=subprocess.DEVNULL,
                                               start_new_session=True, **{"stdout": self.log, **options})
        return self.children[name]

    def kill(self, name):
        """The whole process group: erl may be the child of a chroot."""
        child = self.children.pop(name)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def start_node(self, connect=None):
        command = [self.arguments.node, "--name", TROUPE_NODE, "--cookie", COOKIE, "--epmd-port", str(self.epmd_port)]
        command += ["--published"] if self.troupe == "published" else []
        command += ["--connect", connect] if connect else []
        command += ["--tls", str(self.tls / "troupe")] if self.tls else []
        node = self.start("node", command + shlex.split(self.arguments.node_arguments), stdout=subprocess.PIPE)
        if node.stdout.readline() != b"ready\n":
            raise RuntimeError("the Troupe node did not start")

    def tls_flags(self):
        return ["-proto_dist", "inet_tls", "-ssl_dist_optfile", f"{self.beams}/tls/dist.conf"] if self.tls else []

    def erlang_flags(self, name, cookie):
        flags = ["-start_epmd", "false", "-name", name, "-setcookie", cookie,
                 "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "-kernel", "logger_level", "none",
                 *self.tls_flags(), *shlex.split(self.arguments.erl_arguments)]
        return flags + (["-hidden"] if self.erlang == "hidden" else [])

    def start_erlang(self, name, cookie, code):
        if name in self.children:  # Of a case that failed.
            self.kill(name)
        erl = shlex.split(self.arguments.erl)
        self.start(name, [*erl, "-noshell", "-noinput", *self.erlang_flags(name, cookie), "-eval", code])

    def suite_command(self, connects, words):
        facts = [TROUPE_NODE, self.troupe, self.erlang, connects, str(self.hand.getsockname()[1]), *words]
        flags = self.erlang_flags(ERLANG_NODE, COOKIE)
        if self.language == "elixir":
            return [*self.command, "--erl", " ".join(flags), "-pa", self.beams, f"{self.beams}/elixir_cases.exs", *facts]
        return [*self.command, "-noshell", "-noinput", *flags, "-pa", self.beams, "-run", "case_runner", "start", *facts]

    def run_suite(self, connects, words):
        """Yields the outcome of each case; a suite that does not reach its end is a failure of its own."""
        if connects == "erlang":
            self.start_node()
        suite = self.start("suite", self.suite_command(connects, words), stdout=subprocess.PIPE, text=True)
        watch = threading.Timer(SUITE_SECONDS, lambda: os.killpg(suite.pid, signal.SIGKILL))
        watch.daemon = True
        watch.start()
        ended = False
        for line in suite.stdout:
            print(line, end="", flush=True)
            outcome = line.split(" ", 1)[0]
            if outcome in ("passed", "failed", "skipped"):
                yield outcome
            if line.startswith("waits for ") and connects == "troupe":
                self.start_node(connect=ERLANG_NODE)
            ended = ended or line == "the end\n"
        watch.cancel()
        if not ended:
            print("failed the_suite_reaches_its_end\n" + self.printed(), flush=True)
            yield "failed"

    def printed(self, bytes_max=4000):
        size = self.log.seek(0, os.SEEK_END)
        self.log.seek(max(0, size - bytes_max))
        return self.log.read().decode(errors="replace")

    def serve(self):
        while True:
            try:
                connection, _ = self.hand.accept()
            except OSError:
                return
            with connection, connection.makefile("rw") as lines:
                for line in lines:
                    try:
                        self.obey(line.split())
                        answer = "ok"
                    except Exception as error:  # Told to the suite, whose case fails with it.
                        answer = f"error {error!r}"
                    lines.write(answer + "\n")
                    lines.flush()

    def obey(self, words):
        match words:
            case ["node", "start"]:
                self.start_node()
            case ["node", "kill"]:
                self.kill("node")
            case ["erlang", "start", name, cookie, code]:
                self.start_erlang(name, cookie, base64.b64decode(code).decode())
            case ["erlang", "kill", name]:
                self.kill(name)
            case _:
                raise ValueError("unknown order")
