"""Deletion: bodies, grace, finalizers, preconditions, propagation, collections and namespaces."""

from suite import ApiTest, cluster, configmap, document, lease, nowhere, pod, version_of

PERIOD = 30


def options(**fields):
    return {"apiVersion": "v1", "kind": "DeleteOptions", **fields}


class Deletes(ApiTest):
    def test_a_deletion_answers_with_a_status_that_names_the_object(self):
        for resource, body, group in (("configmaps", configmap(self.name), None), ("troupeclusters", cluster(self.name), "troupe.dev"),
                                      ("leases", lease(self.name), "coordination.k8s.io")):
            made = self.create(resource, body)
            status = self.api.delete(self.path(resource, self.name))
            self.assertEqual(status.status, 200, status)
            self.assertEqual((status.json["kind"], status.json["status"]), ("Status", "Success"))
            expected = {"name": self.name, "kind": resource, "uid": made["metadata"]["uid"]}
            if group:
                expected["group"] = group
            self.assertEqual(status.json["details"], expected)
            self.assertEqual(self.api.get(self.path(resource, self.name)).status, 404)
            self.assert_status(self.api.delete(self.path(resource, self.name)), 404, "NotFound")

    def test_preconditions_must_hold(self):
        made = self.create("configmaps", configmap(self.name))
        path = self.path("configmaps", self.name)
        other = "00000000-0000-0000-0000-000000000000"
        self.assert_status(self.api.delete(path, options(preconditions={"uid": other})), 409, "Conflict", other)
        self.assert_status(self.api.delete(path, options(preconditions={"resourceVersion": "1"})), 409, "Conflict")
        uid, version = made["metadata"]["uid"], version_of(made)
        self.assertEqual(self.api.delete(path, options(preconditions={"uid": uid, "resourceVersion": version})).status, 200)

    def test_bad_options_are_refused(self):
        self.create("configmaps", configmap(self.name))
        path = self.path("configmaps", self.name)
        for body in (options(propagationPolicy="Nonsense"), options(propagationPolicy="Orphan", orphanDependents=True), options(dryRun=["Some"])):
            self.assert_status(self.api.delete(path, body), 422, "Invalid")
        self.assertIn(self.api.delete(path, "nonsense").status, (400, 500))  # 500 in 1.20
        self.assertEqual(self.api.get(path).status, 200)

    def test_options_may_come_in_the_query(self):
        self.create("configmaps", configmap(self.name))
        self.assertEqual(self.api.delete(self.path("configmaps", self.name), query={"propagationPolicy": "Background", "gracePeriodSeconds": "0"}).status, 200)
        self.wait_gone("configmaps", self.name)


class Grace(ApiTest):
    def test_a_pod_that_no_node_has_goes_at_once(self):
        self.create("pods", pod(self.name))
        answer = self.api.delete(self.path("pods", self.name))
        self.assertEqual((answer.status, answer.json["kind"], answer.json["metadata"]["name"]), (200, "Pod", self.name))
        self.assertEqual(self.api.get(self.path("pods", self.name)).status, 404)

    def test_a_pod_on_a_node_stays_until_its_kubelet_lets_it_go(self):
        made = self.create("pods", pod(self.name, nowhere()))
        path = self.path("pods", self.name)
        answer = self.api.delete(path)
        self.assertEqual((answer.status, answer.json["metadata"]["deletionGracePeriodSeconds"]), (200, PERIOD))
        now = self.read("pods", self.name)
        self.assertTrue(now["metadata"]["deletionTimestamp"])
        self.assertNotEqual(version_of(now), version_of(made))
        again = self.api.delete(path)
        self.assertEqual((again.status, version_of(self.read("pods", self.name))), (200, version_of(now)))
        with self.api.watch(self.path("pods"), query={"resourceVersion": version_of(now), "fieldSelector": "metadata.name=" + self.name}) as watch:
            self.assertEqual(self.api.delete(path, options(gracePeriodSeconds=0)).status, 200)
            self.assertEqual(watch.until(lambda kind, _: kind == "DELETED")[-1]["object"]["metadata"]["uid"], made["metadata"]["uid"])
        self.assertEqual(self.api.get(path).status, 404)

    def test_grace_may_be_shortened_and_never_lengthened(self):
        self.create("pods", pod(self.name, nowhere()))
        path = self.path("pods", self.name)
        self.api.delete(path, options(gracePeriodSeconds=20))
        self.assertEqual(self.read("pods", self.name)["metadata"]["deletionGracePeriodSeconds"], 20)
        self.api.delete(path, options(gracePeriodSeconds=60))
        self.assertEqual(self.read("pods", self.name)["metadata"]["deletionGracePeriodSeconds"], 20)
        self.api.delete(path, options(gracePeriodSeconds=5))
        self.assertEqual(self.read("pods", self.name)["metadata"]["deletionGracePeriodSeconds"], 5)
        self.api.delete(path, query={"gracePeriodSeconds": "0"})
        self.assertEqual(self.api.get(path).status, 404)

    def test_the_grace_of_the_spec_counts(self):
        body = pod(self.name, nowhere())
        body["spec"]["terminationGracePeriodSeconds"] = 7
        self.create("pods", body)
        self.assertEqual(self.api.delete(self.path("pods", self.name)).json["metadata"]["deletionGracePeriodSeconds"], 7)
        self.api.delete(self.path("pods", self.name), options(gracePeriodSeconds=0))

    def test_a_finished_pod_has_no_grace(self):
        self.create("pods", pod(self.name, nowhere()))
        self.api.merge_patch(self.path("pods", self.name, "status"), {"status": {"phase": "Succeeded"}})
        self.assertEqual(self.api.delete(self.path("pods", self.name)).status, 200)
        self.assertEqual(self.api.get(self.path("pods", self.name)).status, 404)


