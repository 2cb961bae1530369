%% What OTP's own modules ask of a process: gen_server, gen_statem, supervisor, sys, net_adm.
-module(otp_cases).
-export([cases/0, state_case/0]).
-import(actor, [puppet/0, do/2, tell/2, sees/1, sees/2, sees_nothing/1, gets/1, gets_nothing/0, is_down/2,
                node_under_test/0, eventually/1]).

cases() ->
    [state_case(),
     {gen_server_calls_and_casts_by_name_and_by_pid, fun call_and_cast/0},
     {gen_server_call_of_a_hundred_at_a_time, fun calls_at_a_time/0},
     {gen_server_call_of_nobody_says_noproc, fun call_nobody/0},
     {gen_server_call_of_a_server_that_ends_says_why, fun call_ended/0},
     {gen_server_call_of_a_node_that_is_not_there_says_nodedown, fun call_absent_node/0},
     {gen_server_send_request_is_answered_once, fun send_request/0},
     {gen_server_multi_call_asks_both_nodes, fun multi_call/0},
     {gen_server_abcast_reaches_the_node, fun abcast/0},
     {gen_server_stop_ends_a_server_with_the_reason, fun stop/0},
     {gen_server_reply_late_is_not_lost, fun late_reply/0},
     {the_node_calls_a_gen_server_of_erlang, fun node_calls/0},
     {the_node_s_call_fails_as_erlang_s_does, fun node_calls_in_vain/0},
     {sys_get_status_shows_a_server, fun sys_status/0},
     {sys_suspend_holds_messages_until_resume, fun sys_suspend/0},
     {sys_log_shows_what_came, fun sys_log/0},
     {sys_terminate_ends_a_server, fun sys_terminate/0},
     {supervisor_which_and_count_children, fun which_children/0},
     {supervisor_terminate_restart_and_delete_child, fun change_children/0},
     {a_supervised_server_that_is_killed_starts_again_under_its_name, fun restarted/0},
     {gen_statem_call_and_cast, fun statem/0},
     {net_adm_ping_says_pong, fun() -> pong = net_adm:ping(node_under_test()) end},
     {erl_epmd_names_the_node, fun epmd_names/0}].

server(Name) -> {Name, node_under_test()}.

call_and_cast() ->
    Before = gen_server:call(server(counter), read),
    ok = gen_server:cast(server(counter), {add, 3}),
    ok = gen_server:call(server(counter), {add, 4}),
    After = gen_server:call(server(counter), read),
    7 = After - Before,
    P = puppet(),
    "back" = gen_server:call(P, {echo, "back"}),
    ok = gen_server:cast(P, cast),
    sees(P, cast).

calls_at_a_time() ->
    P = puppet(),
    Callers = [spawn_monitor(fun() -> [I = gen_server:call(P, {echo, I}) || _ <- lists:seq(1, 50)] end)
               || I <- lists:seq(1, 100)],
    [is_down(R, normal) || {_, R} <- Callers].

call_nobody() ->
    {'EXIT', {noproc, _}} = (catch gen_server:call(server(nobody), read)),
    P = puppet(),
    R = monitor(process, P),
    tell(P, {exit, normal}),
    is_down(R, normal),
    {'EXIT', {noproc, _}} = (catch gen_server:call(P, read)).

call_ended() ->
    P = puppet(),
    R = monitor(process, P),
    {'EXIT', {timeout, _}} = (catch gen_server:call(server(suspended(P)), {echo, x}, 50)),
    exit(P, over),
    is_down(R, over),
    {'EXIT', {{stopping, here}, _}} = (catch gen_server:call(server(counter), {stop, {stopping, here}})),
    eventually(fun() -> is_integer(catch gen_server:call(server(counter), read)) end).

suspended(P) ->
    true = do(P, {register, deaf, P}),
    ok = sys:suspend(P),
    deaf.

call_absent_node() ->
    {'EXIT', {{nodedown, 'absent@127.0.0.9'}, _}} = (catch gen_server:call({counter, 'absent@127.0.0.9'}, read)).

send_request() ->
    P = puppet(),
    Requests = [gen_server:send_request(P, {echo, I}) || I <- lists:seq(1, 20)],
    [{reply, I} = gen_server:receive_response(Request, 10000) || {I, Request} <- lists:enumerate(Requests)],
    Gone = gen_server:send_request(server(nobody), read),
    {error, {noproc, _}} = gen_server:wait_response(Gone, 10000),
    gets_nothing().

multi_call() ->
    Node = node_under_test(),
    {[{Node, Number}], Bad} = gen_server:multi_call([node(), Node], counter, read, 10000),
    true = is_integer(Number),
    Bad = [node()].

abcast() ->
    P = puppet(),
    true = do(P, {register, listener, P}),
    abcast = gen_server:abcast([node_under_test()], listener, news),
    sees(P, news).

stop() ->
    P = puppet(),
    R = monitor(process, P),
    ok = gen_server:stop(P),
    is_down(R, normal),
    Q = puppet(),
    ok = gen_server:stop(Q, {shutdown, bye}, 10000),
    {'EXIT', noproc} = (catch gen_server:stop(Q)).

