#!/usr/bin/env python3
"""Tests of crds/ and charts/troupe. Ends with `N passed, N failed, N skipped`.

With --kubeconfig F the tests of a real API server use that one; else they start one of their own by
scripts/real-kubernetes, and are skipped while its programs have not been built. Other arguments name tests, as for
unittest.
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

import cel_subset
import rbac_coverage
from rendering import CHART, EVERYTHING_ON, HERE, NAMESPACED, ROOT, Renderer, RenderError

CRDS = os.path.join(ROOT, "crds")
SERVER_PROGRAM = os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "troupe/kubernetes-1.20.2/bin/kube-apiserver"
)
# What the operator writes into a worker's Role: it must hold all of it.
WORKER_ROLE_RULES = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["troupe.dev"], "resources": ["troupeapplications"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["pods/status"], "resourceNames": ["counter-0"], "verbs": ["patch"]},
]

renderer = None
given_kubeconfig = None  # Of --kubeconfig.


def setUpModule():
    global renderer
    renderer = Renderer()


def tearDownModule():
    renderer.close()


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def definitions():
    found = {}
    for path in glob.glob(os.path.join(CRDS, "*.yaml")):
        definition = yaml.safe_load(read(path))
        found[definition["spec"]["names"]["kind"]] = definition
    return found


def schema_of(kind):
    return definitions()[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def samples(folder):
    return sorted(glob.glob(os.path.join(HERE, "samples", folder, "*.yaml")))


def expectation(path):
    """What an invalid sample says of itself: the expected message, and whether only CEL refuses it."""
    text = read(path)
    return re.search(r"^# expect: (.+)$", text, re.M).group(1), "\n# refused by: CEL\n" in text


def by_kind(manifests, kind):
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def subschemas(schema, path):
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from subschemas(member, f"{path}.{name}")
    if "items" in schema:
        yield from subschemas(schema["items"], path + "[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from subschemas(schema["additionalProperties"], path + "{}")


class Definitions(unittest.TestCase):
    def test_every_field_is_described(self):
        for kind in definitions():
            for path, schema in subschemas(schema_of(kind), kind):
                if not path.endswith(("[]", "{}")) and ".metadata" not in path.replace(".podTemplate.metadata", ""):
                    self.assertRegex(schema.get("description", ""), r"^\S.{8,}\.$", path)

    def test_every_default_is_named_in_the_description(self):
        for kind in definitions():
            for path, schema in subschemas(schema_of(kind), kind):
                if "default" in schema and not isinstance(schema["default"], dict):
                    shown = str(schema["default"]).replace("False", "false")
                    self.assertRegex(schema["description"], rf"Defaults to {re.escape(shown)}\b", path)

    def test_every_list_and_text_is_bounded_so_that_cel_has_a_bounded_cost(self):
        for kind in definitions():
            for path, schema in subschemas(schema_of(kind), kind):
                if schema.get("type") == "array":
                    self.assertIn("maxItems", schema, path)
                    self.assertIn("x-kubernetes-list-type", schema, path)
                if schema.get("type") == "string" and path.count(".") > 1:
                    self.assertTrue(schema.keys() & {"maxLength", "enum", "format"}, path)

    def test_enums_are_camel_case(self):
        for kind in definitions():
            for path, schema in subschemas(schema_of(kind), kind):
                for value in schema.get("enum", []):
                    if isinstance(value, str):
                        self.assertRegex(value, r"^([A-Z][a-z]+)+$", path)

    def test_lines_are_at_most_120_long_but_for_patterns(self):
        for path in glob.glob(os.path.join(CRDS, "*.yaml")):
            for number, line in enumerate(read(path).splitlines(), 1):
                self.assertTrue(len(line) <= 120 or "pattern:" in line, f"{path}:{number}")

    def test_the_chart_holds_the_same_definitions(self):
        names = sorted(os.listdir(CRDS))
        self.assertEqual(names, sorted(os.listdir(os.path.join(CHART, "definitions"))))
        for name in names:
            self.assertEqual(
                read(CRDS, name), read(CHART, "definitions", name), "run: cp crds/*.yaml charts/troupe/definitions/"
            )


    def test_every_field_of_a_spec_is_documented_with_its_default(self):
        rows = {}
        for line in read(ROOT, "docs", "resources.md").splitlines():
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            if len(cells) == 4:
                rows.update({name: cells for name in re.findall(r"`([\w.]+)`", cells[0])})
        for kind in definitions():
            for path, schema in subschemas(schema_of(kind)["properties"]["spec"], ""):
                if path.endswith(("[]", "{}")) or (schema.get("properties") and path != ".podTemplate.spec"):
                    continue
                name = path.split("children[].")[-1].lstrip(".")
                if name == "podTemplate.spec.hostNetwork":
                    continue
                self.assertIn(name, rows, "docs/resources.md")
                if "default" in schema:
                    self.assertEqual(str(schema["default"]).replace("False", "false"), rows[name][1], name)
                for value in schema.get("enum", []):
                    self.assertIn(value, rows[name][2], name)


class Cel(unittest.TestCase):
    def broken(self, path):
        old, messages = None, []
        for document in yaml.safe_load_all(read(path)):
            schema = schema_of(document["kind"])
            value = cel_subset.with_defaults(schema, document)
            messages = cel_subset.broken_rules(schema, value, old)
            old = value
        return messages

    def test_valid_samples_break_no_rule(self):
        self.assertGreater(len(samples("valid")), 4)
        for path in samples("valid"):
            self.assertEqual([], self.broken(path), path)

    def test_each_invalid_sample_that_is_left_to_cel_breaks_its_rule(self):
        checked = 0
        for path in samples("invalid"):
            message, cel_only = expectation(path)
            if cel_only:
                checked += 1
                self.assertTrue(any(message in found for found in self.broken(path)), f"{path}: {self.broken(path)}")
        self.assertGreater(checked, 10)

    def test_every_rule_has_an_invalid_sample(self):
        expected = [expectation(path)[0] for path in samples("invalid")]
        for kind in definitions():
            for path, schema in subschemas(schema_of(kind), kind):
                for validation in schema.get("x-kubernetes-validations", []):
                    self.assertTrue(any(message in validation["message"] for message in expected), validation)

    def test_cel_beyond_the_known_part_is_an_error(self):
        for rule in ("size(self.a) > 1", "self.a ? 1 : 2", "self.a.matches('b')", 'self.a == "b"'):
            with self.assertRaises(ValueError, msg=rule):
                cel_subset.translate(rule)

    def test_a_rule_that_reads_what_is_absent_does_not_hold(self):
        self.assertFalse(cel_subset.holds("self.a != 'b'", {}))
        self.assertFalse(cel_subset.holds("self.a[0] != 'b'", {"a": []}))
        self.assertTrue(cel_subset.holds("!has(self.a) || self.a > 1", {}))
        self.assertFalse(cel_subset.holds("!has(self.a) || self.a > 1", {"a": 1}))


class Rendering(unittest.TestCase):
    def test_every_combination_gives_parsable_manifests_with_a_name_and_labels(self):
        for values in ({}, EVERYTHING_ON, NAMESPACED, {**EVERYTHING_ON, **NAMESPACED}):
            manifests = renderer.manifests(values)
            self.assertGreater(len(manifests), 8)
            seen = set()
            for manifest in manifests:
                metadata = manifest["metadata"]
                key = (manifest["kind"], metadata.get("namespace"), metadata["name"])
                self.assertNotIn(key, seen)
                seen.add(key)
                self.assertEqual("troupe", metadata["labels"]["app.kubernetes.io/part-of"], key)
                cluster_wide = manifest["kind"] in ("CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding")
                self.assertEqual(cluster_wide, "namespace" not in metadata, key)

    def test_switches_add_what_they_say(self):
        plain, full = renderer.manifests(), renderer.manifests(EVERYTHING_ON)
        for kind, count in {"ServiceMonitor": 1, "PodMonitor": 1, "PrometheusRule": 1, "ConfigMap": 2}.items():
            self.assertEqual(0, len(by_kind(plain, kind)), kind)
            self.assertEqual(count, len(by_kind(full, kind)), kind)
        pod = by_kind(full, "Deployment")[0]["spec"]["template"]
        self.assertEqual("platform", pod["metadata"]["labels"]["team"])
        self.assertEqual("platform", pod["metadata"]["annotations"]["example.org/owner"])
        for field in ("imagePullSecrets", "nodeSelector", "tolerations", "affinity", "priorityClassName"):
            self.assertEqual(EVERYTHING_ON[field], pod["spec"][field], field)
        nothing = renderer.manifests(
            {
                "crds": {"install": False},
                "rbac": {"create": False},
                "serviceAccount": {"create": False, "name": "mine"},
                "metrics": {"service": {"enabled": False}},
            }
        )
        self.assertEqual(["Deployment"], [manifest["kind"] for manifest in nothing])
        self.assertEqual("mine", nothing[0]["spec"]["template"]["spec"]["serviceAccountName"])

    def test_selectors_select_the_operator_pods(self):
        manifests = renderer.manifests(EVERYTHING_ON)
        deployment = by_kind(manifests, "Deployment")[0]["spec"]
        labels = deployment["template"]["metadata"]["labels"].items()
        service = by_kind(manifests, "Service")[0]
        self.assertLessEqual(deployment["selector"]["matchLabels"].items(), labels)
        self.assertLessEqual(service["spec"]["selector"].items(), labels)
        monitor = by_kind(manifests, "ServiceMonitor")[0]["spec"]
        self.assertLessEqual(monitor["selector"]["matchLabels"].items(), service["metadata"]["labels"].items())
        self.assertEqual(service["spec"]["ports"][0]["name"], monitor["endpoints"][0]["port"])

    def test_monitors_and_roles_agree_with_the_pod_contract(self):
        contract = read(ROOT, "base", "pod_contract.hpp")
        constants = dict(re.findall(r'(\w+) = "([^"]+)";', contract))
        monitor = by_kind(renderer.manifests(EVERYTHING_ON), "PodMonitor")[0]["spec"]
        component = {constants["component_label"]: constants["component_worker"]}
        self.assertEqual(component, monitor["selector"]["matchLabels"])
        self.assertEqual(constants["cluster_label"], monitor["selector"]["matchExpressions"][0]["key"])
        self.assertEqual(constants["http_port_name"], monitor["podMetricsEndpoints"][0]["port"])
        self.assertEqual(constants["api_group"], definitions()["TroupeCluster"]["spec"]["group"])
        self.assertEqual(constants["api_version"], definitions()["TroupeCluster"]["spec"]["versions"][0]["name"])

    def test_the_pod_meets_the_restricted_pod_security_standard(self):
        pod = by_kind(renderer.manifests(), "Deployment")[0]["spec"]["template"]["spec"]
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertEqual(65532, pod["securityContext"]["runAsUser"])
        self.assertEqual("RuntimeDefault", pod["securityContext"]["seccompProfile"]["type"])
        self.assertFalse(pod.keys() & {"hostNetwork", "hostPID", "hostIPC", "volumes", "initContainers"})
        for container in pod["containers"]:
            context = container["securityContext"]
            self.assertIs(False, context["allowPrivilegeEscalation"])
            self.assertIs(True, context["readOnlyRootFilesystem"])
            self.assertEqual({"drop": ["ALL"]}, context["capabilities"])
            self.assertFalse(any("hostPort" in port for port in container["ports"]))
            self.assertTrue({"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys())
            self.assertIn("memory", container["resources"]["limits"])

    def test_two_replicas_elect_a_leader_by_default(self):
        deployment = by_kind(renderer.manifests(), "Deployment")[0]["spec"]
        self.assertEqual(2, deployment["replicas"])
        self.assertIn("--leader-elect=true", deployment["template"]["spec"]["containers"][0]["args"])

    def test_arguments_are_the_operators(self):
        program = read(ROOT, "operator", "main.cpp")
        known = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", program))
        deployment = by_kind(renderer.manifests(NAMESPACED), "Deployment")[0]
        arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
        self.assertLessEqual({argument.split("=")[0] for argument in arguments}, known)
        levels = json.loads(read(CHART, "values.schema.json"))["properties"]["log"]["properties"]["level"]["enum"]
        self.assertIn(", ".join(levels[:-1]) + " or " + levels[-1], program)

    def test_definitions_are_kept_on_uninstall_and_otherwise_unchanged(self):
        for manifest in by_kind(renderer.manifests(), "CustomResourceDefinition"):
            self.assertEqual("keep", manifest["metadata"]["annotations"]["helm.sh/resource-policy"])
            self.assertEqual(definitions()[manifest["spec"]["names"]["kind"]]["spec"], manifest["spec"])

    def test_old_api_servers_get_the_definitions_without_cel_alone(self):
        for version, kept in {"v1.20.2": False, "v1.24.17": False, "v1.25.0-gke.1": True, "v1.36.0": True}.items():
            for manifest in by_kind(renderer.manifests(kube_version=version), "CustomResourceDefinition"):
                kind = manifest["spec"]["names"]["kind"]
                schema = manifest["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
                expected = schema_of(kind)
                if not kept:
                    for _, below in list(subschemas(expected, kind)):
                        below.pop("x-kubernetes-validations", None)
                self.assertEqual(expected, schema, version)

    def test_long_release_names_keep_names_valid(self):
        for manifest in renderer.manifests({**EVERYTHING_ON, **NAMESPACED}, release="r" * 53):
            name = manifest["metadata"]["name"]
            self.assertRegex(name, r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
            self.assertLessEqual(len(name), 63)

    def test_wrong_values_are_refused_by_name(self):
        for values, message in (
            ({"replica": 3}, "values has no field replica"),
            ({"replicas": "two"}, "values.replicas is of type string, not integer"),
            ({"replicas": 11}, "values.replicas is 11, more than 10"),
            ({"log": {"level": "loud"}}, "values.log.level is loud"),
            ({"watchNamespaces": ["Shop"]}, 'values.watchNamespaces[0] is "Shop", which does not match'),
            ({"watchNamespaces": ["shop", "shop"]}, "values.watchNamespaces has shop twice"),
            ({"metrics": {"podMonitor": {"interval": "soon"}}}, "values.metrics.podMonitor.interval"),
            ({"image": {"repository": None}}, "values.image lacks repository"),
            ({"serviceAccount": {"create": False}}, "serviceAccount.name is needed"),
            (
                {"metrics": {"service": {"enabled": False}, "serviceMonitor": {"enabled": True}}},
                "metrics.serviceMonitor needs metrics.service.enabled",
            ),
        ):
            with self.assertRaises(RenderError) as caught:
                renderer.text(values)
            self.assertIn(message, str(caught.exception))

    def test_every_value_is_in_the_schema_and_every_property_has_a_default(self):
        def compare(schema, values, path):
            while "$ref" in schema:
                schema = root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
            if "properties" in schema and path not in ("values.resources",):
                missing = schema["properties"].keys() - values.keys() - {"global", "interval"}
                self.assertFalse(missing, f"{path}: no default for {missing}")
                for name, value in values.items():
                    if isinstance(value, dict):
                        compare(schema["properties"][name], value, f"{path}.{name}")

        root = json.loads(read(CHART, "values.schema.json"))
        compare(root, yaml.safe_load(read(CHART, "values.yaml")), "values")


class Images(unittest.TestCase):
    def test_images_are_debian_without_root_and_start_their_program(self):
        for kind in ("operator", "worker"):
            text = read(ROOT, kind, "Dockerfile")
            self.assertEqual({"debian:12-slim"}, set(re.findall(r"^FROM (\S+)", text, re.M)))
            last = text[text.rindex("\nFROM ") :]
            self.assertIn("\nUSER 65532:65532\n", last)
            self.assertIn(f'ENTRYPOINT ["troupe-{kind}"]', last)
            self.assertNotIn("-dev", last)
            self.assertIn(f"/image/usr/local/bin/troupe-{kind}", text)

    def test_the_chart_runs_the_user_of_the_image(self):
        pod = by_kind(renderer.manifests(), "Deployment")[0]["spec"]["template"]["spec"]
        self.assertEqual(["troupe-operator"], pod["containers"][0]["command"])
        self.assertEqual(65532, pod["securityContext"]["runAsGroup"])

    def test_runtime_packages_names_the_packages_of_a_programs_libraries(self):
        program = os.path.join(ROOT, "scripts", "runtime-packages")
        done = subprocess.run([program, "/usr/bin/openssl", "/usr/bin/git"], capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr)
        packages = done.stdout.split()
        self.assertTrue({"libc6", "libssl3"} <= set(packages), packages)
        self.assertEqual(sorted(set(packages)), packages)
        self.assertNotEqual(0, subprocess.run([program, "/nowhere"], capture_output=True).returncode)
        self.assertEqual(2, subprocess.run([program], capture_output=True).returncode)


class Rights(unittest.TestCase):
    def test_the_operator_holds_what_it_grants_to_workers(self):
        for values in ({}, NAMESPACED):
            rules = rbac_coverage.bound_rules(renderer.manifests(values))
            self.assertEqual([], rbac_coverage.missing_grants(WORKER_ROLE_RULES, rules))

    def test_no_wildcards_no_escalation_and_no_deletion_of_secrets(self):
        for values in ({}, NAMESPACED):
            for rule in rbac_coverage.bound_rules(renderer.manifests(values)):
                for field in ("verbs", "resources", "apiGroups"):
                    self.assertNotIn("*", rule[field])
                self.assertFalse({"escalate", "bind", "impersonate", "deletecollection"} & set(rule["verbs"]), rule)
                if "secrets" in rule["resources"]:
                    self.assertNotIn("delete", rule["verbs"])

    def test_namespaced_mode_has_no_cluster_wide_rights(self):
        manifests = renderer.manifests(NAMESPACED)
        self.assertEqual([], by_kind(manifests, "ClusterRoleBinding"))
        bound = [m["metadata"]["namespace"] for m in by_kind(manifests, "RoleBinding")]
        self.assertEqual(["billing", "shop", "troupe-system"], sorted(bound))
        arguments = by_kind(manifests, "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]["args"]
        for namespace in NAMESPACED["watchNamespaces"]:
            self.assertIn(f"--namespace={namespace}", arguments)

    def test_missing_verbs_are_found_in_an_audit_log(self):
        def line(verb, resource, group="", name="", sub="", user="operator"):
            reference = {"resource": resource, "apiGroup": group, "name": name, "subresource": sub}
            return json.dumps({"verb": verb, "objectRef": reference, "user": {"username": user}})

        rules = rbac_coverage.bound_rules(renderer.manifests())
        log = [
            line("list", "pods"),
            line("patch", "troupeclusters", "troupe.dev", "counter", "status"),
            line("update", "leases", "coordination.k8s.io", "troupe-operator"),
            json.dumps({"verb": "get", "user": {"username": "operator"}}),  # /version and its like
            line("delete", "secrets", user="somebody-else"),
        ]
        self.assertEqual([], rbac_coverage.missing_verbs(log, rules, "operator"))
        log += [line("update", "leases", "coordination.k8s.io", "other"), line("delete", "secrets", name="c")]
        self.assertEqual(
            ["delete secrets c is not allowed", "update leases.coordination.k8s.io other is not allowed"],
            rbac_coverage.missing_verbs(log, rules, "operator"),
        )
        self.assertEqual(2, len(rbac_coverage.missing_verbs(log, user="operator")))
        unused = rbac_coverage.unused_verbs(log, rules)
        self.assertIn("watch pods was never asked for", unused)
        self.assertNotIn("list pods was never asked for", unused)


def documented_metrics():
    """Metric -> (type, labels) of the tables in docs/metrics.md."""
    found = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\|", read(ROOT, "docs", "metrics.md"), re.M):
        found[name] = (kind, set(re.findall(r"`(\w+)`", labels)))
    return found


def metrics_in(expression):
    """Metrics of an expression, a histogram's series by the name of the histogram."""
    names = set(re.findall(r"\b(?:troupe|process)_[a-z_]+\b", re.sub(r"\{[^}]*\}|\bby \([^)]*\)", "", expression)))
    return {re.sub(r"_seconds_(bucket|sum|count)$", "_seconds", name) for name in names}


