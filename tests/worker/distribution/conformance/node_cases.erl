%% Nodes that come and go: visibility, cookies, kill -9, new incarnations, connections from both sides at once.
-module(node_cases).
-export([cases/0]).
-import(actor, [puppet/0, do/2, tell/2, sees/1, sees/2, sees_nothing/1, is_down/2, node_under_test/0, eventually/1,
                stage/1, start_erlang/3]).

-define(PEER, "p@127.0.0.1").

cases() ->
    [{monitor_nodes_tells_of_the_node_with_its_type, fun monitor_nodes/0},
     {nodes_lists_the_node_as_what_it_says_it_is, fun nodes_lists/0},
     {the_node_monitors_erlang_s_coming_and_going, fun node_monitors_nodes/0},
     {the_node_connects_by_itself, fun node_connects/0},
     {a_wrong_cookie_of_erlang_s_is_refused, fun wrong_cookie/0},
     {a_wrong_cookie_of_the_node_s_is_refused, fun wrong_cookie_of_node/0},
     {connections_made_from_both_sides_at_once_end_as_one, fun simultaneous/0},
     {a_node_that_is_killed_while_it_talks_is_noticed, fun node_killed/0},
     {an_erlang_node_that_is_killed_while_it_talks_is_noticed, fun erlang_killed/0},
     {a_node_that_comes_back_is_another_incarnation, fun new_incarnation/0},
     {an_erlang_node_that_comes_back_is_another_incarnation, fun new_incarnation_of_erlang/0}].

%% OTP counts a connection as hidden when either side is.
type() ->
    case {actor:fact(troupe), actor:fact(erlang)} of
        {published, visible} -> visible;
        _ -> hidden
    end.

is_connected() -> lists:member(node_under_test(), nodes(connected)).

disconnect() ->
    true = erlang:disconnect_node(node_under_test()),
    eventually(fun() -> not is_connected() end).