class Finalizers(ApiTest):
    def test_they_hold_an_object_until_the_last_is_gone(self):
        for resource, body in (("configmaps", configmap(self.name, finalizers=["troupe.dev/a", "troupe.dev/b"])),
                               ("troupeclusters", cluster(self.name, {"finalizers": ["troupe.dev/a", "troupe.dev/b"]}))):
            self.create(resource, body)
            path = self.path(resource, self.name)
            answer = self.api.delete(path)
            self.assertEqual((answer.status, answer.json["kind"]), (200, body["kind"]), answer)
            self.assertTrue(answer.json["metadata"]["deletionTimestamp"])
            self.assertEqual(answer.json["metadata"]["deletionGracePeriodSeconds"], 0)
            self.assertEqual(version_of(self.api.delete(path).json), version_of(answer.json))
            self.assertEqual(self.api.merge_patch(path, {"metadata": {"finalizers": ["troupe.dev/a"]}}).status, 200)
            version = version_of(self.read(resource, self.name))
            with self.api.watch(self.path(resource), query={"resourceVersion": version, "fieldSelector": "metadata.name=" + self.name}) as watch:
                last = self.api.merge_patch(path, {"metadata": {"finalizers": None}})
                self.assertEqual(last.status, 200, last)
                self.assertEqual(watch.next()["type"], "DELETED")
            self.assertEqual(self.api.get(path).status, 404)

    def test_none_may_be_added_once_deletion_has_begun(self):
        self.create("troupeclusters", cluster(self.name, {"finalizers": ["troupe.dev/a"]}))
        path = self.path("troupeclusters", self.name)
        self.api.delete(path)
        answer = self.api.merge_patch(path, {"metadata": {"finalizers": ["troupe.dev/a", "troupe.dev/b"]}})
        self.assert_status(answer, 422, "Invalid", "no new finalizers can be added if the object is being deleted",
                           causes=[("FieldValueForbidden", "metadata.finalizers")])
        self.api.merge_patch(path, {"metadata": {"finalizers": None}})
        self.wait_gone("troupeclusters", self.name)

    def test_an_update_lets_go_too(self):
        self.create("configmaps", configmap(self.name, finalizers=["troupe.dev/a"]))
        path = self.path("configmaps", self.name)
        now = self.api.delete(path).json
        now["metadata"]["finalizers"] = []
        self.assertEqual(self.api.put(path, now).status, 200)
        self.assertEqual(self.api.get(path).status, 404)

    def test_a_bad_finalizer_is_invalid(self):
        self.assert_status(self.api.post(self.path("configmaps"), configmap(self.name, finalizers=["bare"])), 422, "Invalid")

    def test_a_name_that_is_being_deleted_is_still_taken(self):
        self.create("configmaps", configmap(self.name, finalizers=["troupe.dev/a"]))
        self.api.delete(self.path("configmaps", self.name))
        self.assertEqual(self.api.post(self.path("configmaps"), configmap(self.name)).status, 409)
        self.api.merge_patch(self.path("configmaps", self.name), {"metadata": {"finalizers": None}})
        self.create("configmaps", configmap(self.name))