def dashboards():
    return {path: json.loads(read(path)) for path in glob.glob(os.path.join(CHART, "dashboards", "*.json"))}


def dashboard_queries():
    for path, dashboard in dashboards().items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield f"{os.path.basename(path)}: {panel['title']}", target["expr"]


def alert_queries():
    for group in yaml.safe_load(read(CHART, "rules", "alerts.yaml"))["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


class Observability(unittest.TestCase):
    # Set by the scrape, not by the program.
    SCRAPE_LABELS = {"namespace", "pod", "instance", "troupe_cluster", "le"}

    def check_rules(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_alert_rules_are_clean_as_rendered(self):
        rule = by_kind(renderer.manifests(EVERYTHING_ON), "PrometheusRule")[0]
        self.assertGreater(len(rule["spec"]["groups"]), 1)
        self.check_rules(yaml.safe_dump(rule["spec"]))

    def test_dashboard_queries_are_valid(self):
        rules = []
        for number, (_, expression) in enumerate(dashboard_queries()):
            for variable, value in {"$__rate_interval": "5m", "$namespace": ".*", "$cluster": ".*"}.items():
                expression = expression.replace(variable, value)
            self.assertNotIn("$", expression)
            rules.append({"record": f"panel:{number}", "expr": expression})
        self.assertGreater(len(rules), 30)
        self.check_rules(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))

    def test_only_documented_metrics_and_labels_are_asked_for(self):
        documented = documented_metrics()
        for where, expression in [*dashboard_queries(), *alert_queries()]:
            names = metrics_in(expression)
            self.assertTrue(names, where)
            labels = set(self.SCRAPE_LABELS)
            for name in names:
                self.assertIn(name, documented, where)
                labels |= documented[name][1]
            used = set(re.findall(r"(\w+)\s*[!=]=?~?\s*\"", expression))
            for inside in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
                used |= {label.strip() for label in inside.split(",")}
            self.assertLessEqual(used, labels, where)

    def test_every_documented_metric_is_on_a_dashboard(self):
        shown = set().union(*(metrics_in(expression) for _, expression in dashboard_queries()))
        self.assertEqual(set(), documented_metrics().keys() - shown)

    def test_counters_are_read_as_rates(self):
        for where, expression in [*dashboard_queries(), *alert_queries()]:
            for name in metrics_in(expression):
                if documented_metrics()[name][0] == "counter":
                    self.assertRegex(expression, rf"(rate|increase)\({name}\b", where)

    def test_panels_are_described_and_do_not_overlap(self):
        for path, dashboard in dashboards().items():
            taken, ids = set(), set()
            for panel in dashboard["panels"]:
                self.assertTrue(panel["description"], panel["title"])
                self.assertNotIn(panel["id"], ids)
                ids.add(panel["id"])
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24, path)
                columns = range(place["x"], place["x"] + place["w"])
                cells = {(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])}
                self.assertFalse(cells & taken, panel["title"])
                taken |= cells

    def test_dashboards_arrive_unchanged_in_their_config_maps(self):
        rendered = {}
        for manifest in by_kind(renderer.manifests(EVERYTHING_ON), "ConfigMap"):
            self.assertEqual("1", manifest["metadata"]["labels"]["grafana_dashboard"])
            for text in manifest["data"].values():
                rendered[json.loads(text)["uid"]] = json.loads(text)
        self.assertEqual({d["uid"]: d for d in dashboards().values()}, rendered)


