"""What the server makes of a write: metadata, defaults, pruning, generation, status and no-ops."""

import datetime

from suite import ApiTest, application, cluster, configmap, document, lease, pod, version_of


class Metadata(ApiTest):
    def test_the_server_sets_the_identity(self):
        made = self.create("configmaps", configmap(self.name, uid="mine", creationTimestamp="2001-01-01T00:00:00Z", generation=7))
        metadata = made["metadata"]
        self.assertRegex(metadata["uid"], r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$")
        self.assertEqual(metadata["namespace"], self.namespace)
        self.assertTrue(metadata["resourceVersion"])
        created = datetime.datetime.strptime(metadata["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")
        self.assertLess(abs((datetime.datetime.utcnow() - created).total_seconds()), 30)

    def test_kind_and_version_come_back(self):
        for resource, body in (("configmaps", configmap(self.name)), ("troupeclusters", cluster(self.name))):
            made = self.create(resource, body)
            got = self.read(resource, self.name)
            self.assertEqual((made["kind"], made["apiVersion"]), (body["kind"], body["apiVersion"]))
            self.assertEqual(got, made)

    def test_items_of_lists_omit_kind_for_built_in_types_alone(self):
        self.create("configmaps", configmap(self.name))
        self.create("troupeclusters", cluster(self.name))
        maps = self.api.get(self.path("configmaps")).json
        self.assertEqual((maps["kind"], maps["apiVersion"]), ("ConfigMapList", "v1"))
        self.assertNotIn("kind", maps["items"][0])
        clusters = self.api.get(self.path("troupeclusters")).json
        self.assertEqual((clusters["kind"], clusters["apiVersion"]), ("TroupeClusterList", "troupe.dev/v1alpha1"))
        self.assertEqual(clusters["items"][0]["kind"], "TroupeCluster")

    def test_generate_name_appends_five_characters(self):
        names = set()
        for _ in range(20):
            made = self.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "gen-"}})
            self.assertRegex(made["metadata"]["name"], r"^gen-[a-z0-9]{5}$")
            self.assertEqual(made["metadata"]["generateName"], "gen-")
            names.add(made["metadata"]["name"])
        self.assertEqual(len(names), 20)

    def test_a_long_generate_name_is_cut(self):
        made = self.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "g" * 80}})
        self.assertEqual(len(made["metadata"]["name"]), 63)

    def test_generate_name_works_for_custom_resources(self):
        body = cluster("x", {"generateName": "c-"})
        del body["metadata"]["name"]
        self.assertRegex(self.create("troupeclusters", body)["metadata"]["name"], r"^c-[a-z0-9]{5}$")

    def test_creation_metadata_does_not_change(self):
        made = self.create("configmaps", configmap(self.name))
        changed = self.api.merge_patch(self.path("configmaps", self.name), {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}, "data": {"a": "b"}})
        if changed.status == 200:
            self.assertEqual(changed.json["metadata"]["creationTimestamp"], made["metadata"]["creationTimestamp"])
        else:
            self.assert_status(changed, 422, "Invalid")
        self.assertEqual(self.read("configmaps", self.name)["metadata"]["creationTimestamp"], made["metadata"]["creationTimestamp"])

    def test_deletion_timestamp_cannot_be_set(self):
        made = self.create("configmaps", configmap(self.name))
        self.api.merge_patch(self.path("configmaps", self.name), {"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z"}})
        self.assertNotIn("deletionTimestamp", self.read("configmaps", self.name)["metadata"])
        self.assertEqual(self.read("configmaps", self.name)["metadata"]["uid"], made["metadata"]["uid"])


class NoOps(ApiTest):
    def test_a_write_that_changes_nothing_leaves_the_resource_version(self):
        for resource, body in (("configmaps", configmap(self.name, {"a": "1"})), ("troupeclusters", cluster(self.name))):
            made = self.create(resource, body)
            path = self.path(resource, self.name)
            self.assertEqual(version_of(self.api.put(path, made).json), version_of(made))
            self.assertEqual(version_of(self.api.merge_patch(path, {}).json), version_of(made))
            self.assertEqual(version_of(self.api.merge_patch(path, {"metadata": {"labels": {"absent": None}}}).json), version_of(made))
            self.assertEqual(version_of(self.api.json_patch(path, [{"op": "test", "path": "/metadata/name", "value": self.name}]).json),
                             version_of(made))

    def test_no_event_comes_of_it(self):
        made = self.create("configmaps", configmap(self.name, {"a": "1"}))
        path = self.path("configmaps", self.name)
        with self.api.watch(self.path("configmaps"), query={"resourceVersion": version_of(made), "fieldSelector": "metadata.name=" + self.name}) as watch:
            self.api.put(path, made)
            self.api.merge_patch(path, {"data": {"a": "2"}})
            event = watch.next()
            self.assertEqual((event["type"], event["object"]["data"]), ("MODIFIED", {"a": "2"}))


