"""What a client learns before it asks for anything: versions, groups, resources, health, OpenAPI."""

from suite import GROUP, ApiTest

PROTOBUF_OPENAPI = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"


class Discovery(ApiTest):
    def resource(self, group_version, name):
        listed = self.api.get(group_version)
        self.assertEqual(listed.status, 200, listed)
        self.assertEqual(listed.json["kind"], "APIResourceList")
        found = [r for r in listed.json["resources"] if r["name"] == name]
        self.assertEqual(len(found), 1, f"{name} in {group_version}")
        return found[0]

    def test_version_names_the_kubernetes_release(self):
        version = self.api.get("/version").json
        self.assertEqual(version["major"], "1")
        self.assertRegex(version["gitVersion"], r"^v1\.\d+\.\d+")
        self.assertIn("platform", version)

    def test_health_endpoints_answer_ok(self):
        for path in ("/healthz", "/livez", "/readyz"):
            answer = self.api.get(path, accept="*/*")
            self.assertEqual((answer.status, answer.text), (200, "ok"), path)

    def test_the_core_group_lists_its_version(self):
        core = self.api.get("/api").json
        self.assertEqual((core["kind"], core["versions"]), ("APIVersions", ["v1"]))

    def test_groups_are_listed_with_their_preferred_version(self):
        groups = self.api.get("/apis").json
        self.assertEqual(groups["kind"], "APIGroupList")
        ours = [g for g in groups["groups"] if g["name"] == "troupe.dev"]
        self.assertEqual(ours[0]["preferredVersion"], {"groupVersion": "troupe.dev/v1alpha1", "version": "v1alpha1"})
        self.assertIn("coordination.k8s.io", [g["name"] for g in groups["groups"]])

    def test_one_group_is_served_by_name(self):
        group = self.api.get("/apis/troupe.dev").json
        self.assertEqual((group["kind"], group["name"]), ("APIGroup", "troupe.dev"))
        self.assertEqual(group["versions"], [{"groupVersion": "troupe.dev/v1alpha1", "version": "v1alpha1"}])

    def test_pods_are_described_as_kubectl_needs_them(self):
        pods = self.resource("/api/v1", "pods")
        self.assertEqual((pods["kind"], pods["namespaced"], pods["shortNames"]), ("Pod", True, ["po"]))
        self.assertIn("all", pods["categories"])
        self.assertLessEqual({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}, set(pods["verbs"]))
        self.assertEqual(self.resource("/api/v1", "pods/status")["kind"], "Pod")
        self.assertIn("get", self.resource("/api/v1", "pods/log")["verbs"])
        self.resource("/api/v1", "pods/exec")

    def test_namespaces_are_cluster_scoped(self):
        namespaces = self.resource("/api/v1", "namespaces")
        self.assertFalse(namespaces["namespaced"])
        self.assertEqual(namespaces["shortNames"], ["ns"])

    def test_short_names_of_the_core_kinds(self):
        for name, short in (("configmaps", "cm"), ("services", "svc"), ("serviceaccounts", "sa"), ("events", "ev"), ("nodes", "no")):
            self.assertIn(short, self.resource("/api/v1", name)["shortNames"])

    def test_custom_resources_carry_names_subresources_and_verbs(self):
        clusters = self.resource(GROUP, "troupeclusters")
        self.assertEqual((clusters["kind"], clusters["singularName"], clusters["shortNames"], clusters["categories"]),
                         ("TroupeCluster", "troupecluster", ["troupe"], ["all"]))
        self.assertLessEqual({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}, set(clusters["verbs"]))
        self.assertEqual(set(self.resource(GROUP, "troupeclusters/status")["verbs"]), {"get", "patch", "update"})
        scale = self.resource(GROUP, "troupeclusters/scale")
        self.assertEqual((scale["kind"], scale["group"], scale["version"]), ("Scale", "autoscaling", "v1"))
        self.assertEqual(self.resource(GROUP, "troupeapplications")["kind"], "TroupeApplication")
        self.resource(GROUP, "troupeapplications/status")

    def test_aggregated_discovery_is_served_or_answered_with_plain_lists(self):
        accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
        for path, plain in (("/api", "APIVersions"), ("/apis", "APIGroupList")):
            answer = self.api.get(path, accept=accept)
            self.assertEqual(answer.status, 200, answer)
            aggregated = "g=apidiscovery.k8s.io" in answer.headers["Content-Type"]
            self.assertEqual(answer.json["kind"], "APIGroupDiscoveryList" if aggregated else plain)
            if aggregated and path == "/apis":
                ours = [g for g in answer.json["items"] if g["metadata"]["name"] == "troupe.dev"][0]
                resources = {r["resource"]: r for r in ours["versions"][0]["resources"]}
                self.assertEqual(resources["troupeclusters"]["responseKind"]["kind"], "TroupeCluster")
                self.assertEqual(resources["troupeclusters"]["scope"], "Namespaced")
                self.assertEqual({s["subresource"] for s in resources["troupeclusters"]["subresources"]}, {"status", "scale"})

    def test_openapi_v2_is_served_as_protobuf(self):
        answer = self.api.get("/openapi/v2", accept=PROTOBUF_OPENAPI)
        self.assertEqual(answer.status, 200)
        if self.server.minor >= 25:  # older ones call it application/octet-stream
            self.assertIn("com.github.proto-openapi.spec.v2", answer.headers["Content-Type"])
        self.assertTrue(answer.body.startswith(b"\x0a\x032.0"), answer.body[:20])  # Document.swagger = "2.0"

    def test_openapi_v3_describes_the_custom_resources(self):
        self.needs_version(27, "OpenAPI v3")
        index = self.api.get("/openapi/v3").json["paths"]
        group = self.api.get(index["apis/troupe.dev/v1alpha1"]["serverRelativeURL"]).json
        kinds = [k["kind"] for schema in group["components"]["schemas"].values()
                 for k in schema.get("x-kubernetes-group-version-kind", [])]
        self.assertIn("TroupeCluster", kinds)


class UnknownPaths(ApiTest):
    def test_unknown_root_path_is_a_404_without_status(self):
        answer = self.api.get("/nonsense")
        self.assertEqual(answer.status, 404)
        if self.server.minor >= 25:  # older ones list the paths they know
            self.assertEqual(answer.text.strip(), "404 page not found")
        self.assertNotIn('"Status"', answer.text)

    def test_unknown_resources_groups_and_subresources_are_not_found(self):
        for path in (f"/api/v1/namespaces/{self.namespace}/nonsense", f"{GROUP}/namespaces/{self.namespace}/nonsense",
                     "/apis/nonsense.dev/v1/things", "/apis/troupe.dev/v2/troupeclusters"):
            self.assertEqual(self.api.get(path).status, 404, path)

    def test_an_unknown_core_resource_says_so_in_a_status(self):
        self.assert_status(self.api.get(f"/api/v1/namespaces/{self.namespace}/nonsense"), 404, "NotFound",
                           "the server could not find the requested resource")

    def test_a_method_that_a_path_lacks_is_not_allowed(self):
        self.create("configmaps", {"metadata": {"name": self.name}, "apiVersion": "v1", "kind": "ConfigMap"})
        answer = self.api.post(self.path("configmaps", self.name), {"apiVersion": "v1", "kind": "ConfigMap"})
        self.assert_status(answer, 405, "MethodNotAllowed")