monitor_nodes() ->
    Node = node_under_test(),
    ok = net_kernel:monitor_nodes(true, #{node_type => all, nodedown_reason => true}),
    disconnect(),
    receive {nodedown, Node, #{nodedown_reason := disconnect}} -> ok after 10000 -> error(no_nodedown) end,
    actor:meets(),
    Type = receive {nodeup, Node, #{node_type := T}} -> T after 10000 -> error(no_nodeup) end,
    Type = type().

nodes_lists() ->
    Node = node_under_test(),
    Expected = case type() of visible -> {[Node], []}; hidden -> {[], [Node]} end,
    Expected = {nodes(visible), nodes(hidden)},
    P = puppet(),
    [Us] = do(P, {nodes}),
    Us = node().

node_monitors_nodes() ->
    P = puppet(),
    ok = do(P, {monitor_nodes, true}),
    Peer = start_erlang(?PEER, "cookie", "ok."),
    tell(P, {connect, Peer, 0}),
    sees(P, {nodeup, Peer}),
    stage(["erlang", "kill", ?PEER]),
    sees(P, {nodedown, Peer, connection_closed}).

node_connects() ->
    P = puppet(),
    Node = node_under_test(),
    ok = net_kernel:monitor_nodes(true, #{node_type => all}),
    ok = do(P, {connect, node(), 50}),
    disconnect(),
    receive {nodedown, Node, _} -> ok after 10000 -> error(no_nodedown) end,
    receive {nodeup, Node, _} -> ok after 10000 -> error(it_did_not_connect) end,
    sees_nothing(P).

wrong_cookie() ->
    Node = node_under_test(),
    disconnect(),
    true = erlang:set_cookie(Node, wrong),
    try
        pang = net_adm:ping(Node),
        false = is_connected()
    after
        erlang:set_cookie(Node, cookie)
    end,
    actor:meets().

wrong_cookie_of_node() ->
    P = puppet(),
    ok = do(P, {monitor_nodes, true}),
    Stranger = start_erlang("s@127.0.0.1", "other", "ok."),
    ok = do(P, {connect, Stranger, 0}),
    sees(P, {nodedown, Stranger, bad_cookie}),
    [Us] = do(P, {nodes}),
    Us = node(),
    stage(["erlang", "kill", "s@127.0.0.1"]).

%% The node is told to connect soon and the connection is ended. How long it then takes is measured, and for a hundred
%% times we connect at about that time, a little earlier each time.
simultaneous() ->
    P = puppet(),
    ok = net_kernel:monitor_nodes(true, #{node_type => all}),
    Alone = lists:sort([comes_alone(P) || _ <- lists:seq(1, 9)]),
    ok = net_kernel:monitor_nodes(false, #{node_type => all}),
    (fun Drop() -> receive {nodedown, _, _} -> Drop() after 0 -> ok end end)(),
    [meet_halfway(P, lists:nth(5, Alone) - I * 30) || I <- lists:seq(1, 100)].

%% Microseconds until it is there.
comes_alone(P) ->
    Told = connects_soon(P),
    receive {nodeup, _, _} -> erlang:monotonic_time(microsecond) - Told after 10000 -> error(it_did_not_connect) end.

connects_soon(P) ->
    %% Until the groups have been told: what is still to be sent when the connection ends makes another at once.
    [here = do(P, {echo, here}) || _ <- lists:seq(1, 10)],
    ok = do(P, {connect, node(), 20}),
    Told = erlang:monotonic_time(microsecond),
    disconnect(),
    Told.

meet_halfway(P, Microseconds) ->
    Told = connects_soon(P),
    spin_until(Told + Microseconds),
    eventually(fun() -> net_kernel:connect_node(node_under_test()) end),
    here = do(P, {echo, here}),
    [Us] = do(P, {nodes}),
    Us = node().

spin_until(Then) -> erlang:monotonic_time(microsecond) < Then andalso spin_until(Then).

node_killed() ->
    process_flag(trap_exit, true),
    Node = node_under_test(),
    Puppets = [puppet() || _ <- lists:seq(1, 20)],
    [link(P) || P <- Puppets],
    Monitors = [monitor(process, P) || P <- Puppets],
    true = monitor_node(Node, true),
    Talker = spawn_link(fun() -> talk(Puppets) end),
    [tell(P, {flood, self(), 1000000}) || P <- Puppets],
    receive {flood, _, 1000} -> ok after 10000 -> error(no_flood) end,
    stage(["node", "kill"]),
    receive {nodedown, Node} -> ok after 10000 -> error(no_nodedown) end,
    [is_down(R, noconnection) || R <- Monitors],
    [receive {'EXIT', P, noconnection} -> ok after 10000 -> error(no_exit) end || P <- Puppets],
    exit(Talker, kill),
    stage(["node", "start"]),
    actor:meets().

talk(Puppets) ->
    [P ! {news, binary:copy(<<"x">>, 1000)} || P <- Puppets],
    receive after 1 -> talk(Puppets) end.

erlang_killed() ->
    P = puppet(),
    false = do(P, {trap_exit, true}),
    ok = do(P, {monitor_nodes, true}),
    Here = list_to_binary(io_lib:format("{collector, '~s'}", [node()])),
    register(collector, self()),
    Peer = start_erlang(?PEER, "cookie",
                        [<<"[spawn(fun() -> ">>, Here, <<" ! {member, self()}, "
                           "receive P -> (fun F() -> P ! {news, self()}, F() end)() end end) || _ <- lists:seq(1, 5)].">>]),
    Members = [receive {member, Pid} -> Pid after 10000 -> error(no_member) end || _ <- lists:seq(1, 5)],
    [begin tell(P, {link, M}), tell(P, {monitor, M}) end || M <- Members],
    here = do(P, {echo, here}),
    sees(P, {nodeup, Peer}),
    [M ! P || M <- Members],
    {news, _} = sees(P),
    stage(["erlang", "kill", ?PEER]),
    Ends = ends(P, []),
    Ends = [{What, M} || What <- ['DOWN', 'EXIT'], M <- lists:sort(Members)],
    still_here = do(P, {echo, still_here}).

%% What P sees besides news until all is over: five of each, and the node's end.
ends(_, Seen) when length(Seen) =:= 11 -> lists:sort(Seen -- [nodedown]);
ends(P, Seen) ->
    case sees(P) of
        {news, _} -> ends(P, Seen);
        {'EXIT', Pid, noconnection} -> ends(P, [{'EXIT', Pid} | Seen]);
        {'DOWN', _, process, Pid, noconnection} -> ends(P, [{'DOWN', Pid} | Seen]);
        {nodedown, _, connection_closed} -> ends(P, [nodedown | Seen])
    end.

new_incarnation() ->
    P = puppet(),
    R = monitor(process, P),
    stage(["node", "kill"]),
    is_down(R, noconnection),
    stage(["node", "start"]),
    actor:meets(),
    New = puppets_until(fun(Q) -> same_but_creation(P, Q) end, 50),
    true = New =/= P,
    P ! lost,
    sees_nothing(New),
    R2 = monitor(process, P),
    is_down(R2, noproc),
    process_flag(trap_exit, true),
    link(P),
    receive {'EXIT', P, noproc} -> ok after 10000 -> error(no_exit) end,
    exit(P, kill),
    {'EXIT', {noproc, _}} = (catch gen_server:call(P, {echo, x}, 10000)),
    here = do(New, {echo, here}).

%% The new node gives pids anew, so one of the first puppets has the old one's numbers.
puppets_until(_, 0) -> puppet();
puppets_until(Is, Left) ->
    P = puppet(),
    case Is(P) of true -> P; false -> puppets_until(Is, Left - 1) end.

same_but_creation(One, Other) ->
    numbers(term_to_binary(One)) =:= numbers(term_to_binary(Other)).
numbers(Pid) -> binary:part(Pid, byte_size(Pid) - 12, 8).

new_incarnation_of_erlang() ->
    P = puppet(),
    false = do(P, {trap_exit, true}),
    register(collector, self()),
    Code = io_lib:format("register(member, spawn(fun() -> {collector, '~s'} ! {member, self()}, "
                         "receive after infinity -> ok end end)).", [node()]),
    Old = member(Code),
    R = do(P, {monitor, Old}),
    eventually(fun() -> lists:member(node(Old), do(P, {nodes})) end),
    stage(["erlang", "kill", ?PEER]),
    sees(P, {'DOWN', R, process, Old, noconnection}),
    New = member(Code),
    true = Old =/= New,
    ok = do(P, {link, New}),
    R2 = do(P, {monitor, Old}),
    sees(P, {'DOWN', R2, process, Old, noproc}),
    ok = do(P, {link, Old}),
    sees(P, {'EXIT', Old, noproc}),
    ok = do(P, {exit, Old, kill}),
    ok = do(P, {send, Old, lost}),
    R3 = do(P, {monitor, {member, node(New)}}),
    ok = do(P, {exit, New, kill}),
    {'EXIT', New, killed} = sees(P),
    sees(P, {'DOWN', R3, process, {member, node(New)}, killed}),
    stage(["erlang", "kill", ?PEER]).

member(Code) ->
    start_erlang(?PEER, "cookie", Code),
    receive {member, Pid} -> Pid after 10000 -> error(no_member) end.