class Generation(ApiTest):
    def generation(self, resource="troupeclusters"):
        return self.read(resource, self.name)["metadata"]["generation"]

    def test_it_starts_at_one_and_moves_with_the_spec_alone(self):
        self.create("troupeclusters", cluster(self.name, {"generation": 9}))
        path = self.path("troupeclusters", self.name)
        self.assertEqual(self.generation(), 1)
        self.api.merge_patch(path, {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}})
        self.assertEqual(self.generation(), 1)
        self.assertEqual(self.api.merge_patch(path + "/status", {"status": {"replicas": 3}}).status, 200)
        self.assertEqual(self.generation(), 1)
        self.api.merge_patch(path, {"spec": {"replicas": 2}})
        self.assertEqual(self.generation(), 2)
        self.api.merge_patch(path, {"spec": {"replicas": 2}})
        self.assertEqual(self.generation(), 2)
        self.api.merge_patch(path, {"metadata": {"generation": 40}})
        self.assertEqual(self.generation(), 2)

    def test_it_moves_when_deletion_begins(self):
        self.create("troupeclusters", cluster(self.name, {"finalizers": ["troupe.dev/test"]}))
        self.assertEqual(self.api.delete(self.path("troupeclusters", self.name)).status, 200)
        self.assertEqual(self.generation(), 2)
        self.api.merge_patch(self.path("troupeclusters", self.name), {"metadata": {"finalizers": None}})

    def test_config_maps_and_leases_have_none(self):
        for resource, body in (("configmaps", configmap(self.name)), ("leases", lease(self.name))):
            self.assertNotIn("generation", self.create(resource, body)["metadata"])


class StatusSubresource(ApiTest):
    def test_a_main_write_drops_status(self):
        made = self.create("troupeclusters", dict(cluster(self.name), status={"replicas": 9}))
        self.assertNotIn("replicas", made.get("status", {}))
        path = self.path("troupeclusters", self.name)
        self.api.merge_patch(path + "/status", {"status": {"replicas": 3}})
        self.assertEqual(self.api.merge_patch(path, {"status": {"replicas": 7}}).json["status"]["replicas"], 3)
        now = self.read("troupeclusters", self.name)
        del now["status"]
        now["spec"]["replicas"] = 2
        replaced = self.api.put(path, now)
        self.assertEqual((replaced.status, replaced.json["status"]["replicas"]), (200, 3))

    def test_a_status_write_drops_spec_and_labels(self):
        self.create("troupeclusters", cluster(self.name, replicas=2))
        path = self.path("troupeclusters", self.name)
        patched = self.api.merge_patch(path + "/status", {"metadata": {"labels": {"a": "b"}}, "spec": {"replicas": 5}, "status": {"readyReplicas": 2}})
        self.assertEqual(patched.status, 200, patched)
        now = self.read("troupeclusters", self.name)
        self.assertEqual((now["spec"]["replicas"], now["status"]["readyReplicas"]), (2, 2))
        self.assertNotIn("labels", now["metadata"])
        now["spec"]["replicas"] = 8
        now["status"]["readyReplicas"] = 1
        replaced = self.api.put(path + "/status", now)
        self.assertEqual((replaced.json["spec"]["replicas"], replaced.json["status"]["readyReplicas"]), (2, 1))

    def test_a_status_write_keeps_optimistic_concurrency(self):
        made = self.create("troupeclusters", cluster(self.name))
        path = self.path("troupeclusters", self.name, "status")
        made["status"] = {"replicas": 1}
        self.assertEqual(self.api.put(path, made).status, 200)
        made["status"] = {"replicas": 2}
        self.assert_status(self.api.put(path, made), 409, "Conflict")
        self.assert_status(self.api.merge_patch(path, {"metadata": {"resourceVersion": version_of(made)}, "status": {"replicas": 3}}), 409, "Conflict")

    def test_status_is_validated(self):
        self.create("troupeclusters", cluster(self.name))
        answer = self.api.merge_patch(self.path("troupeclusters", self.name, "status"), {"status": {"replicas": "many"}})
        self.assert_status(answer, 422, "Invalid", causes=[(None, "status.replicas")])

    def test_a_get_of_status_is_the_whole_object(self):
        self.create("troupeclusters", cluster(self.name))
        self.assertEqual(self.api.get(self.path("troupeclusters", self.name, "status")).json, self.read("troupeclusters", self.name))

    def test_a_pods_status_is_apart(self):
        self.create("pods", pod(self.name))
        condition = {"type": "troupe.dev/Joined", "status": "True"}
        patched = self.api.merge_patch(self.path("pods", self.name, "status"),
                                       {"spec": {"activeDeadlineSeconds": 5}, "status": {"phase": "Running", "conditions": [condition]}})
        self.assertEqual(patched.status, 200, patched)
        now = self.read("pods", self.name)
        self.assertEqual(now["status"]["phase"], "Running")
        self.assertEqual([c["type"] for c in now["status"]["conditions"]], ["troupe.dev/Joined"])
        self.assertNotIn("activeDeadlineSeconds", now["spec"])
        self.api.merge_patch(self.path("pods", self.name), {"status": {"phase": "Failed"}})
        self.assertEqual(self.read("pods", self.name)["status"]["phase"], "Running")


