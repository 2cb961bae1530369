"""A worker is a node of an Erlang cluster: Debian's erl talks to it, and it talks back."""
from environment import application, cluster, process_child
from suite import EndToEnd


class Erlang(EndToEnd):
    def setUp(self):
        super().setUp()
        pods = self.start_cluster(cluster("erlang", replicas=2),
                                  application("probe", "erlang", [process_child("probe", "Probe", restart="Permanent")],
                                              intensity={"maxRestarts": 100, "periodSeconds": 5}),
                                  application("counter", "erlang", [process_child("counter", "Counter", args={"initial": 5})], module="counter"))
        self.node = self.world.node_of(pods[0])
        self.other = self.world.node_of(pods[1])

    def erl(self, code, **more):
        return self.world.erl("erlang", f"N = '{self.node}', O = '{self.other}', {code}", **more)

    def test_from_erlang_to_the_worker(self):
        self.assertEqual(self.erl("io:format(\"~p\", [net_adm:ping(N)])"), "pong")
        self.assertEqual(self.erl("io:format(\"~p\", [gen_server:call({counter, N}, read)])"), "5")
        self.assertEqual(self.erl("gen_server:cast({counter, N}, {add, 2}), {counter, N} ! {add, 1}, io:format(\"~p\", [gen_server:call({counter, N}, read)])"), "8")
        self.assertEqual(self.erl("io:format(\"~p\", [gen_server:call({counter, O}, members)])"), "2")
        self.erl("gen_server:cast({counter, N}, {add_everywhere, 10}), gen_server:call({counter, N}, read)")
        self.world.wait("the other counter got it", lambda: self.erl("io:format(\"~p\", [gen_server:call({counter, O}, read)])") == "15")

    def test_terms_come_back_as_they_went(self):
        term = "{tuple, [1, -2, 1 bsl 80, 3.5], <<\"bin\">>, #{a => \"text\", 1 => []}, self(), make_ref(), <<5:3>>, [a | b], fun erlang:now/0}"
        self.assertEqual(self.erl(f"T = {term}, io:format(\"~p\", [T =:= gen_server:call({{probe, N}}, {{echo, T}})])"), "true")
        self.assertEqual(self.erl("T = binary:copy(<<7>>, 3000000), io:format(\"~p\", [T =:= gen_server:call({probe, N}, {echo, T})])"), "true")

    def test_a_monitor_delivers_the_exit_reason(self):
        self.assertEqual(self.erl("""R = monitor(process, {probe, N}), gen_server:cast({probe, N}, {leave, {my, reason}}),
            receive {'DOWN', R, process, _, Reason} -> io:format("~p", [Reason]) after 5000 -> io:format("nothing") end"""), "{my,reason}")
        self.assertIn("boom", self.erl("""R = monitor(process, {probe, N}), gen_server:cast({probe, N}, {crash, <<"boom">>}),
            receive {'DOWN', R, process, _, Reason} -> io:format("~p", [Reason]) after 5000 -> io:format("nothing") end"""))
        self.assertEqual(self.erl("""R = monitor(process, {nobody, N}),
            receive {'DOWN', R, process, _, Reason} -> io:format("~p", [Reason]) after 5000 -> io:format("nothing") end"""), "noproc")

    def test_a_link_breaks_both_ways(self):
        self.assertEqual(self.erl("""process_flag(trap_exit, true),
            gen_server:call({probe, N}, {link_to, self()}), gen_server:cast({probe, N}, {leave, bye}),
            receive {'EXIT', _, Reason} -> io:format("~p", [Reason]) after 5000 -> io:format("nothing") end"""), "bye")
        self.assertIn("exit", self.erl("""P = spawn(fun() -> receive stop -> exit(done) end end),
            gen_server:call({probe, N}, {link_to, P}), P ! stop, timer:sleep(200),
            io:format("~p", [gen_server:call({probe, N}, seen)])"""))

    def test_the_worker_sends_monitors_and_exits_towards_erlang(self):
        self.assertEqual(self.erl("gen_server:call({probe, N}, {tell, self(), {hello, 1}}), receive M -> io:format(\"~p\", [M]) after 5000 -> io:format(\"nothing\") end"), "{hello,1}")
        self.assertEqual(self.erl("""register(here, self()), gen_server:call({probe, N}, {tell_name, <<"here">>, atom_to_binary(node()), hi}),
            receive M -> io:format("~p", [M]) after 5000 -> io:format("nothing") end"""), "hi")
        self.assertIn("down", self.erl("""P = spawn(fun() -> receive stop -> exit(gone) end end), gen_server:call({probe, N}, {watch_pid, P}), P ! stop,
            F = fun F(0) -> io:format("nothing"); F(K) -> case [X || X = {down, Q, gone} <- gen_server:call({probe, N}, seen), Q == P] of
              [] -> timer:sleep(20), F(K - 1); Found -> io:format("~p", [Found]) end end, F(200)"""))
        self.assertEqual(self.erl("""P = spawn(fun() -> receive never -> ok end end), R = monitor(process, P), gen_server:call({probe, N}, {exit_pid, P, out}),
            receive {'DOWN', R, process, _, Reason} -> io:format("~p", [Reason]) after 5000 -> io:format("nothing") end"""), "out")

    def test_a_wrong_cookie_is_refused_and_nothing_else_suffers(self):
        self.assertEqual(self.erl("io:format(\"~p\", [net_adm:ping(N)])", cookie="wrong"), "pang")
        self.assertEqual(self.erl("io:format(\"~p\", [net_adm:ping(N)])"), "pong")

    def test_the_worker_sees_erlang_nodes_come_and_go(self):
        name = self.erl("net_kernel:connect_node(N), io:format(\"~s\", [node()])", name="visitor")
        self.world.wait("the probe saw the visitor leave",
                        lambda: f"{{node_down,'{name}'" in self.erl("io:format(\"~p\", [gen_server:call({probe, N}, seen)])"))

    def test_supervisors_answer_which_children(self):
        children = self.erl("io:format(\"~p\", [supervisor:which_children({'counter.supervisor', N})])")
        self.assertRegex(children, r"\[\{counter,<\d+\.\d+\.\d+>,worker,")
