"""An application's module changes: its processes carry on in the new code, or in the old when they cannot."""
from environment import application, cluster, process_child
from suite import EndToEnd


def tally(cluster_name, version, module, **args):
    document = application("tally", cluster_name, [process_child("tally", "Tally", args=args)], module=module)
    document["spec"]["module"]["name"] = "tally"
    document["spec"]["module"]["version"] = version
    return document


class Upgrades(EndToEnd):
    def ask(self, cluster_name, node, what):
        return self.world.erl(cluster_name, f"io:format(\"~p\", [gen_server:call({{tally, '{node}'}}, {what})])")

    def test_processes_carry_on_in_the_new_version_with_their_state(self):
        pods = self.start_cluster(cluster("carry", replicas=2), tally("carry", "1", "tally_one"))
        nodes = [self.world.node_of(pod) for pod in pods]
        for number, node in enumerate(nodes):
            self.world.erl("carry", f"gen_server:call({{tally, '{node}'}}, {{add, {number + 40}}})")
            self.assertEqual(self.ask("carry", node, "version"), '<<"one">>')
        # A call a millisecond while the version changes: none may fail, none may be lost.
        code = """Ask = fun F(0, Sent) -> Sent; F(K, Sent) ->
                    ok = gen_server:call({tally, '%s'}, {add, 1}), receive after 1 -> ok end,
                    case gen_server:call({tally, '%s'}, version) of <<"two">> -> F(K - 1, Sent + 1); _ -> F(K, Sent + 1) end end,
                  io:format("~p", [Ask(100, 0)])""" % (nodes[0], nodes[0])
        self.world.apply(tally("carry", "2", "tally_two"))
        sent = int(self.world.erl("carry", code))
        for number, node in enumerate(nodes):
            self.world.wait("the new version answers", lambda: self.ask("carry", node, "version") == '<<"two">>')
            self.assertEqual(int(self.ask("carry", node, "read")), number + 40 + (sent if number == 0 else 0))
        self.world.wait_application("tally")
        self.assertEqual([pod["status"]["containerStatuses"][0]["restartCount"] for pod in self.world.pods("carry")], [0, 0])
        self.world.wait("the old version has left memory",
                        lambda: "module unloaded" in self.world.kubectl("logs", pods[0]["metadata"]["name"]))

    def test_a_state_that_the_new_version_cannot_load_keeps_the_old_one_serving(self):
        pods = self.start_cluster(cluster("refuse", replicas=1), tally("refuse", "9", "tally_one", total=7))
        node = self.world.node_of(pods[0])
        self.world.apply(tally("refuse", "10", "tally_two", total=7))
        condition = self.world.wait("the upgrade is refused", lambda: self.refused(), 30)
        self.assertIn("knows the state of version 1 only", condition["message"])
        self.assertEqual(self.ask("refuse", node, "version"), '<<"one">>')
        self.assertEqual(self.ask("refuse", node, "read"), "7")
        # Back to what runs: ready again, nothing restarted.
        self.world.apply(tally("refuse", "9", "tally_one", total=7))
        self.world.wait_application("tally")
        self.assertEqual(self.ask("refuse", node, "read"), "7")

    def refused(self):
        condition = self.world.condition("troupeapplication", "tally", "Ready")
        return condition if "UpgradeRefused" in condition.get("reason", "") + condition.get("message", "") else None