class Defaults(ApiTest):
    def test_custom_resources_get_their_defaults(self):
        spec = self.create("troupeclusters", cluster(self.name))["spec"]
        self.assertEqual(spec["replicas"], 1)
        self.assertEqual(spec["distribution"]["visibility"], "Hidden")
        self.assertEqual(spec["rollout"], {"type": "RollingUpdate", "paused": False, "progressDeadlineSeconds": 600})
        self.assertEqual(spec["drain"], {"timeoutSeconds": 60})
        self.assertNotIn("podTemplate", spec)
        self.assertEqual(self.read("troupeclusters", self.name)["spec"], spec)

    def test_defaults_reach_into_objects_that_are_given(self):
        spec = self.create("troupeclusters", cluster(self.name, rollout={"rollingUpdate": {"canary": 1}}))["spec"]
        self.assertEqual(spec["rollout"]["rollingUpdate"], {"maxUnavailable": 1, "maxSurge": 0, "canary": 1})

    def test_defaults_reach_into_items_of_lists(self):
        spec = self.create("troupeapplications", application(self.name))["spec"]["supervisor"]
        self.assertEqual((spec["strategy"], spec["intensity"]), ("OneForOne", {"maxRestarts": 1, "periodSeconds": 5}))
        child = spec["children"][0]
        self.assertEqual((child["restart"], child["shutdownTimeoutSeconds"], child["placement"], child["isolation"]),
                         ("Permanent", 5, {"type": "EveryNode"}, "Shared"))

    def test_a_removed_field_gets_its_default_again(self):
        self.create("troupeclusters", cluster(self.name, replicas=4))
        patched = self.api.merge_patch(self.path("troupeclusters", self.name), {"spec": {"replicas": None}})
        self.assertEqual(patched.json["spec"]["replicas"], 1)

    def test_a_null_is_as_if_absent(self):
        self.assertEqual(self.create("troupeclusters", cluster(self.name, replicas=None))["spec"]["replicas"], 1)

    def test_pods_get_what_the_kubelet_relies_on(self):
        made = self.create("pods", pod(self.name))
        self.assertEqual((made["spec"]["restartPolicy"], made["spec"]["terminationGracePeriodSeconds"], made["spec"]["dnsPolicy"]),
                         ("Always", 30, "ClusterFirst"))
        self.assertEqual(made["status"]["phase"], "Pending")
        self.assertEqual(made["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent")

    def test_secrets_are_opaque_and_take_strings(self):
        made = self.create("secrets", document("secrets", self.name, stringData={"cookie": "crumbs"}))
        self.assertEqual((made["type"], made["data"]), ("Opaque", {"cookie": "Y3J1bWJz"}))
        self.assertNotIn("stringData", made)


class UnknownFields(ApiTest):
    def test_they_are_pruned(self):
        made = self.create("troupeclusters", cluster(self.name, nonsense=1, rollout={"type": "OnDelete", "nonsense": {}}))
        self.assertNotIn("nonsense", made["spec"])
        self.assertNotIn("nonsense", made["spec"]["rollout"])
        patched = self.api.merge_patch(self.path("troupeclusters", self.name), {"spec": {"nonsense": 2}})
        self.assertEqual((patched.status, "nonsense" in patched.json["spec"]), (200, False))

    def test_they_stay_where_the_schema_preserves_them(self):
        template = {"spec": {"nodeSelector": {"disk": "ssd"}, "anything": [1, {"b": None}]}}
        made = self.create("troupeclusters", cluster(self.name, podTemplate=template))
        self.assertEqual(made["spec"]["podTemplate"]["spec"]["nodeSelector"], {"disk": "ssd"})
        self.assertEqual(made["spec"]["podTemplate"]["spec"]["anything"][0], 1)

    def test_built_in_types_drop_them_too(self):
        made = self.create("configmaps", dict(configmap(self.name), nonsense=1))
        self.assertNotIn("nonsense", made)

    def validated(self, mode, body, resource="troupeclusters"):
        self.needs_version(25, "fieldValidation")
        return self.api.post(self.path(resource), body, query={"fieldValidation": mode})

    def test_strict_refuses_them(self):
        self.assert_status(self.validated("Strict", cluster(self.name, nonsense=1)), 400, "BadRequest", 'unknown field "spec.nonsense"')
        self.assertEqual(self.api.get(self.path("troupeclusters", self.name)).status, 404)

    def test_strict_refuses_them_in_a_patch(self):
        self.needs_version(25, "fieldValidation")
        self.create("troupeclusters", cluster(self.name))
        answer = self.api.merge_patch(self.path("troupeclusters", self.name), {"spec": {"nonsense": 1}}, query={"fieldValidation": "Strict"})
        self.assert_status(answer, 422, "Invalid", 'unknown field "spec.nonsense"')

    def test_warn_names_them_and_stores_the_rest(self):
        answer = self.validated("Warn", cluster(self.name, nonsense=1))
        self.assertEqual(answer.status, 201, answer)
        warnings = answer.headers.get_all("Warning") or []
        self.assertTrue(any(w.startswith("299 ") and 'unknown field \\"spec.nonsense\\"' in w for w in warnings), warnings)

    def test_ignore_says_nothing(self):
        answer = self.validated("Ignore", cluster(self.name, nonsense=1))
        self.assertEqual(answer.status, 201, answer)
        self.assertFalse(any("unknown field" in w for w in answer.headers.get_all("Warning") or []))

    def test_another_mode_is_invalid(self):
        self.assertIn(self.validated("Nonsense", cluster(self.name)).status, (400, 422))


class DryRun(ApiTest):
    def assert_untouched(self, resource, made):
        self.assertEqual(version_of(self.read(resource, self.name)), version_of(made))

    def test_it_answers_as_if_and_stores_nothing(self):
        query = {"dryRun": "All"}
        for resource, body in (("configmaps", configmap(self.name)), ("troupeclusters", cluster(self.name))):
            path = self.path(resource, self.name)
            answer = self.api.post(self.path(resource), body, query=query)
            self.assertEqual(answer.status, 201, answer)
            self.assertTrue(answer.json["metadata"]["uid"])
            self.assertNotIn("resourceVersion", {k: v for k, v in answer.json["metadata"].items() if v})
            self.assertEqual(self.api.get(path).status, 404)

            made = self.create(resource, body)
            changed = dict(made, metadata=dict(made["metadata"], labels={"a": "b"}))
            for answer in (self.api.put(path, changed, query=query), self.api.merge_patch(path, {"metadata": {"labels": {"a": "b"}}}, query=query)):
                self.assertEqual((answer.status, answer.json["metadata"]["labels"]), (200, {"a": "b"}), answer)
                self.assert_untouched(resource, made)
            self.assertEqual(self.api.delete(path, query=query).status, 200)
            self.assertEqual(self.api.delete(path, {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]}).status, 200)
            self.assert_untouched(resource, made)

    def test_it_moves_no_resource_version_and_makes_no_event(self):
        made = self.create("configmaps", configmap(self.name))
        query = {"resourceVersion": version_of(made), "fieldSelector": "metadata.name=" + self.name}
        with self.api.watch(self.path("configmaps"), query=query) as watch:
            self.api.merge_patch(self.path("configmaps", self.name), {"data": {"a": "dry"}}, query={"dryRun": "All"})
            self.api.delete(self.path("configmaps", self.name), query={"dryRun": "All"})
            real = self.api.merge_patch(self.path("configmaps", self.name), {"data": {"a": "wet"}}).json
            event = watch.next()
            self.assertEqual((event["type"], event["object"]["data"], version_of(event["object"])), ("MODIFIED", {"a": "wet"}, version_of(real)))

    def test_it_still_refuses_what_is_wrong(self):
        query = {"dryRun": "All"}
        self.assert_status(self.api.post(self.path("troupeclusters"), cluster(self.name, replicas=501), query=query), 422, "Invalid")
        self.create("configmaps", configmap(self.name))
        self.assert_status(self.api.post(self.path("configmaps"), configmap(self.name), query=query), 409, "AlreadyExists")
        self.assert_status(self.api.delete(self.path("configmaps", "absent"), query=query), 404, "NotFound")

    def test_it_applies_to_status_and_deletecollection(self):
        made = self.create("troupeclusters", cluster(self.name, {"labels": {"dry": self.name}}))
        self.api.merge_patch(self.path("troupeclusters", self.name, "status"), {"status": {"replicas": 4}}, query={"dryRun": "All"})
        self.assertEqual(self.api.delete(self.path("troupeclusters"), query={"dryRun": "All", "labelSelector": "dry=" + self.name}).status, 200)
        self.assert_untouched("troupeclusters", made)

    def test_another_value_is_refused(self):
        answer = self.api.post(self.path("configmaps"), configmap(self.name), query={"dryRun": "Some"})
        self.assertIn(answer.status, (400, 422), answer)
        self.assertEqual(self.api.get(self.path("configmaps", self.name)).status, 404)