class GarbageCollection(ApiTest):
    def owner_of(self, owner, **fields):
        metadata = owner["metadata"]
        return [{"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": metadata["name"], "uid": metadata["uid"], **fields}]

    def family(self, **fields):
        owner = self.create("configmaps", configmap(self.name))
        child = self.create("configmaps", configmap(self.name + "-child", ownerReferences=self.owner_of(owner, **fields)))
        return owner, child

    def test_background_takes_the_owner_first_and_dependents_after(self):
        self.family()
        self.assertEqual(self.api.delete(self.path("configmaps", self.name), options(propagationPolicy="Background")).status, 200)
        self.assertEqual(self.api.get(self.path("configmaps", self.name)).status, 404)
        self.wait_gone("configmaps", self.name + "-child", 60)

    def test_it_reaches_grandchildren(self):
        _, child = self.family()
        self.create("secrets", document("secrets", self.name, metadata={"ownerReferences": self.owner_of(child)}))
        self.api.delete(self.path("configmaps", self.name), options(propagationPolicy="Background"))
        self.wait_gone("secrets", self.name, 60)

    def test_foreground_takes_blocking_dependents_first(self):
        _, child = self.family(blockOwnerDeletion=True)
        begin = version_of(child)
        answer = self.api.delete(self.path("configmaps", self.name), options(propagationPolicy="Foreground"))
        self.assertEqual((answer.status, answer.json["kind"]), (200, "ConfigMap"), answer)
        self.assertEqual(answer.json["metadata"]["finalizers"], ["foregroundDeletion"])
        self.assertTrue(answer.json["metadata"]["deletionTimestamp"])
        self.wait_gone("configmaps", self.name, 60)
        self.wait_gone("configmaps", self.name + "-child", 1)
        with self.api.watch(self.path("configmaps"), query={"resourceVersion": begin}) as watch:
            events = watch.until(lambda kind, obj: kind == "DELETED" and obj["metadata"]["name"] == self.name)
        gone = [e["object"]["metadata"]["name"] for e in events if e["type"] == "DELETED"]
        self.assertEqual([name for name in gone if name.startswith(self.name)], [self.name + "-child", self.name])

    def test_foreground_waits_for_a_dependents_finalizer(self):
        owner = self.create("configmaps", configmap(self.name))
        self.create("configmaps", configmap(self.name + "-child", finalizers=["troupe.dev/a"],
                                            ownerReferences=self.owner_of(owner, blockOwnerDeletion=True)))
        self.api.delete(self.path("configmaps", self.name), options(propagationPolicy="Foreground"))
        self.eventually(lambda: "deletionTimestamp" in self.read("configmaps", self.name + "-child")["metadata"], "the dependent is being deleted", 60)
        self.assertEqual(self.read("configmaps", self.name)["metadata"]["finalizers"], ["foregroundDeletion"])
        self.api.merge_patch(self.path("configmaps", self.name + "-child"), {"metadata": {"finalizers": None}})
        self.wait_gone("configmaps", self.name, 60)

    def test_orphan_leaves_dependents_without_their_reference(self):
        self.family()
        self.api.delete(self.path("configmaps", self.name), options(propagationPolicy="Orphan"))
        self.wait_gone("configmaps", self.name, 60)
        self.eventually(lambda: "ownerReferences" not in self.read("configmaps", self.name + "-child")["metadata"], "the reference is gone")
        self.assertNotIn("deletionTimestamp", self.read("configmaps", self.name + "-child")["metadata"])

    def test_a_dependent_lives_while_one_owner_does(self):
        first, second = self.create("configmaps", configmap(self.name)), self.create("configmaps", configmap(self.name + "-second"))
        self.create("configmaps", configmap(self.name + "-child", ownerReferences=self.owner_of(first) + self.owner_of(second)))
        self.api.delete(self.path("configmaps", self.name), options(propagationPolicy="Background"))
        names = lambda: [o["name"] for o in self.read("configmaps", self.name + "-child")["metadata"]["ownerReferences"]]
        self.eventually(lambda: names() == [self.name + "-second"], "only the second owner is left", 60)
        self.api.delete(self.path("configmaps", self.name + "-second"), options(propagationPolicy="Background"))
        self.wait_gone("configmaps", self.name + "-child", 60)

    def test_an_owner_of_the_same_name_and_another_uid_is_absent(self):
        self.create("configmaps", configmap(self.name))
        stranger = [{"apiVersion": "v1", "kind": "ConfigMap", "name": self.name, "uid": "00000000-0000-0000-0000-000000000000"}]
        self.create("configmaps", configmap(self.name + "-child", ownerReferences=stranger))
        self.wait_gone("configmaps", self.name + "-child", 60)
        self.assertEqual(self.api.get(self.path("configmaps", self.name)).status, 200)

    def test_custom_resources_own_pods(self):
        owner = self.create("troupeclusters", cluster(self.name))
        self.create("pods", pod(self.name, ownerReferences=self.owner_of(owner, controller=True, blockOwnerDeletion=True)))
        self.create("secrets", document("secrets", self.name, metadata={"ownerReferences": self.owner_of(owner, controller=True)}))
        self.api.delete(self.path("troupeclusters", self.name), options(propagationPolicy="Background"))
        # The real collector discovers new kinds every 30 s.
        self.wait_gone("pods", self.name, 120)
        self.wait_gone("secrets", self.name, 120)


