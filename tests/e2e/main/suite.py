"""What every end-to-end test class stands on: the one world of this run, and clusters that are gone after the test."""
import unittest

world = None


class EndToEnd(unittest.TestCase):
    def setUp(self):
        self.world = world
        self.made = []

    def tearDown(self):
        for kind, name in reversed(self.made):
            world.kubectl("delete", kind, name, "--ignore-not-found", "--wait=false")
        for kind, name in reversed(self.made):
            if kind == "troupecluster":
                world.wait(f"the pods of {name} are gone", lambda n=name: not world.pods(n), 60)

    def apply(self, *documents):
        for document in documents:
            self.made.append((document["kind"].lower(), document["metadata"]["name"]))
        return world.apply(*documents)

    def start_cluster(self, cluster, *applications):
        """Applies, and waits until all workers have joined and every application is ready."""
        self.apply(cluster, *applications)
        name = cluster["metadata"]["name"]
        world.wait_joined(name, cluster["spec"]["replicas"])
        for application in applications:
            world.wait_application(application["metadata"]["name"])
        return world.pods(name)
