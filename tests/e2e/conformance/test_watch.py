"""Watches: order, beginnings, ends, bookmarks and selectors."""

import concurrent.futures
import time

from suite import ApiTest, cluster, configmap, document, lease, nowhere, pod, unique, version_of

LOCAL_HISTORY = 10_000  # changes of a kind that the local server remembers
WRITERS = 4


class WatchTest(ApiTest):
    def version(self, resource="configmaps"):
        return self.api.get(self.path(resource)).json["metadata"]["resourceVersion"]

    def watch(self, resource="configmaps", **query):
        opened = self.api.watch(self.path(resource), query=query)
        self.addCleanup(opened.close)
        self.assertEqual(opened.status, 200, opened.refusal)
        return opened

    def summary(self, events):
        return [(e["type"], e["object"]["metadata"]["name"]) for e in events]


class Beginnings(WatchTest):
    def test_from_a_version_only_later_events_come(self):
        self.create("configmaps", configmap(self.name + "-before"))
        watch = self.watch(resourceVersion=self.version())
        self.create("configmaps", configmap(self.name + "-after"))
        self.assertEqual(self.summary([watch.next()]), [("ADDED", self.name + "-after")])

    def test_from_an_objects_version_the_object_itself_does_not_come(self):
        made = self.create("configmaps", configmap(self.name))
        watch = self.watch(resourceVersion=version_of(made))
        self.api.merge_patch(self.path("configmaps", self.name), {"data": {"a": "b"}})
        self.assertEqual(self.summary([watch.next()]), [("MODIFIED", self.name)])

    def test_without_a_version_and_from_zero_what_exists_comes_first(self):
        names = {f"{self.name}-{index}" for index in range(3)}
        for name in names:
            self.create("configmaps", configmap(name, labels={"begin": self.name}))
        for query in ({}, {"resourceVersion": "0"}):
            watch = self.watch(labelSelector="begin=" + self.name, **query)
            first = [watch.next() for _ in range(3)]
            self.assertEqual({(e["type"], e["object"]["metadata"]["name"]) for e in first}, {("ADDED", name) for name in names})
            late = unique("late")
            self.create("configmaps", configmap(late, labels={"begin": self.name}))
            self.assertEqual(self.summary([watch.next()]), [("ADDED", late)])
            names.add(late)
            self.api.delete(self.path("configmaps", late))
            names.discard(late)

    def test_objects_in_events_carry_kind_and_version(self):
        for resource, body in (("configmaps", configmap(self.name)), ("troupeclusters", cluster(self.name))):
            watch = self.watch(resource, resourceVersion=self.version(resource))
            made = self.create(resource, body)
            self.assertEqual(watch.next(), {"type": "ADDED", "object": made})

    def expired_version(self):
        """A kind, and a version of it that the server no longer remembers."""
        if self.server.real:
            # Its memory of built-in kinds may reach back to the first write of all; that of a custom kind begins with its
            # definition.
            return "troupeclusters", "1"
        begin = version_of(self.create("leases", lease(self.name)))
        path = self.path("leases", self.name)

        def write(writer):
            for turn in range(LOCAL_HISTORY // WRITERS + 1):
                answer = self.api.merge_patch(path, {"metadata": {"annotations": {f"writer-{writer}": str(turn)}}})
                assert answer.status == 200, answer

        with concurrent.futures.ThreadPoolExecutor(WRITERS) as writers:
            list(writers.map(write, range(WRITERS)))
        return "leases", begin

    def test_an_old_version_is_expired_inside_the_stream(self):
        kind, version = self.expired_version()
        watch = self.api.watch(self.path(kind), query={"resourceVersion": version})
        self.addCleanup(watch.close)
        self.assertEqual(watch.status, 200, watch.refusal)
        event = watch.next()
        self.assertEqual(event["type"], "ERROR")
        status = event["object"]
        self.assertEqual((status["kind"], status["status"], status["code"], status["reason"]), ("Status", "Failure", 410, "Expired"))
        self.assertEqual(watch.rest(), [])

    def test_initial_events_are_sent_and_marked_or_the_request_is_invalid(self):
        self.needs_version(27, "sendInitialEvents")
        self.create("configmaps", configmap(self.name))
        query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
        watch = self.api.watch(self.path("configmaps"), query=query)
        self.addCleanup(watch.close)
        if watch.status == 422:
            self.assert_status(watch.refusal, 422, "Invalid", "sendInitialEvents")
            return
        seen = watch.until(lambda kind, _: kind == "BOOKMARK")
        self.assertIn(("ADDED", self.name), self.summary(seen[:-1]))
        self.assertEqual(seen[-1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true")


class Streams(WatchTest):
    def test_changes_of_one_object_come_in_order(self):
        watch = self.watch(resourceVersion=self.version(), fieldSelector="metadata.name=" + self.name)
        self.create("configmaps", configmap(self.name))
        for index in range(30):
            self.api.merge_patch(self.path("configmaps", self.name), {"data": {"turn": str(index)}})
        self.api.delete(self.path("configmaps", self.name))
        events = watch.until(lambda kind, _: kind == "DELETED")
        self.assertEqual([e["type"] for e in events], ["ADDED"] + ["MODIFIED"] * 30 + ["DELETED"])
        self.assertEqual([e["object"]["data"]["turn"] for e in events[1:-1]], [str(i) for i in range(30)])
        versions = [int(version_of(e["object"])) for e in events]
        self.assertEqual(versions, sorted(set(versions)))

    def test_a_deletion_has_a_version_of_its_own(self):
        made = self.create("configmaps", configmap(self.name, {"a": "b"}))
        watch = self.watch(resourceVersion=version_of(made))
        self.api.delete(self.path("configmaps", self.name))
        event = watch.next()
        self.assertEqual((event["type"], event["object"]["data"]), ("DELETED", {"a": "b"}))
        self.assertGreater(int(version_of(event["object"])), int(version_of(made)))

    def test_all_namespaces_are_watched_at_once(self):
        watch = self.api.watch("/api/v1/configmaps", query={"resourceVersion": self.version(), "labelSelector": "all=" + self.name})
        self.addCleanup(watch.close)
        self.create("configmaps", configmap(self.name, labels={"all": self.name}))
        self.assertEqual(self.api.post(self.path("configmaps", namespace="default"), configmap(self.name, labels={"all": self.name})).status, 201)
        self.addCleanup(self.api.delete, self.path("configmaps", self.name, namespace="default"))
        self.assertEqual([watch.next()["object"]["metadata"]["namespace"] for _ in range(2)], [self.namespace, "default"])

    def test_namespaces_are_watched(self):
        watch = self.api.watch("/api/v1/namespaces", query={"resourceVersion": self.version("namespaces"), "fieldSelector": "metadata.name=" + self.name})
        self.addCleanup(watch.close)
        self.api.post("/api/v1/namespaces", document("namespaces", self.name))
        self.addCleanup(self.api.delete, self.path("namespaces", self.name))
        self.assertEqual(self.summary([watch.next()]), [("ADDED", self.name)])

    def test_a_status_write_is_a_change(self):
        made = self.create("troupeclusters", cluster(self.name))
        watch = self.watch("troupeclusters", resourceVersion=version_of(made))
        self.api.merge_patch(self.path("troupeclusters", self.name, "status"), {"status": {"replicas": 1}})
        event = watch.next()
        self.assertEqual((event["type"], event["object"]["status"]["replicas"]), ("MODIFIED", 1))

    def test_a_name_selector_watches_one_object(self):
        watch = self.watch(resourceVersion=self.version(), fieldSelector="metadata.name=" + self.name)
        self.create("configmaps", configmap(self.name + "-other"))
        self.create("configmaps", configmap(self.name))
        self.assertEqual(self.summary([watch.next()]), [("ADDED", self.name)])


class Ends(WatchTest):
    def test_timeout_seconds_ends_the_stream_in_order(self):
        started = time.monotonic()
        watch = self.watch(resourceVersion=self.version(), timeoutSeconds="2", fieldSelector="metadata.name=absent")
        self.assertEqual(watch.rest(timeout=30), [])
        self.assertGreater(time.monotonic() - started, 1.5)
        self.assertLess(time.monotonic() - started, 20)

    def test_bookmarks_come_to_those_who_ask(self):
        made = self.create("configmaps", configmap(self.name))
        query = {"resourceVersion": version_of(made), "timeoutSeconds": "8", "fieldSelector": "metadata.name=absent"}
        without, watch = self.watch(**query), self.watch(allowWatchBookmarks="true", **query)
        later = self.create("configmaps", configmap(self.name + "-later"))
        bookmarks = watch.rest(timeout=60)
        self.assertTrue(bookmarks)
        for event in bookmarks:
            self.assertEqual((event["type"], event["object"]["kind"], event["object"]["apiVersion"]), ("BOOKMARK", "ConfigMap", "v1"))
        self.assertGreaterEqual(int(version_of(bookmarks[-1]["object"])), int(version_of(later)))
        self.assertEqual(without.rest(timeout=60), [])

    def test_a_slow_watcher_holds_nobody_back_and_misses_nothing_unnoticed(self):
        begin = self.version()
        slow = self.api.watch(self.path("configmaps"), query={"resourceVersion": begin, "labelSelector": "slow=" + self.name}, paused=True)
        self.addCleanup(slow.close)
        quick = self.watch(resourceVersion=begin, labelSelector="slow=" + self.name)
        count, made, started = 160, [], time.monotonic()
        for index in range(count):
            made.append(version_of(self.create("configmaps", configmap(f"{self.name}-{index}", {"filler": "x" * 100_000}, labels={"slow": self.name}))))
        self.assertEqual([version_of(quick.next(timeout=60)["object"]) for _ in range(count)], made)
        self.assertLess(time.monotonic() - started, 60)
        slow.resume()
        seen = []
        while len(seen) < count:
            try:
                seen.append(slow.next(timeout=60)["object"]["metadata"]["resourceVersion"])
            except Exception as ended:
                # Cut off is allowed: what came must then be a beginning without a gap.
                self.assertNotIsInstance(ended, AssertionError)
                break
        self.assertEqual(seen, made[:len(seen)])


class Selectors(WatchTest):
    def test_entering_a_selection_is_added_and_leaving_deleted(self):
        made = self.create("configmaps", configmap(self.name, labels={"in": "no"}))
        path = self.path("configmaps", self.name)
        watch = self.watch(resourceVersion=version_of(made), labelSelector="in=yes")
        self.api.merge_patch(path, {"metadata": {"labels": {"in": "yes"}}})
        self.api.merge_patch(path, {"data": {"a": "b"}})
        left = self.api.merge_patch(path, {"metadata": {"labels": {"in": "no"}}}).json
        self.api.merge_patch(path, {"data": {"a": "c"}})
        self.api.merge_patch(path, {"metadata": {"labels": {"in": "yes"}}})
        events = [watch.next() for _ in range(4)]
        self.assertEqual([e["type"] for e in events], ["ADDED", "MODIFIED", "DELETED", "ADDED"])
        # The object as it last matched, at the version of the write that took it out.
        self.assertEqual((events[2]["object"]["metadata"]["labels"], version_of(events[2]["object"])), ({"in": "yes"}, version_of(left)))

    def test_a_field_selection_is_entered_and_left_too(self):
        made = self.create("pods", pod(self.name))
        watch = self.watch("pods", resourceVersion=version_of(made), fieldSelector="status.phase=Running")
        for phase in ("Running", "Failed"):
            self.assertEqual(self.api.merge_patch(self.path("pods", self.name, "status"), {"status": {"phase": phase}}).status, 200)
        self.assertEqual([watch.next()["type"] for _ in range(2)], ["ADDED", "DELETED"])

    def names(self, resource="configmaps", **query):
        listed = self.api.get(self.path(resource), query=query)
        self.assertEqual(listed.status, 200, listed)
        return [item["metadata"]["name"].rsplit("-", 1)[1] for item in listed.json["items"]]

    def test_label_selectors_select(self):
        for suffix, labels in (("a", {"tier": "front", "own": self.name}), ("b", {"tier": "back", "own": self.name}), ("c", {"own": self.name})):
            self.create("configmaps", configmap(f"{self.name}-{suffix}", labels=labels))
        own = f"own={self.name},"
        for selector, expected in (("tier=front", "a"), ("tier==front", "a"), ("tier!=front", "bc"), ("tier in (front,back)", "ab"),
                                   ("tier notin (front)", "bc"), ("tier", "ab"), ("!tier", "c"), ("tier=front,tier=back", "")):
            self.assertEqual("".join(self.names(labelSelector=own + selector)), expected, selector)

    def test_field_selectors_select(self):
        elsewhere = nowhere()
        for suffix, node in (("a", None), ("b", elsewhere)):
            self.create("pods", pod(f"{self.name}-{suffix}", node, labels={"own": self.name}))
        own = "own=" + self.name
        for selector, expected in ((f"metadata.name={self.name}-a", "a"), (f"metadata.name!={self.name}-a", "b"), ("spec.nodeName=" + elsewhere, "b"),
                                   ("spec.nodeName=", "a"), ("status.phase=Pending", "ab"), ("status.phase!=Pending", ""),
                                   (f"metadata.namespace={self.namespace},spec.nodeName={elsewhere}", "b")):
            self.assertEqual("".join(self.names("pods", labelSelector=own, fieldSelector=selector)), expected, selector)

    def test_custom_resources_are_selected_by_name(self):
        for suffix in "ab":
            self.create("troupeclusters", cluster(f"{self.name}-{suffix}"))
        self.assertEqual(self.names("troupeclusters", fieldSelector=f"metadata.name={self.name}-b"), ["b"])
        self.assert_status(self.api.get(self.path("troupeclusters"), query={"fieldSelector": "spec.image=x"}), 400, "BadRequest")

    def test_events_are_selected_by_what_they_are_about(self):
        for suffix in "ab":
            about = {"apiVersion": "troupe.dev/v1alpha1", "kind": "TroupeCluster", "name": f"{self.name}-{suffix}", "namespace": self.namespace, "uid": suffix}
            self.create("events", document("events", f"e{self.name}-{suffix}", involvedObject=about, reason="Tested", message="", type="Normal"))
        selector = (f"involvedObject.name={self.name}-a,involvedObject.namespace={self.namespace},"
                    "involvedObject.kind=TroupeCluster,involvedObject.uid=a")
        self.assertEqual(self.names("events", fieldSelector=selector), ["a"])
        self.assertEqual(self.names("events", fieldSelector="reason=Tested,type=Normal,involvedObject.uid=b"), ["b"])
