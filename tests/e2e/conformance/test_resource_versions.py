"""resourceVersions: what a list or a watch that names one may see, paging, and no gap between list and watch."""

import random
import threading

from suite import ApiTest, cluster, configmap, version_of


class Lists(ApiTest):
    def listed(self, **query):
        return self.api.get(self.path("configmaps"), query=query)

    def names(self, answer):
        self.assertEqual(answer.status, 200, answer)
        return {item["metadata"]["name"] for item in answer.json["items"]}

    def test_versions_grow_over_all_kinds(self):
        versions = []
        for index in range(3):
            versions.append(version_of(self.create("configmaps", configmap(f"{self.name}-{index}"))))
            versions.append(version_of(self.create("troupeclusters", cluster(f"{self.name}-{index}"))))
        versions.append(self.listed().json["metadata"]["resourceVersion"])
        numbers = [int(v) for v in versions]
        self.assertEqual(numbers, sorted(numbers))
        self.assertEqual(len(set(numbers[:-1])), 6)

    def test_a_list_sees_every_write_that_was_answered(self):
        for index in range(20):
            name = f"{self.name}-{index}"
            self.create("configmaps", configmap(name))
            self.assertIn(name, self.names(self.listed()))

    def test_any_cached_version_and_not_older_than(self):
        made = self.create("configmaps", configmap(self.name))
        self.assertEqual(self.listed(resourceVersion="0").status, 200)
        self.assertIn(self.name, self.names(self.listed(resourceVersion=version_of(made))))
        self.assertIn(self.name, self.names(self.listed(resourceVersion=version_of(made), resourceVersionMatch="NotOlderThan")))
        self.assertEqual(self.api.get(self.path("configmaps", self.name), query={"resourceVersion": version_of(made)}).json, made)
        self.assertEqual(self.api.get(self.path("configmaps", self.name), query={"resourceVersion": "0"}).status, 200)

    def test_an_exact_version_is_a_snapshot_or_expired(self):
        made = self.create("configmaps", configmap(self.name))
        self.create("configmaps", configmap(self.name + "-later"))
        answer = self.listed(resourceVersion=version_of(made), resourceVersionMatch="Exact", limit="500")
        if self.server.local and answer.status == 410:
            self.assert_status(answer, 410, "Expired")
        else:
            self.assertIn(self.name, self.names(answer))
            self.assertNotIn(self.name + "-later", self.names(answer))
            self.assertEqual(answer.json["metadata"]["resourceVersion"], version_of(made))

    def test_a_compacted_exact_version_is_expired(self):
        if not self.server.compact:
            self.skipTest("no --compact-command")
        made = self.create("configmaps", configmap(self.name))
        self.create("configmaps", configmap(self.name + "-later"))
        self.server.compact()
        answer = self.listed(resourceVersion=version_of(made), resourceVersionMatch="Exact", limit="500")
        self.assert_status(answer, 410, "Expired")

    def test_a_version_of_the_future_is_too_large(self):
        future = str(int(self.listed().json["metadata"]["resourceVersion"]) + 1_000_000)
        answer = self.listed(resourceVersion=future)
        self.assert_status(answer, 504, "Timeout", "Too large resource version")
        self.assertEqual([c["reason"] for c in answer.json["details"]["causes"]], ["ResourceVersionTooLarge"])

    def test_bad_versions_and_matches_are_refused(self):
        self.assertIn(self.listed(resourceVersion="new").status, (400, 500))
        for query in ({"resourceVersionMatch": "Exact"}, {"resourceVersion": "1", "resourceVersionMatch": "Nonsense"},
                      {"resourceVersion": "0", "resourceVersionMatch": "Exact"}):
            self.assertIn(self.listed(**query).status, (400, 422), query)


