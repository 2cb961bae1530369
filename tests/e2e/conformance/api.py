"""A small Kubernetes client on the standard library: plain requests and watches, nothing hidden.

It sends what it is told, once, and returns what came: no retries, no typed objects. Threads may share an Api; each
keeps a connection of its own.
"""

import base64
import http.client
import json
import queue
import re
import ssl
import threading
import time
import urllib.parse

IDLE_LIMIT_SECONDS = 1.0
_ADMIN = object()


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise AssertionError(f"{self.status} with a body that is not JSON: {self.text[:300]!r}") from None

    def __repr__(self):
        return f"{self.status} {self.text[:800]}"


class Api:
    def __init__(self, server, ca_pem, token):
        url = urllib.parse.urlsplit(server)
        self.host, self.port, self.scheme = url.hostname, url.port or 443, url.scheme
        self.token = token
        self._local = threading.local()
        self._tls = ssl.create_default_context(cadata=ca_pem) if self.scheme == "https" else None

    def _connect(self, timeout):
        if self._tls:
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self._tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def _headers(self, accept, token, content_type, extra):
        headers = {"Accept": accept, "User-Agent": "troupe-conformance"}
        token = self.token if token is _ADMIN else token
        if token:
            headers["Authorization"] = "Bearer " + token
        if content_type:
            headers["Content-Type"] = content_type
        headers.update(extra or {})
        return headers

    def request(self, method, path, body=None, *, query=None, content_type="application/json",
                accept="application/json", token=_ADMIN, headers=None, timeout=60):
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if query:
            path += "?" + urllib.parse.urlencode(query)
        connection = getattr(self._local, "connection", None)
        # A server may close an idle connection at any time; a fresh one is never idle, so nothing is sent twice.
        if connection is None or time.monotonic() - self._local.used > IDLE_LIMIT_SECONDS:
            connection = self._connect(timeout)
        self._local.connection = None
        connection.request(method, path, body, self._headers(accept, token, content_type if body is not None else None, headers))
        answer = connection.getresponse()
        response = Response(answer.status, answer.headers, answer.read())
        if not answer.will_close:
            self._local.connection, self._local.used = connection, time.monotonic()
        return response

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    def put(self, path, body, **options):
        return self.request("PUT", path, body, **options)

    def delete(self, path, body=None, **options):
        return self.request("DELETE", path, body, **options)

    def merge_patch(self, path, body, **options):
        return self.request("PATCH", path, body, content_type="application/merge-patch+json", **options)

    def json_patch(self, path, body, **options):
        return self.request("PATCH", path, body, content_type="application/json-patch+json", **options)

    def strategic_patch(self, path, body, **options):
        return self.request("PATCH", path, body, content_type="application/strategic-merge-patch+json", **options)

    def watch(self, path, *, query=None, accept="application/json", paused=False):
        return Watch(self, path, dict(query or {}, watch="true"), accept, paused)


class WatchEnded(Exception):
    """The server ended the stream."""


class Watch:
    """An open watch. `status` is the answer's code; a refusal's body is in `refusal`."""

    def __init__(self, api, path, query, accept, paused):
        self._connection = api._connect(120)
        self._connection.request("GET", path + "?" + urllib.parse.urlencode(query),
                                 headers=api._headers(accept, _ADMIN, None, None))
        self._answer = self._connection.getresponse()
        self.status = self._answer.status
        self.headers = self._answer.headers
        self.refusal = None
        self._events = queue.Queue()
        self._resume = threading.Event()
        if not paused:
            self._resume.set()
        if self.status != 200:
            self.refusal = Response(self.status, self.headers, self._answer.read())
            self._events.put(None)
            return
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        self._resume.wait()
        try:
            while line := self._answer.readline():
                if line.strip():
                    self._events.put(json.loads(line))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # Closed by us, or cut off by the server: either way the stream has ended.
        self._events.put(None)

    def resume(self):
        self._resume.set()

    def next(self, timeout=20):
        """The next event; raises WatchEnded, or AssertionError when none comes in time."""
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no watch event within {timeout} s") from None
        if event is None:
            self._events.put(None)
            raise WatchEnded
        return event

    def until(self, wanted, timeout=20):
        """Events up to and with the first for which `wanted(type, object)` holds."""
        deadline = time.monotonic() + timeout
        seen = []
        while True:
            event = self.next(max(0.01, deadline - time.monotonic()))
            seen.append(event)
            if wanted(event["type"], event["object"]):
                return seen

    def rest(self, timeout=30):
        """Every event until the server ends the stream."""
        deadline = time.monotonic() + timeout
        seen = []
        try:
            while True:
                seen.append(self.next(max(0.01, deadline - time.monotonic())))
        except WatchEnded:
            return seen

    def close(self):
        self._resume.set()
        if self._connection.sock:
            try:
                self._connection.sock.shutdown(2)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def load_kubeconfig(file):
    """An Api from a kubeconfig with one cluster and one user, in block-style YAML or JSON."""
    with open(file, encoding="utf-8") as opened:
        text = opened.read()

    def field(key):
        found = re.search(rf"[\"']?\b{key}[\"']?\s*:\s*[\"']?([^\"'\s,}}]+)", text)
        return found.group(1) if found else None

    server, ca, token = field("server"), field("certificate-authority-data"), field("token")
    if not server or not token:
        raise SystemExit(f"{file}: no server or no token found; give a kubeconfig with one cluster and a token")
    return Api(server, base64.b64decode(ca).decode() if ca else None, token)
