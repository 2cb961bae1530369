"""Makes this project's two CRDs known to a server that does not have them built in."""

import pathlib
import time

from suite import GROUP

CRDS = pathlib.Path(__file__).resolve().parents[3] / "crds"


def apply_crds(client):
    """Makes the server's CRDs those of the tree: an older one is deleted first, since tests need this schema."""
    base = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for file in sorted(CRDS.glob("*.yaml")):
        name = file.stem + ".troupe.dev"
        client.delete(f"{base}/{name}")
        deadline = time.monotonic() + 60
        while client.get(f"{base}/{name}").status != 404:
            if time.monotonic() > deadline:
                raise SystemExit(f"{name} is not gone after 60 s")
            time.sleep(0.1)
        made = client.request("POST", base, file.read_bytes(), content_type="application/yaml")
        if made.status != 201:
            raise SystemExit(f"{file}: {made}")
    for plural in ("troupeclusters", "troupeapplications"):
        deadline = time.monotonic() + 60
        while not established(client, base, plural):
            if time.monotonic() > deadline:
                raise SystemExit(f"{plural}: not served after 60 s")
            time.sleep(0.1)


def established(client, base, plural):
    conditions = client.get(f"{base}/{plural}.troupe.dev").json.get("status", {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions) and \
        client.get(f"{GROUP}/{plural}").status == 200
