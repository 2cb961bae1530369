"""Optimistic concurrency under contention: leader election and counters stand on it."""

import threading

from suite import ApiTest, cluster, configmap, lease, version_of

CONTENDERS = 16


class Races(ApiTest):
    def race(self, attempt):
        """Runs `attempt(index)` in as many threads as there are contenders, at once; their answers."""
        gate = threading.Barrier(CONTENDERS)
        answers, errors = [None] * CONTENDERS, []

        def run(index):
            try:
                self.api.get("/version")  # so that all hold an open connection when the gate opens
                gate.wait(timeout=30)
                answers[index] = attempt(index)
            except Exception as error:  # the main thread reports it
                errors.append(error)

        threads = [threading.Thread(target=run, args=(index,)) for index in range(CONTENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        return answers

    def assert_one_winner(self, answers, won, reason):
        winners = [index for index, answer in enumerate(answers) if answer.status == won]
        self.assertEqual(len(winners), 1, answers)
        for index, answer in enumerate(answers):
            if index != winners[0]:
                self.assert_status(answer, 409, reason)
        return winners[0]

    def test_one_of_sixteen_creates_a_lease(self):
        answers = self.race(lambda index: self.api.post(self.path("leases"), lease(self.name, f"holder-{index}")))
        winner = self.assert_one_winner(answers, 201, "AlreadyExists")
        self.assertEqual(self.read("leases", self.name)["spec"]["holderIdentity"], f"holder-{winner}")

    def test_one_of_sixteen_takes_a_lease_over_each_time(self):
        made = self.create("leases", lease(self.name, "nobody"))
        for turn in range(5):
            # A holder who writes what stands already succeeds too, so none may stand for a second term under one name.
            def attempt(index, term=turn, version=version_of(made)):
                return self.api.put(self.path("leases", self.name), lease(self.name, f"holder-{term}-{index}", resourceVersion=version))
            winner = self.assert_one_winner(self.race(attempt), 200, "Conflict")
            made = self.read("leases", self.name)
            self.assertEqual(made["spec"]["holderIdentity"], f"holder-{turn}-{winner}")

    def test_one_of_sixteen_guarded_patches_lands(self):
        made = self.create("troupeclusters", cluster(self.name))
        answers = self.race(lambda index: self.api.merge_patch(
            self.path("troupeclusters", self.name), {"metadata": {"resourceVersion": version_of(made)}, "spec": {"replicas": index + 2}}))
        winner = self.assert_one_winner(answers, 200, "Conflict")
        self.assertEqual(self.read("troupeclusters", self.name)["spec"]["replicas"], winner + 2)

    def test_one_of_sixteen_deletes(self):
        self.create("configmaps", configmap(self.name))
        answers = self.race(lambda _: self.api.delete(self.path("configmaps", self.name)))
        self.assertEqual(sorted(a.status for a in answers), [200] + [404] * (CONTENDERS - 1))

    def test_no_increment_is_lost(self):
        self.create("configmaps", configmap(self.name, {"count": "0"}))
        path = self.path("configmaps", self.name)

        def add(_):
            for _ in range(3):
                while True:
                    now = self.api.get(path).json
                    now["data"]["count"] = str(int(now["data"]["count"]) + 1)
                    answer = self.api.put(path, now)
                    if answer.status == 200:
                        break
                    assert answer.status == 409, answer
            return answer

        self.race(add)
        self.assertEqual(self.read("configmaps", self.name)["data"]["count"], str(3 * CONTENDERS))

    def test_unguarded_patches_all_land(self):
        self.create("configmaps", configmap(self.name))
        answers = self.race(lambda index: self.api.merge_patch(self.path("configmaps", self.name), {"data": {str(index): "x"}}))
        self.assertEqual({a.status for a in answers}, {200})
        self.assertEqual(len(self.read("configmaps", self.name)["data"]), CONTENDERS)
        self.assertEqual(len({version_of(a.json) for a in answers}), CONTENDERS)
