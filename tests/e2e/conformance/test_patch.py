"""Patches: merge, JSON, what of strategic merge both servers share, and what only the real one does."""

from suite import ApiTest, cluster, configmap, pod, version_of


class MergePatch(ApiTest):
    def test_it_sets_removes_and_replaces(self):
        self.create("configmaps", configmap(self.name, {"a": "1", "b": "2"}, labels={"x": "1"}))
        answer = self.api.merge_patch(self.path("configmaps", self.name), {"data": {"a": None, "c": "3"}, "metadata": {"labels": {"y": "2"}}})
        self.assertEqual((answer.status, answer.json["data"], answer.json["metadata"]["labels"]), (200, {"b": "2", "c": "3"}, {"x": "1", "y": "2"}))

    def test_arrays_are_replaced_whole(self):
        self.create("troupeclusters", cluster(self.name, {"finalizers": ["troupe.dev/a", "troupe.dev/b"]}))
        answer = self.api.merge_patch(self.path("troupeclusters", self.name), {"metadata": {"finalizers": ["troupe.dev/c"]}})
        self.assertEqual(answer.json["metadata"]["finalizers"], ["troupe.dev/c"])
        self.api.merge_patch(self.path("troupeclusters", self.name), {"metadata": {"finalizers": None}})

    def test_a_resource_version_is_a_precondition(self):
        for resource, body in (("configmaps", configmap(self.name)), ("troupeclusters", cluster(self.name))):
            made = self.create(resource, body)
            patch = {"metadata": {"resourceVersion": version_of(made), "labels": {"a": "b"}}}
            self.assertEqual(self.api.merge_patch(self.path(resource, self.name), patch).status, 200)
            patch["metadata"]["labels"] = {"a": "c"}
            self.assert_status(self.api.merge_patch(self.path(resource, self.name), patch), 409, "Conflict", "the object has been modified")

    def test_a_uid_is_a_precondition(self):
        self.create("configmaps", configmap(self.name))
        patch = {"metadata": {"uid": "00000000-0000-0000-0000-000000000000", "labels": {"a": "b"}}}
        self.assertIn(self.api.merge_patch(self.path("configmaps", self.name), patch).status, (409, 422))
        self.assertNotIn("labels", self.read("configmaps", self.name)["metadata"])

    def test_an_absent_object_is_not_found(self):
        for resource in ("configmaps", "troupeclusters"):
            self.assert_status(self.api.merge_patch(self.path(resource, "absent"), {"metadata": {"labels": {"a": "b"}}}), 404, "NotFound")

    def test_what_is_no_patch_is_a_bad_request(self):
        self.create("configmaps", configmap(self.name))
        for body in ('{"data": ', "nonsense"):
            answer = self.api.merge_patch(self.path("configmaps", self.name), body)
            if self.server.minor < 25 and answer.status == 500:
                self.assertEqual(answer.json["message"], "Invalid JSON Patch")
            else:
                self.assert_status(answer, 400, "BadRequest")

    def test_the_name_stays(self):
        self.create("configmaps", configmap(self.name))
        self.assertIn(self.api.merge_patch(self.path("configmaps", self.name), {"metadata": {"name": "other"}}).status, (400, 422))
        self.assertEqual(self.api.get(self.path("configmaps", "other")).status, 404)


