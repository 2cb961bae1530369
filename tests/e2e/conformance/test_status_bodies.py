"""Every failure that a client decides by: code, reason, details and causes."""

import http.client

from suite import ApiTest, application, cluster, configmap, document, lease, pod, without


class Reads(ApiTest):
    def test_absent_objects_are_not_found_by_name_and_kind(self):
        self.assert_status(self.api.get(self.path("configmaps", "absent")), 404, "NotFound", 'configmaps "absent" not found',
                           {"name": "absent", "kind": "configmaps"})
        self.assert_status(self.api.get(self.path("troupeclusters", "absent")), 404, "NotFound",
                           'troupeclusters.troupe.dev "absent" not found',
                           {"name": "absent", "group": "troupe.dev", "kind": "troupeclusters"})
        self.assert_status(self.api.get(self.path("leases", "absent")), 404, "NotFound",
                           'leases.coordination.k8s.io "absent" not found', {"group": "coordination.k8s.io", "kind": "leases"})

    def test_a_list_in_an_absent_namespace_is_empty(self):
        listed = self.api.get(self.path("configmaps", namespace="absent-" + self.name))
        self.assertEqual((listed.status, listed.json["items"]), (200, []))

    def test_bad_queries_are_bad_requests(self):
        for query in ({"labelSelector": "a in ("}, {"fieldSelector": "spec.nonsense=1"}, {"limit": "many"},
                      {"continue": "nonsense"}, {"timeoutSeconds": "soon", "watch": "true"}):
            self.assert_status(self.api.get(self.path("configmaps"), query=query), 400, "BadRequest")


class Creates(ApiTest):
    def test_a_taken_name_already_exists(self):
        for resource, made, kind in (("configmaps", configmap(self.name), 'configmaps "%s"'),
                                     ("troupeclusters", cluster(self.name), 'troupeclusters.troupe.dev "%s"')):
            self.create(resource, made)
            self.assert_status(self.api.post(self.path(resource), made), 409, "AlreadyExists", kind % self.name + " already exists",
                               {"name": self.name, "kind": resource})

    def test_an_absent_namespace_is_not_found(self):
        answer = self.api.post(self.path("configmaps", namespace="absent-" + self.name), configmap(self.name))
        self.assert_status(answer, 404, "NotFound", f'namespaces "absent-{self.name}" not found', {"kind": "namespaces"})

    def test_another_namespace_in_the_body_is_a_bad_request(self):
        self.assert_status(self.api.post(self.path("configmaps"), configmap(self.name, namespace="default")), 400, "BadRequest",
                           "the namespace of the provided object does not match the namespace sent on the request")

    def test_a_resource_version_may_not_be_given(self):
        # The real server has no reason here either.
        answer = self.api.post(self.path("configmaps"), configmap(self.name, resourceVersion="7"))
        self.assertEqual(answer.status, 500, answer)
        self.assertIn("resourceVersion should not be set on objects to be created", answer.json["message"])

    def test_bad_names_are_invalid(self):
        for name in ("Upper", "under_score", "-dash", "dot.", "x" * 254, "a/b"):
            self.assert_status(self.api.post(self.path("configmaps"), configmap(name)), 422, "Invalid",
                               details={"kind": "ConfigMap"}, causes=[("FieldValueInvalid", "metadata.name")])

    def test_a_missing_name_is_required(self):
        self.assert_status(self.api.post(self.path("configmaps"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}), 422, "Invalid",
                           "name or generateName is required", causes=[("FieldValueRequired", "metadata.name")])

    def test_bad_names_of_custom_resources_are_invalid(self):
        self.assert_status(self.api.post(self.path("troupeclusters"), cluster("Upper")), 422, "Invalid",
                           details={"group": "troupe.dev", "kind": "TroupeCluster"}, causes=[(None, "metadata.name")])
        self.assert_status(self.api.post(self.path("troupeclusters"), cluster("a" * 41)), 422, "Invalid", causes=[(None, "metadata.name")])

    def test_names_of_namespaces_are_labels(self):
        made = self.api.post("/api/v1/namespaces", document("namespaces", "dotted.name"))
        self.assert_status(made, 422, "Invalid", causes=[("FieldValueInvalid", "metadata.name")])

    def test_bad_labels_and_annotations_are_invalid(self):
        self.assert_status(self.api.post(self.path("configmaps"), configmap(self.name, labels={"a": "x" * 64})), 422, "Invalid",
                           causes=[("FieldValueInvalid", "metadata.labels")])
        self.assert_status(self.api.post(self.path("configmaps"), configmap(self.name, labels={"bad key": "x"})), 422, "Invalid",
                           causes=[("FieldValueInvalid", "metadata.labels")])
        self.assert_status(self.api.post(self.path("configmaps"), configmap(self.name, annotations={"a": "x" * (257 * 1024)})), 422, "Invalid",
                           causes=[("FieldValueTooLong", "metadata.annotations")])

    def test_bad_owner_references_are_invalid(self):
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o"}
        self.assert_status(self.api.post(self.path("configmaps"), configmap(self.name, ownerReferences=[owner])), 422, "Invalid",
                           causes=[("FieldValueInvalid", "metadata.ownerReferences.uid")])

    def test_two_controllers_are_invalid(self):
        owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": n, "uid": n, "controller": True} for n in ("a", "b")]
        self.assert_status(self.api.post(self.path("configmaps"), configmap(self.name, ownerReferences=owners)), 422, "Invalid",
                           "Only one reference can have Controller set to true")

    def test_a_config_map_of_a_bad_key_is_invalid(self):
        self.assert_status(self.api.post(self.path("configmaps"), configmap(self.name, {"a b": "c"})), 422, "Invalid",
                           causes=[("FieldValueInvalid", "data[a b]")])

    def test_a_pod_without_containers_is_invalid(self):
        bad = pod(self.name)
        bad["spec"]["containers"] = []
        self.assert_status(self.api.post(self.path("pods"), bad), 422, "Invalid", causes=[("FieldValueRequired", "spec.containers")])