class Collections(ApiTest):
    def test_a_selection_is_deleted_and_the_rest_stays(self):
        for suffix, label in (("a", "go"), ("b", "go"), ("c", "stay")):
            self.create("configmaps", configmap(f"{self.name}-{suffix}", labels={"own": self.name, "fate": label}))
        answer = self.api.delete(self.path("configmaps"), query={"labelSelector": f"own={self.name},fate=go"})
        self.assertEqual((answer.status, answer.json["kind"]), (200, "ConfigMapList"), answer)
        left = self.api.get(self.path("configmaps"), query={"labelSelector": "own=" + self.name}).json["items"]
        self.assertEqual([item["metadata"]["name"] for item in left], [self.name + "-c"])

    def test_custom_resources_too(self):
        for suffix in "ab":
            self.create("troupeclusters", cluster(f"{self.name}-{suffix}", {"labels": {"own": self.name}}))
        self.assertEqual(self.api.delete(self.path("troupeclusters"), query={"labelSelector": "own=" + self.name}).status, 200)
        self.assertEqual(self.api.get(self.path("troupeclusters"), query={"labelSelector": "own=" + self.name}).json["items"], [])

    def test_an_empty_selection_is_no_failure(self):
        self.assertEqual(self.api.delete(self.path("configmaps"), query={"labelSelector": "none=here"}).status, 200)


class Namespaces(ApiTest):
    def test_default_and_kube_system_are_there(self):
        for name in ("default", "kube-system"):
            self.assertEqual(self.read("namespaces", name)["status"]["phase"], "Active")

    def test_a_namespace_takes_its_content_with_it(self):
        self.api.post("/api/v1/namespaces", document("namespaces", self.name))
        for resource, body in (("configmaps", configmap("a")), ("pods", pod("a")), ("troupeclusters", cluster("a")),
                               ("configmaps", configmap("held", finalizers=["troupe.dev/a"]))):
            self.assertEqual(self.api.post(self.path(resource, namespace=self.name), body).status, 201)
        answer = self.api.delete(self.path("namespaces", self.name))
        self.assertEqual((answer.status, answer.json["kind"], answer.json["status"]["phase"]), (200, "Namespace", "Terminating"), answer)
        refused = self.api.post(self.path("configmaps", namespace=self.name), configmap("late"))
        self.assert_status(refused, 403, "Forbidden", "because it is being terminated")
        self.assertEqual(refused.json["details"]["causes"][0]["reason"], "NamespaceTerminating")
        held = self.path("configmaps", "held", namespace=self.name)
        self.eventually(lambda: "deletionTimestamp" in self.api.get(held).json["metadata"], "the held object is being deleted", 60)
        self.assertEqual(self.read("namespaces", self.name)["status"]["phase"], "Terminating")
        self.api.merge_patch(held, {"metadata": {"finalizers": None}})
        self.wait_gone("namespaces", self.name, 90)
        for resource in ("configmaps", "pods", "troupeclusters"):
            self.assertEqual(self.api.get(self.path(resource, namespace=self.name)).json["items"], [], resource)

    def test_a_new_namespace_is_active(self):
        made = self.create("namespaces", document("namespaces", self.name))
        self.assertEqual((made["status"]["phase"], made["spec"]["finalizers"]), ("Active", ["kubernetes"]))
        self.api.delete(self.path("namespaces", self.name))

    def test_each_namespace_has_a_default_service_account(self):
        self.eventually(lambda: self.api.get(self.path("serviceaccounts", "default")).status == 200, "serviceaccounts/default exists")
