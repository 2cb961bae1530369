%% MONITOR_P, DEMONITOR_P, MONITOR_P_EXIT; nodes that go; SPAWN_REQUEST.
-module(monitor_cases).
-export([cases/0]).
-import(actor, [puppet/0, do/2, tell/2, sees/2, sees_nothing/1, gets/1, gets_nothing/0, is_down/2, bystander/0,
                node_under_test/0]).

cases() ->
    [{a_monitor_by_pid_fires_in_erlang, fun by_pid/0},
     {a_monitor_by_pid_fires_in_the_node, fun node_by_pid/0},
     {a_monitor_by_name_fires_in_erlang_with_the_name, fun by_name/0},
     {a_monitor_by_name_fires_in_the_node_with_the_name, fun node_by_name/0},
     {a_monitor_of_the_dead_or_of_nobody_s_name_says_noproc_in_erlang, fun noproc/0},
     {a_monitor_of_the_dead_or_of_nobody_s_name_says_noproc_in_the_node, fun node_noproc/0},
     {after_demonitor_nothing_comes_in_erlang, fun demonitor_in_erlang/0},
     {after_demonitor_nothing_comes_in_the_node, fun demonitor_in_node/0},
     {each_of_several_monitors_of_one_process_fires_once, fun several/0},
     {monitors_and_links_say_noconnection_when_erlang_disconnects, fun() -> disconnect(by_erlang) end},
     {monitors_and_links_say_noconnection_when_the_node_disconnects, fun() -> disconnect(by_node) end},
     {a_monitor_connects_when_there_is_no_connection, fun connects/0},
     {a_monitor_of_the_node_of_an_absent_node_says_noconnection, fun absent_node/0},
     {spawn_monitor_in_the_node_is_refused_with_notsup, fun spawn_refused/0},
     {erpc_is_refused_with_notsup, fun erpc_refused/0}].

by_pid() ->
    P = puppet(),
    R = monitor(process, P),
    tell(P, {exit, {because, <<"x">>}}),
    gets({'DOWN', R, process, P, {because, <<"x">>}}).

node_by_pid() ->
    P = puppet(),
    B = bystander(),
    R = do(P, {monitor, B}),
    B ! {stop, {because, "x"}},
    sees(P, {'DOWN', R, process, B, {because, "x"}}).

by_name() ->
    P = puppet(),
    true = do(P, {register, watched, P}),
    R = monitor(process, {watched, node_under_test()}),
    tell(P, {exit, over}),
    gets({'DOWN', R, process, {watched, node_under_test()}, over}).

node_by_name() ->
    P = puppet(),
    B = bystander(),
    register(watched, B),
    R = do(P, {monitor, {watched, node()}}),
    B ! {stop, over},
    sees(P, {'DOWN', R, process, {watched, node()}, over}).

noproc() ->
    P = puppet(),
    is_down_after_end(P),
    R = monitor(process, P),
    gets({'DOWN', R, process, P, noproc}),
    R2 = monitor(process, {nobody, node_under_test()}),
    gets({'DOWN', R2, process, {nobody, node_under_test()}, noproc}).

is_down_after_end(P) ->
    R = monitor(process, P),
    tell(P, {exit, normal}),
    is_down(R, normal).

node_noproc() ->
    P = puppet(),
    Dead = actor:ended_process(),
    R = do(P, {monitor, Dead}),
    sees(P, {'DOWN', R, process, Dead, noproc}),
    R2 = do(P, {monitor, {nobody, node()}}),
    sees(P, {'DOWN', R2, process, {nobody, node()}, noproc}).

demonitor_in_erlang() ->
    P = puppet(),
    Gone = [monitor(process, P) || _ <- lists:seq(1, 100)],
    [true = demonitor(R, [flush]) || R <- Gone],
    true = do(P, {register, watched, P}),
    ByName = monitor(process, {watched, node_under_test()}),
    true = demonitor(ByName),
    Kept = monitor(process, P),
    tell(P, {exit, over}),
    is_down(Kept, over),
    gets_nothing().

demonitor_in_node() ->
    P = puppet(),
    B = bystander(),
    register(watched, B),
    Gone = [do(P, {monitor, B}) || _ <- lists:seq(1, 100)] ++ [do(P, {monitor, {watched, node()}})],
    [ok = do(P, {demonitor, R}) || R <- Gone],
    Kept = do(P, {monitor, B}),
    B ! {stop, over},
    sees(P, {'DOWN', Kept, process, B, over}),
    sees_nothing(P).

several() ->
    P = puppet(),
    Monitors = [monitor(process, P) || _ <- lists:seq(1, 100)],
    tell(P, {exit, over}),
    [is_down(R, over) || R <- Monitors],
    gets_nothing().

disconnect(Who) ->
    process_flag(trap_exit, true),
    P = puppet(),
    false = do(P, {trap_exit, true}),
    B = bystander(),
    R = monitor(process, P),
    link(P),
    Watch = do(P, {monitor, B}),
    ok = do(P, {link, B}),
    true = monitor_node(node_under_test(), true),
    RB = monitor(process, B),
    case Who of
        by_erlang -> true = erlang:disconnect_node(node_under_test());
        by_node -> P ! {do, actor:ended_process(), untold, {disconnect, node()}}
    end,
    is_down(R, noconnection),
    is_down(RB, noconnection),
    receive {'EXIT', P, noconnection} -> ok after 10000 -> error(no_exit) end,
    receive {nodedown, _} -> ok after 10000 -> error(no_nodedown) end,
    %% The puppet reports over the next connection.
    Seen = lists:sort([actor:sees(P) || _ <- [link_of_b, link_of_ours, monitor]]),
    Seen = lists:sort([{'DOWN', Watch, process, B, noconnection}, {'EXIT', B, noconnection},
                       {'EXIT', self(), noconnection}]),
    actor:meets(),
    sees_nothing(P),
    gets_nothing().

connects() ->
    P = puppet(),
    true = erlang:disconnect_node(node_under_test()),
    R = monitor(process, P),
    tell(P, {exit, over}),
    is_down(R, over).

absent_node() ->
    P = puppet(),
    R = do(P, {monitor, {anybody, 'absent@127.0.0.9'}}),
    sees(P, {'DOWN', R, process, {anybody, 'absent@127.0.0.9'}, noconnection}).

spawn_refused() ->
    {'EXIT', {notsup, _}} = (catch spawn_monitor(node_under_test(), fun() -> ok end)),
    process_flag(trap_exit, true),
    Request = spawn_request(node_under_test(), erlang, node, [], []),
    receive {spawn_reply, Request, error, notsup} -> ok after 10000 -> error(no_reply) end,
    Pid = spawn_link(node_under_test(), fun() -> ok end),
    gets({'EXIT', Pid, notsup}).

erpc_refused() ->
    {'EXIT', {{erpc, notsup}, _}} = (catch erpc:call(node_under_test(), erlang, node, [], 15000)),
    [{error, {erpc, notsup}}] = erpc:multicall([node_under_test()], erlang, node, []).