class Bodies(ApiTest):
    def test_malformed_json_is_a_bad_request(self):
        for resource in ("configmaps", "troupeclusters"):
            for body in ('{"apiVersion": "v1", "kind": ', "[1, 2", "nonsense{", "\x00\x01"):
                self.assert_status(self.api.post(self.path(resource), body), 400, "BadRequest")

    def test_another_kind_is_a_bad_request(self):
        for resource, body in (("configmaps", document("secrets", self.name)),
                               ("troupeclusters", dict(cluster(self.name), apiVersion="troupe.dev/v9"))):
            self.assert_status(self.api.post(self.path(resource), body), 400, "BadRequest")

    def test_another_kind_is_an_invalid_custom_resource(self):
        self.assert_status(self.api.post(self.path("troupeclusters"), dict(cluster(self.name), kind="Nonsense")), 422, "Invalid",
                           "must be TroupeCluster", causes=[("FieldValueInvalid", "kind")])

    def test_a_value_of_another_type_is_a_bad_request(self):
        self.assert_status(self.api.post(self.path("configmaps"), configmap(self.name, {"a": 1})), 400, "BadRequest")
        self.assert_status(self.api.post(self.path("secrets"), document("secrets", self.name, data={"a": "not base64!"})), 400, "BadRequest")

    def test_a_media_type_that_nobody_reads_is_unsupported(self):
        answer = self.api.post(self.path("configmaps"), configmap(self.name), content_type="text/csv")
        self.assert_status(answer, 415, "UnsupportedMediaType")

    def test_protobuf_is_read_or_refused_by_name(self):
        answer = self.api.post(self.path("configmaps"), b"k8s\0nonsense", content_type="application/vnd.kubernetes.protobuf")
        if self.server.local:
            self.assertEqual(answer.status, 415, answer)
            self.assert_refused(answer, "protobuf")
        else:
            self.assert_status(answer, 400, "BadRequest")

    def test_yaml_is_read_or_refused_by_name(self):
        body = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {self.name}\n"
        answer = self.api.post(self.path("configmaps"), body, content_type="application/yaml")
        if self.server.local and answer.status != 201:
            self.assert_refused(answer, "yaml")
        else:
            self.assertEqual(answer.status, 201, answer)

    def test_an_oversized_body_is_refused(self):
        body = configmap(self.name, {"a": "x" * (4 * 1024 * 1024)})
        try:
            answer = self.api.post(self.path("configmaps"), body)
        except (OSError, http.client.HTTPException):
            # Cut off while sending is as good an answer, if the server still serves.
            answer = None
        if answer is not None:
            self.assertEqual(answer.status, 413, answer)
        self.assertEqual(self.api.get(self.path("configmaps", self.name)).status, 404)

    def test_deep_nesting_does_no_harm(self):
        body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s"},"data":%s1%s}' % (self.name, '{"a":' * 20000, "}" * 20000)
        self.assertIn(self.api.post(self.path("configmaps"), body).status, (400, 422))
        self.assertEqual(self.api.get("/readyz").status, 200)

    def test_a_config_map_over_a_mebibyte_is_invalid(self):
        answer = self.api.post(self.path("configmaps"), configmap(self.name, {"a": "x" * (1024 * 1024), "b": "y"}))
        self.assert_status(answer, 422, "Invalid", "1048576 bytes")
        self.assertEqual(answer.json["details"]["causes"][0]["reason"], "FieldValueTooLong")