class JsonPatch(ApiTest):
    def setUp(self):
        super().setUp()
        self.made = self.create("configmaps", configmap(self.name, {"a": "1"}, annotations={"b/c": "2"}))

    def patch(self, *operations):
        return self.api.json_patch(self.path("configmaps", self.name), list(operations))

    def test_every_operation_works(self):
        answer = self.patch({"op": "test", "path": "/data/a", "value": "1"}, {"op": "replace", "path": "/data/a", "value": "3"},
                            {"op": "remove", "path": "/metadata/annotations/b~1c"}, {"op": "add", "path": "/data/d", "value": "4"},
                            {"op": "copy", "from": "/data/d", "path": "/data/e"}, {"op": "move", "from": "/data/e", "path": "/data/f"})
        self.assertEqual((answer.status, answer.json["data"]), (200, {"a": "3", "d": "4", "f": "4"}), answer)
        self.assertNotIn("b/c", answer.json["metadata"].get("annotations", {}))

    def test_lists_are_addressed_by_index_and_end(self):
        self.create("troupeclusters", cluster(self.name, {"finalizers": ["troupe.dev/a"]}))
        path = self.path("troupeclusters", self.name)
        answer = self.api.json_patch(path, [{"op": "add", "path": "/metadata/finalizers/-", "value": "troupe.dev/c"},
                                            {"op": "add", "path": "/metadata/finalizers/1", "value": "troupe.dev/b"},
                                            {"op": "remove", "path": "/metadata/finalizers/0"}])
        self.assertEqual(answer.json["metadata"]["finalizers"], ["troupe.dev/b", "troupe.dev/c"])
        self.api.merge_patch(path, {"metadata": {"finalizers": None}})

    def test_a_failing_operation_is_invalid_and_changes_nothing(self):
        change = {"op": "replace", "path": "/data/a", "value": "9"}
        failing = [{"op": "test", "path": "/data/a", "value": "other"}, {"op": "remove", "path": "/data/absent"},
                   {"op": "add", "path": "/absent/deep", "value": "x"}]
        if self.server.minor >= 25:  # 1.20 adds what it cannot replace
            failing.append({"op": "replace", "path": "/data/absent", "value": "x"})
        for operation in failing:
            self.assert_status(self.patch(change, operation), 422, "Invalid")
        self.assertEqual(self.read("configmaps", self.name), self.made)

    def test_what_is_no_patch_is_a_bad_request(self):
        for body in ({"op": "add"}, "nonsense", '"text"'):
            self.assert_status(self.api.json_patch(self.path("configmaps", self.name), body), 400, "BadRequest")

    def test_an_unknown_operation_is_refused(self):
        answer = self.patch({"op": "nonsense", "path": "/data/a", "value": "x"})
        self.assertIn(answer.status, (400, 422), answer)

    def test_a_test_of_the_version_is_a_precondition(self):
        version = version_of(self.made)
        guarded = ({"op": "test", "path": "/metadata/resourceVersion", "value": version}, {"op": "replace", "path": "/data/a", "value": "2"})
        self.assertEqual(self.patch(*guarded).status, 200)
        self.assert_status(self.patch(*guarded), 422, "Invalid")

    def test_a_status_is_patched(self):
        self.create("troupeclusters", cluster(self.name))
        answer = self.api.json_patch(self.path("troupeclusters", self.name, "status"), [{"op": "add", "path": "/status", "value": {"replicas": 2}}])
        self.assertEqual((answer.status, answer.json["status"]["replicas"]), (200, 2), answer)

    def test_a_result_that_is_invalid_is_refused(self):
        self.create("troupeclusters", cluster(self.name))
        answer = self.api.json_patch(self.path("troupeclusters", self.name), [{"op": "remove", "path": "/spec/image"}])
        self.assert_status(answer, 422, "Invalid", causes=[("FieldValueRequired", "spec.image")])


