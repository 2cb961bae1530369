"""Tables and PartialObjectMetadata: the same objects as kubectl and metadata informers ask for them."""

from suite import ApiTest, cluster, configmap, document, lease, pod, unique

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


class Tables(ApiTest):
    def table(self, path, **options):
        answer = self.api.get(path, accept=TABLE, **options)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((answer.json["kind"], answer.json["apiVersion"]), ("Table", "meta.k8s.io/v1"))
        return answer.json

    def columns(self, table, wide=True):
        return [c["name"] for c in table["columnDefinitions"] if wide or c["priority"] == 0]

    def test_pods_have_the_columns_that_kubectl_prints(self):
        self.create("pods", pod(self.name))
        table = self.table(self.path("pods"))
        self.assertEqual(self.columns(table, wide=False), ["Name", "Ready", "Status", "Restarts", "Age"])
        self.assertLessEqual({"IP", "Node"}, set(self.columns(table)))
        row = [r for r in table["rows"] if r["cells"][0] == self.name][0]
        self.assertEqual(row["cells"][1:3], ["0/1", "Pending"])
        self.assertEqual(len(row["cells"]), len(table["columnDefinitions"]))
        self.assertTrue(table["metadata"]["resourceVersion"])

    def test_one_object_is_a_table_of_one_row(self):
        self.create("configmaps", configmap(self.name, {"a": "1", "b": "2"}))
        table = self.table(self.path("configmaps", self.name))
        self.assertEqual(self.columns(table), ["Name", "Data", "Age"])
        self.assertEqual(table["rows"][0]["cells"][:2], [self.name, 2])

    def test_rows_carry_what_was_asked_for(self):
        self.create("configmaps", configmap(self.name, {"a": "1"}))
        path = self.path("configmaps", self.name)
        metadata = self.table(path)["rows"][0]["object"]
        self.assertEqual((metadata["kind"], metadata["metadata"]["name"]), ("PartialObjectMetadata", self.name))
        self.assertNotIn("data", metadata)
        full = self.table(path, query={"includeObject": "Object"})["rows"][0]["object"]
        self.assertEqual((full["kind"], full["data"]), ("ConfigMap", {"a": "1"}))
        self.assertIsNone(self.table(path, query={"includeObject": "None"})["rows"][0].get("object"))

    def test_custom_resources_have_the_printer_columns_of_their_crd(self):
        self.create("troupeclusters", cluster(self.name, replicas=2))
        table = self.table(self.path("troupeclusters", self.name))
        self.assertEqual(self.columns(table, wide=False), ["Name", "Replicas", "Ready", "Joined", "Status", "Age"])
        self.assertEqual(self.columns(table)[6:], ["Image", "Visibility", "TLS", "Current", "Update"])
        cells = dict(zip(self.columns(table), table["rows"][0]["cells"]))
        self.assertEqual((cells["Name"], cells["Replicas"], cells["TLS"]), (self.name, 2, "Disabled"))
        self.assertIsNone(cells["Ready"])

    def test_a_filtered_column_finds_its_condition(self):
        self.create("troupeclusters", cluster(self.name))
        condition = {"type": "Ready", "status": "True", "reason": "AllJoined", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        patched = self.api.merge_patch(self.path("troupeclusters", self.name, "status"),
                                       {"status": {"readyReplicas": 1, "conditions": [condition]}})
        self.assertEqual(patched.status, 200, patched)
        table = self.table(self.path("troupeclusters", self.name))
        cells = dict(zip(self.columns(table), table["rows"][0]["cells"]))
        self.assertEqual((cells["Ready"], cells["Status"]), (1, "AllJoined"))

    def test_other_kinds_have_their_columns(self):
        self.create("secrets", document("secrets", self.name, stringData={"a": "b"}))
        self.create("leases", lease(self.name, "me"))
        self.assertEqual(self.columns(self.table(self.path("secrets"))), ["Name", "Type", "Data", "Age"])
        self.assertEqual(self.columns(self.table(self.path("leases"))), ["Name", "Holder", "Age"])
        self.assertEqual(self.table(self.path("leases", self.name))["rows"][0]["cells"][1], "me")
        namespace = self.table(self.path("namespaces", self.namespace))
        self.assertEqual(self.columns(namespace), ["Name", "Status", "Age"])
        self.assertEqual(namespace["rows"][0]["cells"][:2], [self.namespace, "Active"])
        self.assertEqual(self.columns(self.table(self.path("events")), wide=False), ["Last Seen", "Type", "Reason", "Object", "Message"])

    def test_an_empty_list_is_a_table_without_rows(self):
        table = self.table(self.path("configmaps"), query={"labelSelector": "none=here"})
        self.assertFalse(table.get("rows"))
        self.assertTrue(table["columnDefinitions"])

    def test_a_watch_sends_tables_with_columns_in_the_first(self):
        listed = self.api.get(self.path("configmaps")).json["metadata"]["resourceVersion"]
        with self.api.watch(self.path("configmaps"), query={"resourceVersion": listed}, accept=TABLE) as watch:
            self.create("configmaps", configmap(self.name))
            first = watch.next()
            self.assertEqual((first["type"], first["object"]["kind"]), ("ADDED", "Table"))
            self.assertTrue(first["object"]["columnDefinitions"])
            self.assertEqual(first["object"]["rows"][0]["cells"][0], self.name)
            self.api.merge_patch(self.path("configmaps", self.name), {"data": {"a": "b"}})
            self.assertEqual(watch.next()["object"]["rows"][0]["cells"][1], 1)


class PartialMetadata(ApiTest):
    def test_one_object_shrinks_to_its_metadata(self):
        made = self.create("configmaps", configmap(self.name, {"a": "1"}, labels={"x": "y"}))
        answer = self.api.get(self.path("configmaps", self.name), accept=METADATA)
        self.assertEqual((answer.json["kind"], answer.json["apiVersion"]), ("PartialObjectMetadata", "meta.k8s.io/v1"))
        self.assertEqual(answer.json["metadata"]["uid"], made["metadata"]["uid"])
        self.assertNotIn("data", answer.json)

    def test_lists_shrink_too(self):
        label = unique("l")
        self.create("troupeclusters", cluster(self.name, {"labels": {"l": label}}))
        answer = self.api.get(self.path("troupeclusters"), accept=METADATA_LIST, query={"labelSelector": "l=" + label})
        self.assertEqual(answer.json["kind"], "PartialObjectMetadataList")
        self.assertEqual([i["metadata"]["name"] for i in answer.json["items"]], [self.name])
        self.assertNotIn("spec", answer.json["items"][0])

    def test_a_format_that_nobody_speaks_is_not_acceptable(self):
        self.assert_status(self.api.get(self.path("configmaps"), accept="text/csv"), 406, "NotAcceptable")

    def test_the_first_acceptable_format_wins(self):
        answer = self.api.get(self.path("configmaps"), accept="application/json;as=Table;v=v9;g=meta.k8s.io," + TABLE + ",application/json")
        self.assertEqual(answer.json["kind"], "Table")