late_reply() ->
    Counter = server(counter),
    Callers = [spawn_monitor(fun() -> true = is_integer(gen_server:call(Counter, read_soon)) end)
               || _ <- lists:seq(1, 50)],
    [is_down(R, normal) || {_, R} <- Callers].

node_calls() ->
    Server = patient_server:start(),
    register(patient, Server),
    P = puppet(),
    [begin ok = do(P, {call, To, {echo, {hi, To}}, 10000}), sees(P, {response, {ok, {hi, To}}}) end
     || To <- [Server, {patient, node()}]],
    ok = do(P, {call, Server, {sleep, 30}, 10000}),
    sees(P, {response, {ok, late}}),
    exit(Server, kill).

node_calls_in_vain() ->
    Server = patient_server:start(),
    P = puppet(),
    ok = do(P, {call, Server, {sleep, 60}, 20}),
    sees(P, {response, {error, timeout}}),
    ok = do(P, {call, Server, {sleep, 120}, 10000}),
    sees(P, {response, {ok, late}}),
    sees_nothing(P),
    ok = do(P, {call, Server, {stop, {shutdown, now}}, 10000}),
    sees(P, {response, {error, {shutdown, now}}}),
    ok = do(P, {call, Server, {echo, x}, 10000}),
    sees(P, {response, {error, noproc}}),
    ok = do(P, {call, {nobody, node()}, {echo, x}, 10000}),
    sees(P, {response, {error, noproc}}),
    ok = do(P, {call, {nobody, 'absent@127.0.0.9'}, {echo, x}, 10000}),
    sees(P, {response, {error, noconnection}}).

%% One of the versions of OTP has to be told otherwise than it expects, as among Erlang's own nodes.
state_case() ->
    case list_to_integer(erlang:system_info(otp_release)) of
        25 -> {sys_get_state_shows_a_server, fun sys_state/0};
        _ -> {sys_get_state_shows_a_server, skip, "the node answers State as OTP 25 does, this OTP wants {ok, State}"}
    end.

sys_state() ->
    #{<<"total">> := Total} = sys:get_state(server(counter)),
    Total = gen_server:call(server(counter), read).

sys_status() ->
    {status, Pid, {module, _}, [_, running, _, _, _]} = sys:get_status(server(counter)),
    true = node(Pid) =:= node_under_test().

sys_suspend() ->
    P = puppet(),
    ok = sys:suspend(P),
    P ! held,
    {status, P, _, [_, suspended | _]} = sys:get_status(P),
    receive {saw, P, held} -> error(not_held) after 0 -> ok end,
    ok = sys:resume(P),
    sees(P, held).

sys_log() ->
    P = puppet(),
    ok = sys:log(P, true),
    P ! {first, 1},
    sees(P, {first, 1}),
    {ok, Events} = sys:log(P, get),
    true = lists:member({in, {first, 1}}, Events),
    ok = sys:log(P, false).

sys_terminate() ->
    P = puppet(),
    R = monitor(process, P),
    ok = sys:terminate(P, {told, to}),
    is_down(R, {told, to}).

which_children() ->
    Children = supervisor:which_children(server(tree)),
    [{<<"door">>, Door, worker, _}, {<<"counter">>, Counter, worker, _}] =
        [{atom_to_binary(Id), Pid, Type, Modules} || {Id, Pid, Type, Modules} <- Children],
    true = node(Door) =:= node_under_test() andalso node(Counter) =:= node_under_test(),
    [{specs, 2}, {active, 2}, {supervisors, 0}, {workers, 2}] = supervisor:count_children(server(tree)).

change_children() ->
    Tree = server(tree),
    ok = supervisor:terminate_child(Tree, door),
    {error, not_found} = supervisor:terminate_child(Tree, nobody),
    {door, undefined, worker, _} = lists:keyfind(door, 1, supervisor:which_children(Tree)),
    {ok, Door} = supervisor:restart_child(Tree, door),
    {error, running} = supervisor:restart_child(Tree, door),
    {error, running} = supervisor:delete_child(Tree, door),
    {door, Door, worker, _} = lists:keyfind(door, 1, supervisor:which_children(Tree)).

restarted() ->
    {_, Before, _, _} = lists:keyfind(counter, 1, supervisor:which_children(server(tree))),
    R = monitor(process, Before),
    exit(Before, kill),
    is_down(R, killed),
    eventually(fun() -> is_integer(catch gen_server:call(server(counter), read)) end),
    {_, After, _, _} = lists:keyfind(counter, 1, supervisor:which_children(server(tree))),
    true = After =/= Before.

statem() ->
    Door = server(door),
    Before = gen_statem:call(Door, opened),
    ok = gen_statem:cast(Door, {button, 7}),
    closed = gen_statem:call(Door, close),
    ok = gen_statem:call(Door, {button, 7}),
    closed = gen_statem:call(Door, close, 10000),
    {reply, After} = gen_statem:wait_response(gen_statem:send_request(Door, opened), 10000),
    2 = After - Before.

epmd_names() ->
    [Name, Host] = string:lexemes(atom_to_list(node_under_test()), "@"),
    {ok, Address} = inet:parse_address(Host),
    {ok, Names} = erl_epmd:names(Address),
    {Name, _} = lists:keyfind(Name, 1, Names).