class RealServer(unittest.TestCase):
    """Against a kube-apiserver with the chart's definitions and roles really applied."""

    NAMESPACES = ("troupe-system", "shop", "billing")

    @classmethod
    def setUpClass(cls):
        if given_kubeconfig:
            cls.kubeconfig = given_kubeconfig
        else:
            cls.start_server()
        version = json.loads(cls.kubectl("get", "--raw", "/version"))
        cls.version = version["gitVersion"]
        cls.evaluates_cel = int(version["minor"].rstrip("+")) >= 25
        for namespace in cls.NAMESPACES:
            cls.kubectl("create", "namespace", namespace)
        applied = [m for m in renderer.manifests(kube_version=cls.version) if m["kind"] != "Deployment"]
        text = yaml.safe_dump_all(applied)
        cls.addClassCleanup(cls.run_kubectl, "delete", "namespace", "--wait=false", *cls.NAMESPACES)
        cls.addClassCleanup(cls.run_kubectl, "delete", "--ignore-not-found", "--timeout=30s", "-f", "-", stdin=text)
        cls.kubectl("apply", "-f", "-", stdin=text)
        cls.kubectl("wait", "--for=condition=Established", "--timeout=30s", *[
            "crd/" + definition["metadata"]["name"] for definition in definitions().values()
        ])

    @classmethod
    def start_server(cls):
        if not os.path.exists(SERVER_PROGRAM):
            raise unittest.SkipTest("no kube-apiserver: run scripts/real-kubernetes build")
        cls.folder = tempfile.TemporaryDirectory(prefix="troupe-chart-server-")
        cls.state = os.path.join(cls.folder.name, "state")
        cls.kubeconfig = os.path.join(cls.folder.name, "kubeconfig")
        cls.addClassCleanup(cls.stop_server)
        cls.server("up", "--kubeconfig-out", cls.kubeconfig)

    @classmethod
    def stop_server(cls):
        cls.server("down")
        cls.folder.cleanup()

    @classmethod
    def server(cls, *arguments):
        subprocess.run(
            [os.path.join(ROOT, "scripts", "real-kubernetes"), *arguments, "--state-dir", cls.state],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    @classmethod
    def run_kubectl(cls, *arguments, stdin=None):
        return subprocess.run(
            ["kubectl", "--kubeconfig", cls.kubeconfig, *arguments], input=stdin, capture_output=True, text=True
        )

    @classmethod
    def kubectl(cls, *arguments, stdin=None):
        done = cls.run_kubectl(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def eventually(self, attempt, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            try:
                return attempt()
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def test_every_manifest_passes_a_server_side_dry_run(self):
        foreign = ("ServiceMonitor", "PodMonitor", "PrometheusRule")  # Their definitions are the Prometheus operator's.
        for values in ({}, EVERYTHING_ON, {**EVERYTHING_ON, **NAMESPACED}):
            manifests = [m for m in renderer.manifests(values, kube_version=self.version) if m["kind"] not in foreign]
            shown = self.kubectl("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump_all(manifests))
            self.assertEqual(len(manifests), shown.count("(server dry run)"), shown)

    def test_definitions_are_structural_and_their_names_accepted(self):
        for definition in definitions().values():
            live = json.loads(self.kubectl("get", "crd", definition["metadata"]["name"], "-o", "json"))
            conditions = {c["type"]: c["status"] for c in live["status"]["conditions"]}
            self.assertEqual({"Established": "True", "NamesAccepted": "True"}, conditions)

    def test_definitions_of_the_repository_apply_too_when_the_client_does_not_check(self):
        shown = self.kubectl("apply", "--dry-run=server", "--validate=false", "-f", CRDS)
        self.assertEqual(2, shown.count("(server dry run)"))

    def test_valid_samples_are_accepted(self):
        for path in samples("valid"):
            self.kubectl("create", "--dry-run=server", "-n", "shop", "-f", path)

    def test_invalid_samples_are_refused_with_their_message(self):
        refused = 0
        for path in samples("invalid"):
            message, cel_only = expectation(path)
            if cel_only and not self.evaluates_cel:
                continue  # Class Cel checks these.
            *before, last = [yaml.safe_dump(document) for document in yaml.safe_load_all(read(path))]
            for document in before:  # What the last document updates.
                self.kubectl("create", "-n", "shop", "-f", "-", stdin=document)
            write = "replace" if before else "create"
            done = self.run_kubectl(write, "--dry-run=server", "--validate=false", "-n", "shop", "-f", "-", stdin=last)
            for document in before:
                self.kubectl("delete", "-n", "shop", "-f", "-", stdin=document)
            self.assertNotEqual(0, done.returncode, f"{path} was accepted")
            self.assertIn(message, done.stderr, path)
            refused += 1
        self.assertGreater(refused, 25)

    def test_defaults_are_filled_in_as_documented(self):
        for name in ("cluster_least", "application_process"):
            path = os.path.join(HERE, "samples/valid", name + ".yaml")
            live = json.loads(self.kubectl("create", "--dry-run=server", "-n", "shop", "-f", path, "-o", "json"))
            document = yaml.safe_load(read(path))
            self.assertEqual(cel_subset.with_defaults(schema_of(live["kind"]), document)["spec"], live["spec"])
            if live["kind"] == "TroupeCluster":
                self.assertEqual(1, live["spec"]["replicas"])
                rollout = {"type": "RollingUpdate", "paused": False, "progressDeadlineSeconds": 600}
                self.assertEqual(rollout, live["spec"]["rollout"])
                self.assertEqual({"timeoutSeconds": 60}, live["spec"]["drain"])
            else:
                self.assertEqual({"maxRestarts": 1, "periodSeconds": 5}, live["spec"]["supervisor"]["intensity"])
                child = live["spec"]["supervisor"]["children"][0]
                self.assertEqual(("Permanent", 5), (child["restart"], child["shutdownTimeoutSeconds"]))

    def test_what_has_no_schema_is_kept_whole(self):
        for name, field in (("cluster_all", "podTemplate"), ("application_all", "supervisor")):
            path = os.path.join(HERE, "samples/valid", name + ".yaml")
            live = json.loads(self.kubectl("create", "--dry-run=server", "-n", "shop", "-f", path, "-o", "json"))
            document = cel_subset.with_defaults(schema_of(live["kind"]), yaml.safe_load(read(path)))
            self.assertEqual(document["spec"][field], live["spec"][field])

    def test_scale_status_and_columns(self):
        self.kubectl("apply", "-n", "billing", "-f", os.path.join(HERE, "samples/valid/cluster_least.yaml"))
        self.kubectl("scale", "-n", "billing", "troupe/counter", "--replicas=4")
        ready = {"type": "Ready", "status": "False", "reason": "WorkersMissing", "message": ""}
        status = {
            "observedGeneration": 2, "replicas": 4, "readyReplicas": 3, "joinedReplicas": 2,
            "selector": "troupe.dev/cluster=counter",
            "conditions": [{**ready, "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        }
        resource = "/apis/troupe.dev/v1alpha1/namespaces/billing/troupeclusters/counter"
        live = json.loads(self.kubectl("get", "--raw", resource))
        live["status"] = status
        live["spec"]["replicas"] = 9  # Must not be written through the status subresource.
        self.kubectl("replace", "--raw", resource + "/status", "-f", "-", stdin=json.dumps(live))
        scale = json.loads(self.kubectl("get", "--raw", resource + "/scale"))
        self.assertEqual(4, scale["spec"]["replicas"])
        self.assertEqual({"replicas": 4, "selector": "troupe.dev/cluster=counter"}, scale["status"])
        header, row = self.kubectl("get", "troupe", "-n", "billing").splitlines()
        self.assertEqual("NAME REPLICAS READY JOINED STATUS AGE", " ".join(header.split()))
        self.assertEqual(["counter", "4", "3", "2", "WorkersMissing"], row.split()[:5])
        self.assertIn("troupecluster.troupe.dev/counter", self.kubectl("get", "all", "-n", "billing"))

    def test_explain_describes_fields(self):
        def explained():
            for text, field in {
                "Defaults to 600.": "troupe.spec.rollout.progressDeadlineSeconds",
                "OTP's brutal_kill.": "troupeapp.spec.supervisor.children.shutdownTimeoutSeconds",
            }.items():
                self.assertIn(text, " ".join(self.kubectl("explain", field).split()))

        self.eventually(explained)  # The server publishes the schemas a little after the definitions.

    def test_the_operator_may_grant_the_worker_role_and_nothing_beyond(self):
        operator = "--as=system:serviceaccount:troupe-system:troupe"
        role = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "counter-worker", "namespace": "shop"},
        }
        create = ("create", "--dry-run=server", "-f", "-", operator)
        self.kubectl(*create, stdin=yaml.safe_dump({**role, "rules": WORKER_ROLE_RULES}))
        beyond = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["delete"]}]
        done = self.run_kubectl(*create, stdin=yaml.safe_dump({**role, "rules": beyond}))
        self.assertIn("is attempting to grant RBAC permissions not currently held", done.stderr)
        for allowed, question in (
            ("yes", ("update", "leases/troupe-operator", "-n", "troupe-system")),
            ("no", ("update", "leases/other", "-n", "troupe-system")),
            ("no", ("update", "leases/troupe-operator", "-n", "shop")),
            ("yes", ("delete", "pods", "-n", "shop")),
            ("no", ("delete", "secrets", "-n", "shop")),
            ("no", ("update", "troupeclusters", "-n", "shop")),
        ):
            self.assertEqual(allowed, self.run_kubectl("auth", "can-i", *question, operator).stdout.strip(), question)


def main(arguments):
    global given_kubeconfig
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kubeconfig", help="of a real API server, on which the definitions are created")
    parser.add_argument("tests", nargs="*", help="names of test classes or tests; all when absent")
    parsed = parser.parse_args(arguments)
    given_kubeconfig, arguments = parsed.kubeconfig, parsed.tests
    loader = unittest.defaultTestLoader
    module = sys.modules[__name__]
    suite = loader.loadTestsFromNames(arguments, module) if arguments else loader.loadTestsFromModule(module)
    count = suite.countTestCases()
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = count - result.testsRun + len([case for case, _ in result.skipped if isinstance(case, unittest.TestCase)])
    passed = count - failed - skipped
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