class Pages(ApiTest):
    COUNT = 10

    def setUp(self):
        super().setUp()
        self.expected = sorted(f"{self.name}-{index}" for index in range(self.COUNT))
        for name in self.expected:
            self.create("configmaps", configmap(name, labels={"page": self.name}))
        self.query = {"limit": "3", "labelSelector": "page=" + self.name}

    def page(self, token=None, **query):
        query = dict(self.query, **query)
        if token:
            query["continue"] = token
        return self.api.get(self.path("configmaps"), query=query)

    def test_pages_join_to_the_whole_list_at_one_version(self):
        names, versions, token = [], set(), None
        while True:
            answer = self.page(token)
            self.assertEqual(answer.status, 200, answer)
            self.assertLessEqual(len(answer.json["items"]), 3)
            names += [item["metadata"]["name"] for item in answer.json["items"]]
            versions.add(answer.json["metadata"]["resourceVersion"])
            token = answer.json["metadata"].get("continue")
            if not token:
                break
        self.assertEqual(names, self.expected)
        self.assertEqual(len(versions), 1)

    def test_pages_are_of_one_moment_or_expire(self):
        first = self.page().json
        late = f"{self.name}-x-late"
        self.create("configmaps", configmap(late, labels={"page": self.name}))
        self.api.delete(self.path("configmaps", self.expected[-1]))
        answer = self.page(first["metadata"]["continue"], limit="100")
        if self.server.local and answer.status == 410:
            self.assert_status(answer, 410, "Expired")
            return
        self.assertEqual([item["metadata"]["name"] for item in answer.json["items"]], self.expected[3:])

    def test_an_expired_page_says_so(self):
        if not self.server.compact:
            self.skipTest("no --compact-command")
        token = self.page().json["metadata"]["continue"]
        self.create("configmaps", configmap(self.name + "-late"))
        self.server.compact()
        self.assert_status(self.page(token), 410, "Expired")

    def test_the_rest_is_counted_without_selectors(self):
        listed = self.api.get(self.path("configmaps"), query={"limit": "2"}).json
        whole = self.api.get(self.path("configmaps")).json
        self.assertEqual(listed["metadata"]["remainingItemCount"], len(whole["items"]) - 2)
        self.assertNotIn("remainingItemCount", whole["metadata"])

    def test_a_version_may_not_come_with_a_token(self):
        answer = self.page(self.page().json["metadata"]["continue"], resourceVersion="1")
        self.assert_status(answer, 400, "BadRequest", "specifying resource version is not allowed when using continue")

    def test_a_watch_from_the_pages_version_misses_nothing(self):
        first = self.page().json
        made = self.create("configmaps", configmap(self.name + "-new", labels={"page": self.name}))
        query = {"labelSelector": "page=" + self.name, "resourceVersion": first["metadata"]["resourceVersion"]}
        with self.api.watch(self.path("configmaps"), query=query) as watch:
            self.assertEqual(watch.next()["object"]["metadata"]["uid"], made["metadata"]["uid"])


class ListThenWatch(ApiTest):
    """Informers stand on this: a list and a watch from its version together see every change exactly once."""

    WRITERS, WRITES, WATCHERS = 4, 80, 4

    def write(self, writer, log, errors):
        try:
            chooser = random.Random(writer)
            alive = {}
            for turn in range(self.WRITES):
                name = f"{self.name}-{writer}-{chooser.randrange(6)}"
                if name not in alive:
                    answer = self.api.post(self.path(self.resource), self.make(name))
                elif chooser.random() < 0.3:
                    del alive[name]
                    answer = self.api.delete(self.path(self.resource, name))
                    assert answer.status == 200, answer
                    log.append(("DELETED", name, None))
                    continue
                else:
                    answer = self.api.merge_patch(self.path(self.resource, name), {"metadata": {"annotations": {"turn": str(turn)}}})
                assert answer.status in (200, 201), answer
                log.append(("ADDED" if answer.status == 201 else "MODIFIED", name, version_of(answer.json)))
                alive[name] = True
        except Exception as error:  # the main thread reports it
            errors.append(error)

    def run_race(self):
        logs, errors = [[] for _ in range(self.WRITERS)], []
        writers = [threading.Thread(target=self.write, args=(index, logs[index], errors)) for index in range(self.WRITERS)]
        for thread in writers:
            thread.start()
        watches = []
        for _ in range(self.WATCHERS):
            while True:
                listed = self.api.get(self.path(self.resource), query={"labelSelector": "race=" + self.name})
                if len(listed.json["items"]) > 2 or not any(t.is_alive() for t in writers):
                    break
            query = {"labelSelector": "race=" + self.name, "resourceVersion": listed.json["metadata"]["resourceVersion"]}
            watches.append((listed.json, self.api.watch(self.path(self.resource), query=query)))
        for thread in writers:
            thread.join()
        self.assertEqual(errors, [])
        self.create(self.resource, self.make(self.name + "-end"))
        final = self.api.get(self.path(self.resource), query={"labelSelector": "race=" + self.name}).json
        for listed, watch in watches:
            with watch:
                events = watch.until(lambda _, obj: obj["metadata"]["name"] == self.name + "-end", timeout=60)
            self.check(listed, events, final, [entry for log in logs for entry in log])

    def check(self, listed, events, final, written):
        state = {item["metadata"]["name"]: version_of(item) for item in listed["items"]}
        last = int(listed["metadata"]["resourceVersion"])
        for event in events:
            name, version = event["object"]["metadata"]["name"], version_of(event["object"])
            self.assertGreater(int(version), last, "events come in order, each once")
            last = int(version)
            if event["type"] == "ADDED":
                self.assertNotIn(name, state)
                state[name] = version
            elif event["type"] == "MODIFIED":
                self.assertIn(name, state)
                state[name] = version
            else:
                self.assertEqual(event["type"], "DELETED")
                self.assertIn(name, state)
                del state[name]
        self.assertEqual(state, {item["metadata"]["name"]: version_of(item) for item in final["items"]})
        start = int(listed["metadata"]["resourceVersion"])
        seen = {(e["type"], e["object"]["metadata"]["name"], version_of(e["object"])) for e in events if e["type"] != "DELETED"}
        self.assertLessEqual({entry for entry in written if entry[2] and int(entry[2]) > start}, seen)

    def test_no_gap_and_no_duplicate_among_four_writers(self):
        self.resource = "configmaps"
        self.make = lambda name: configmap(name, labels={"race": self.name})
        self.run_race()

    def test_nor_for_custom_resources(self):
        self.resource = "troupeclusters"
        self.make = lambda name: cluster(name, {"labels": {"race": self.name}})
        self.run_race()