class OtherPatches(ApiTest):
    def test_an_unknown_type_is_unsupported(self):
        self.create("configmaps", configmap(self.name))
        answer = self.api.request("PATCH", self.path("configmaps", self.name), {"data": {}}, content_type="application/json")
        self.assert_status(answer, 415, "UnsupportedMediaType")
        if self.server.minor >= 25:
            self.assertIn("application/merge-patch+json", answer.json["message"])

    def test_strategic_merge_of_maps_is_a_merge(self):
        self.create("configmaps", configmap(self.name, {"a": "1", "b": "2"}))
        answer = self.api.strategic_patch(self.path("configmaps", self.name), {"data": {"a": None, "c": "3"}, "metadata": {"labels": {"x": "y"}}})
        self.assertEqual((answer.status, answer.json["data"]), (200, {"b": "2", "c": "3"}), answer)

    def test_strategic_merge_is_not_for_custom_resources(self):
        self.create("troupeclusters", cluster(self.name))
        self.assert_status(self.api.strategic_patch(self.path("troupeclusters", self.name), {"spec": {"replicas": 2}}), 415, "UnsupportedMediaType")

    def test_strategic_merge_of_lists_merges_by_key_or_is_refused_by_name(self):
        self.create("pods", pod(self.name))
        path = self.path("pods", self.name, "status")
        for kind in ("A", "B"):
            answer = self.api.strategic_patch(path, {"status": {"conditions": [{"type": "troupe.dev/" + kind, "status": "True"}]}})
            if self.server.local and answer.status != 200:
                self.assert_refused(answer, "strategic merge")
                return
            self.assertEqual(answer.status, 200, answer)
        self.assertEqual({c["type"] for c in answer.json["status"]["conditions"]}, {"troupe.dev/A", "troupe.dev/B"})

    def test_server_side_apply_works_or_is_refused_by_name(self):
        for resource, body in (("configmaps", configmap(self.name, {"a": "1"})), ("troupeclusters", cluster(self.name))):
            answer = self.api.request("PATCH", self.path(resource, self.name), body, content_type="application/apply-patch+yaml",
                                      query={"fieldManager": "conformance", "force": "true"})
            if self.server.local:
                self.assert_refused(answer, "server-side apply")
                self.assertEqual(self.api.get(self.path(resource, self.name)).status, 404)
            else:
                self.assertIn(answer.status, (200, 201), answer)
                self.assertEqual(answer.json["metadata"]["managedFields"][0]["manager"], "conformance")

    def test_another_custom_resource_definition_works_or_is_refused_by_name(self):
        plural = "things" + self.name[2:]
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": plural + ".conformance.dev"},
               "spec": {"group": "conformance.dev", "scope": "Namespaced", "names": {"plural": plural, "kind": plural.capitalize()},
                        "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}]}}
        base = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        answer = self.api.post(base, crd)
        if self.server.local:
            self.assert_refused(answer, plural + ".conformance.dev")
            self.assertNotIn(plural + ".conformance.dev", [i["metadata"]["name"] for i in self.api.get(base).json["items"]])
        else:
            self.addCleanup(self.api.delete, f"{base}/{plural}.conformance.dev")
            self.assertEqual(answer.status, 201, answer)

    def test_the_two_definitions_of_this_project_are_listed(self):
        names = {item["metadata"]["name"] for item in self.api.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").json["items"]}
        self.assertLessEqual({"troupeclusters.troupe.dev", "troupeapplications.troupe.dev"}, names)

    def test_rules_in_cel_are_evaluated_or_warned_about(self):
        body = cluster(self.name, distribution={"tls": {"mode": "Secret"}})  # without secretRef, which a rule asks for
        answer = self.api.post(self.path("troupeclusters"), body)
        if self.server.local:
            self.assertEqual(answer.status, 201, answer)
            warnings = answer.headers.get_all("Warning") or []
            self.assertTrue(any(w.startswith("299 ") and "CEL" in w for w in warnings), warnings)
        elif self.server.minor >= 25:
            self.assert_status(answer, 422, "Invalid", "secretRef is required when mode is Secret")
        else:
            self.assertEqual(answer.status, 201, answer)

    def test_port_forward_is_refused_without_harm(self):
        self.create("pods", pod(self.name))
        answer = self.api.post(self.path("pods", self.name, "portforward"), b"", query={"ports": "80"})
        self.assertGreaterEqual(answer.status, 400)
        if self.server.local:
            self.assert_refused(answer, "port")