class Updates(ApiTest):
    def test_a_stale_update_conflicts(self):
        for resource, made in (("configmaps", configmap(self.name)), ("troupeclusters", cluster(self.name)), ("leases", lease(self.name))):
            old = self.create(resource, made)
            old["metadata"]["labels"] = {"a": "1"}
            self.assertEqual(self.api.put(self.path(resource, self.name), old).status, 200)
            old["metadata"]["labels"] = {"a": "2"}
            self.assert_status(self.api.put(self.path(resource, self.name), old), 409, "Conflict",
                               "the object has been modified; please apply your changes to the latest version and try again",
                               {"name": self.name, "kind": resource})

    def test_a_name_other_than_the_paths_is_a_bad_request(self):
        made = self.create("configmaps", configmap(self.name))
        made["metadata"]["name"] = "other"
        self.assert_status(self.api.put(self.path("configmaps", self.name), made), 400, "BadRequest",
                           f"the name of the object (other) does not match the name on the URL ({self.name})")

    def test_a_custom_resource_needs_its_resource_version(self):
        self.create("troupeclusters", cluster(self.name))
        self.assert_status(self.api.put(self.path("troupeclusters", self.name), cluster(self.name, replicas=2)), 422, "Invalid",
                           "must be specified for an update", causes=[("FieldValueInvalid", "metadata.resourceVersion")])

    def test_a_config_map_may_be_replaced_without_one(self):
        self.create("configmaps", configmap(self.name, {"a": "1"}))
        answer = self.api.put(self.path("configmaps", self.name), configmap(self.name, {"b": "2"}))
        self.assertEqual((answer.status, answer.json["data"]), (200, {"b": "2"}))

    def test_an_absent_object_is_not_found_and_a_lease_is_made(self):
        for resource, body in (("configmaps", configmap(self.name)), ("pods", pod(self.name)),
                               ("troupeclusters", cluster(self.name, {"resourceVersion": "1"}))):
            self.assert_status(self.api.put(self.path(resource, self.name), body), 404, "NotFound")
        made = self.api.put(self.path("leases", self.name), lease(self.name, "me"))
        self.assertEqual(made.status, 201, made)

    def test_another_uid_conflicts(self):
        made = self.create("configmaps", configmap(self.name))
        made["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000"
        self.assert_status(self.api.put(self.path("configmaps", self.name), made), 409, "Conflict", "Precondition failed: UID in precondition")

    def test_an_immutable_config_map_stays(self):
        self.create("configmaps", dict(configmap(self.name, {"a": "1"}), immutable=True))
        answer = self.api.merge_patch(self.path("configmaps", self.name), {"data": {"a": "2"}})
        self.assert_status(answer, 422, "Invalid", "field is immutable when `immutable` is set", causes=[(None, "data")])

    def test_the_type_of_a_secret_stays(self):
        self.create("secrets", document("secrets", self.name, type="a"))
        self.assert_status(self.api.merge_patch(self.path("secrets", self.name), {"type": "b"}), 422, "Invalid",
                           causes=[("FieldValueInvalid", "type")])

    def test_a_pods_containers_stay(self):
        made = self.create("pods", pod(self.name))
        made["spec"]["containers"][0]["command"] = ["/bin/true"]
        self.assert_status(self.api.put(self.path("pods", self.name), made), 422, "Invalid",
                           "pod updates may not change fields other than", causes=[("FieldValueForbidden", "spec")])

    def test_a_pods_image_may_change(self):
        made = self.create("pods", pod(self.name))
        made["spec"]["containers"][0]["image"] = "localhost/none:2"
        self.assertEqual(self.api.put(self.path("pods", self.name), made).status, 200)


class Schema(ApiTest):
    """Validation of custom resources by their CRD."""

    def invalid(self, body, *fields, resource="troupeclusters"):
        self.assert_status(self.api.post(self.path(resource), body), 422, "Invalid", details={"group": "troupe.dev"},
                           causes=[(None, field) for field in fields])

    def test_types_are_checked(self):
        self.invalid(cluster(self.name, replicas="three"), "spec.replicas")
        self.invalid(cluster(self.name, replicas=1.5), "spec.replicas")
        self.invalid(cluster(self.name, image=7), "spec.image")
        self.invalid(cluster(self.name, drain=[]), "spec.drain")

    def test_ranges_are_checked(self):
        self.invalid(cluster(self.name, replicas=-1), "spec.replicas")
        self.invalid(cluster(self.name, replicas=501), "spec.replicas")
        self.invalid(cluster(self.name, image=""), "spec.image")
        self.invalid(cluster(self.name, image="x" * 1025), "spec.image")

    def test_enums_are_checked(self):
        self.assert_status(self.api.post(self.path("troupeclusters"), cluster(self.name, distribution={"tls": {"mode": "Nonsense"}})),
                           422, "Invalid", 'supported values: "Disabled", "Managed", "Secret"',
                           causes=[("FieldValueNotSupported", "spec.distribution.tls.mode")])

    def test_required_fields_are_checked(self):
        body = cluster(self.name)
        body["spec"] = without(body["spec"], "image")
        self.assert_status(self.api.post(self.path("troupeclusters"), body), 422, "Invalid", causes=[("FieldValueRequired", "spec.image")])
        self.assert_status(self.api.post(self.path("troupeclusters"), cluster(self.name, distribution={"tls": {}})), 422, "Invalid",
                           causes=[("FieldValueRequired", "spec.distribution.tls.mode")])
        self.invalid(document("troupeclusters", self.name), "spec")

    def test_patterns_are_checked(self):
        self.invalid(application(self.name, clusterRef={"name": "Upper"}), "spec.clusterRef.name", resource="troupeapplications")
        self.invalid(cluster(self.name, resources={"limits": {"cpu": "lots"}}), "spec.resources.limits.cpu")

    def test_int_or_string_takes_both(self):
        made = self.create("troupeclusters", cluster(self.name, resources={"limits": {"cpu": 2, "memory": "1Gi"}}))
        self.assertEqual(made["spec"]["resources"]["limits"], {"cpu": 2, "memory": "1Gi"})

    def test_lists_are_bounded(self):
        self.invalid(application(self.name, supervisor={"children": []}), "spec.supervisor.children", resource="troupeapplications")

    def test_map_lists_refuse_a_key_twice(self):
        child = {"name": "report", "type": "Command", "command": {"argv": ["/bin/true"]}}
        self.assert_status(self.api.post(self.path("troupeapplications"), application(self.name, supervisor={"children": [child, child]})),
                           422, "Invalid", causes=[("FieldValueDuplicate", "spec.supervisor.children[1]")])

    def test_items_of_lists_are_named_by_index(self):
        child = {"name": "report", "type": "Command", "command": {"argv": ["/bin/true"]}, "restart": "Sometimes"}
        # 1.20 leaves the index out.
        field = "spec.supervisor.children[0].restart" if self.server.minor >= 25 else "spec.supervisor.children.restart"
        self.invalid(application(self.name, supervisor={"children": [child]}), field, resource="troupeapplications")

    def test_several_faults_are_all_named(self):
        self.invalid(cluster(self.name, replicas=501, distribution={"visibility": "Nonsense", "tls": {"mode": "Disabled"}}),
                     "spec.replicas", "spec.distribution.visibility")

    def test_updates_are_validated_too(self):
        made = self.create("troupeclusters", cluster(self.name))
        made["spec"]["replicas"] = 501
        answers = [self.api.put(self.path("troupeclusters", self.name), made),
                   self.api.merge_patch(self.path("troupeclusters", self.name), {"spec": {"replicas": 501}}),
                   self.api.json_patch(self.path("troupeclusters", self.name), [{"op": "replace", "path": "/spec/replicas", "value": 501}]),
                   self.api.merge_patch(self.path("troupeclusters", self.name), {"spec": {"image": None}})]
        for answer in answers:
            self.assert_status(answer, 422, "Invalid")
        self.assertEqual(self.read("troupeclusters", self.name)["spec"]["replicas"], 1)
