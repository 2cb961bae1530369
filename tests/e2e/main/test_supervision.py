"""Supervisors keep processes and OS commands matching their child specs."""
import re

from environment import application, command_child, cluster, process_child
from suite import EndToEnd


class Supervision(EndToEnd):
    def children(self, cluster_name, node, app):
        """Name -> pid text, from the application's supervisor."""
        text = self.world.erl(cluster_name, f"io:format(\"~p\", [[{{N, P}} || {{N, P, _, _}} <- supervisor:which_children({{'{app}.supervisor', '{node}'}})]])")
        return dict(re.findall(r"\{([a-z_]+),(<[\d.]+>|undefined|restarting)\}", text))

    def test_a_child_that_throws_is_restarted_alone(self):
        pods = self.start_cluster(cluster("alone", replicas=1), application(
            "alone", "alone", [process_child("first", "Probe"), process_child("second", "Probe")]))
        node = self.world.node_of(pods[0])
        before = self.children("alone", node, "alone")
        self.world.erl("alone", f"catch gen_server:call({{first, '{node}'}}, {{crash, <<\"on purpose\">>}})")
        self.world.wait("first lives again", lambda: self.children("alone", node, "alone").get("first", before["first"]) not in (before["first"], "undefined"))
        self.assertEqual(self.children("alone", node, "alone")["second"], before["second"])
        self.assertEqual(self.world.pods("alone")[0]["status"]["containerStatuses"][0]["restartCount"], 0)

    def test_one_for_all_restarts_the_siblings_too(self):
        pods = self.start_cluster(cluster("all", replicas=1), application(
            "all", "all", [process_child("first", "Probe"), process_child("second", "Probe")], strategy="OneForAll"))
        node = self.world.node_of(pods[0])
        before = self.children("all", node, "all")
        self.world.erl("all", f"catch gen_server:call({{second, '{node}'}}, {{crash, <<\"on purpose\">>}})")
        self.world.wait("both are new", lambda: not set(self.children("all", node, "all").values()) & set(before.values()))

    def test_beyond_its_intensity_the_tree_goes_up_and_the_others_stay(self):
        pods = self.start_cluster(cluster("up", replicas=1),
                                  application("up", "up", [process_child("fragile", "Probe")], intensity={"maxRestarts": 1, "periodSeconds": 60}),
                                  application("calm", "up", [process_child("calm", "Probe")]))
        node = self.world.node_of(pods[0])
        calm = self.children("up", node, "calm")
        for _ in range(2):
            self.world.wait("it can be reached", lambda: self.world.erl("up", f"io:format(\"~p\", [gen_server:call({{fragile, '{node}'}}, {{echo, ok}})])") == "ok")
            self.world.erl("up", f"catch gen_server:call({{fragile, '{node}'}}, {{crash, <<\"again\">>}})")
        condition = self.world.wait("the application is reported", lambda: self.world.condition("troupeapplication", "up", "Ready").get("status") == "False"
                                    and self.world.condition("troupeapplication", "up", "Ready"))
        self.assertIn("RestartIntensityExceeded", condition["message"] + condition["reason"])
        self.assertEqual(self.children("up", node, "calm"), calm)
        self.assertEqual(self.world.condition("troupeapplication", "calm", "Ready")["status"], "True")

    def test_a_worker_full_of_handlers_that_never_return_is_started_anew(self):
        pods = self.start_cluster(cluster("stuck", replicas=1), application("stuck", "stuck", [process_child("probe", "Probe")]))
        node = self.world.node_of(pods[0])
        # Few of them it outlives: they are killed for everybody else, and the probe goes on answering.
        self.assertEqual(self.world.erl("stuck", f"ok = gen_server:call({{probe, '{node}'}}, {{hang, 3}}), io:format(\"~p\", [gen_server:call({{probe, '{node}'}}, {{echo, here}})])"), "here")
        self.assertEqual(self.world.pods("stuck")[0]["status"]["containerStatuses"][0]["restartCount"], 0)
        self.world.erl("stuck", f"ok = gen_server:call({{probe, '{node}'}}, {{hang, 16}})")
        self.world.wait("its container is started anew", lambda: self.world.pods("stuck")[0]["status"]["containerStatuses"][0]["restartCount"] == 1)
        self.assertEqual(self.world.pods("stuck")[0]["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"], 1)
        self.world.wait("it answers again", lambda: self.world.erl("stuck", f"io:format(\"~p\", [catch gen_server:call({{probe, '{node}'}}, {{echo, back}})])") == "back")

    def test_a_command_is_supervised_and_its_output_logged(self):
        self.start_cluster(cluster("command", replicas=1), application(
            "command", "command", [command_child("ticker", ["sh", "-c", "echo tick $TROUPE_POD_NAME; exec sleep 1000"]),
                                   command_child("once", ["sh", "-c", "echo ran once"], restart="Temporary")], module=None))
        self.world.wait("its output is in the pod's log", lambda: "tick command-0" in self.world.kubectl("logs", "command-0"))
        self.assertIn("ran once", self.world.kubectl("logs", "command-0"))
        self.assertNotIn(self.world.cookie("command"), self.world.kubectl("logs", "command-0"))

    def test_a_command_that_cannot_start_is_named(self):
        self.apply(cluster("nocommand", replicas=1), application("nocommand", "nocommand", [command_child("x", ["/no/such/program"])], module=None))
        self.world.wait("the reason is in the condition", lambda: "/no/such/program" in self.world.condition("troupeapplication", "nocommand", "Ready").get("message", ""))

    def test_an_edited_application_is_restarted_with_the_new_arguments(self):
        pods = self.start_cluster(cluster("edit", replicas=1), application("edit", "edit", [process_child("counter", "Counter", args={"initial": 1})], module="counter"))
        node = self.world.node_of(pods[0])
        read = f"io:format(\"~p\", [gen_server:call({{counter, '{node}'}}, read)])"
        self.assertEqual(self.world.erl("edit", read), "1")
        self.apply(application("edit", "edit", [process_child("counter", "Counter", args={"initial": 7})], module="counter"))
        self.world.wait("it counts from 7", lambda: self.world.erl("edit", read) == "7")

    def test_a_deleted_application_stops(self):
        pods = self.start_cluster(cluster("stop", replicas=1), application("stop", "stop", [process_child("probe", "Probe")]))
        node = self.world.node_of(pods[0])
        self.world.kubectl("delete", "troupeapplication", "stop")
        self.world.wait("nobody is registered", lambda: "noproc" in self.world.erl("stop", f"io:format(\"~p\", [catch gen_server:call({{probe, '{node}'}}, seen)])"))