class Scale(ApiTest):
    def setUp(self):
        super().setUp()
        self.create("troupeclusters", cluster(self.name, replicas=2))
        self.scale = self.path("troupeclusters", self.name, "scale")

    def test_it_shows_spec_status_and_selector(self):
        self.api.merge_patch(self.path("troupeclusters", self.name, "status"), {"status": {"replicas": 1, "selector": "troupe.dev/cluster=x"}})
        scale = self.api.get(self.scale).json
        self.assertEqual((scale["kind"], scale["apiVersion"]), ("Scale", "autoscaling/v1"))
        self.assertEqual((scale["spec"], scale["status"]), ({"replicas": 2}, {"replicas": 1, "selector": "troupe.dev/cluster=x"}))
        now = self.read("troupeclusters", self.name)["metadata"]
        self.assertEqual({k: scale["metadata"][k] for k in ("name", "namespace", "uid", "resourceVersion")},
                         {k: now[k] for k in ("name", "namespace", "uid", "resourceVersion")})

    def test_a_patch_scales(self):
        answer = self.api.merge_patch(self.scale, {"spec": {"replicas": 5}})
        self.assertEqual((answer.status, answer.json["kind"], answer.json["spec"]["replicas"]), (200, "Scale", 5))
        now = self.read("troupeclusters", self.name)
        self.assertEqual((now["spec"]["replicas"], now["metadata"]["generation"]), (5, 2))

    def test_an_update_scales_once_a_version(self):
        scale = self.api.get(self.scale).json
        scale["spec"]["replicas"] = 3
        self.assertEqual(self.api.put(self.scale, scale).status, 200)
        scale["spec"]["replicas"] = 4
        self.assert_status(self.api.put(self.scale, scale), 409, "Conflict")
        self.assertEqual(self.read("troupeclusters", self.name)["spec"]["replicas"], 3)

    def test_a_scale_to_zero_is_a_scale(self):
        self.assertEqual(self.api.merge_patch(self.scale, {"spec": {"replicas": 0}}).status, 200)
        self.assertEqual(self.read("troupeclusters", self.name)["spec"]["replicas"], 0)

    def test_bad_replicas_are_invalid(self):
        for replicas in (-1, 501):
            self.assert_status(self.api.merge_patch(self.scale, {"spec": {"replicas": replicas}}), 422, "Invalid")

    def test_an_absent_object_has_no_scale(self):
        self.assert_status(self.api.get(self.path("troupeclusters", "absent", "scale")), 404, "NotFound")
