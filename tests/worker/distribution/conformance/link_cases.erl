%% LINK, UNLINK_ID and its acknowledgement, EXIT, EXIT2, the PAYLOAD_ forms, GROUP_LEADER.
-module(link_cases).
-export([cases/0]).
-import(actor, [puppet/0, do/2, tell/2, sees/1, sees/2, sees_nothing/1, gets/1, gets/2, gets_nothing/0, is_down/2,
                bystander/0, bystander/1]).

cases() ->
    [{an_end_in_the_node_reaches_a_linked_process_of_erlang, fun end_in_node/0},
     {an_end_in_erlang_reaches_a_linked_process_of_the_node, fun end_in_erlang/0},
     {an_end_in_erlang_takes_a_linked_process_of_the_node_with_it, fun end_in_erlang_spreads/0},
     {an_end_in_the_node_takes_a_linked_process_of_erlang_with_it, fun end_in_node_spreads/0},
     {normal_ends_nobody_who_is_linked, fun normal_spreads_not/0},
     {a_throw_in_the_node_is_an_exit_reason, fun throw_in_node/0},
     {after_unlink_nothing_comes_from_the_node, fun unlink_by_erlang/0},
     {after_unlink_by_the_node_nothing_comes_to_it, fun unlink_by_node/0},
     {linked_and_unlinked_a_thousand_times_one_link_is_left, fun link_and_unlink/0},
     {linked_from_both_sides_one_exit_comes, fun link_from_both/0},
     {a_link_to_the_dead_of_the_node_gives_noproc, fun link_to_dead/0},
     {a_link_of_the_node_to_the_dead_of_erlang_gives_noproc, fun node_links_to_dead/0},
     {exit_with_kill_cannot_be_trapped_in_the_node, fun kill_in_node/0},
     {exit_with_kill_of_the_node_cannot_be_trapped_in_erlang, fun kill_in_erlang/0},
     {exit_with_normal_ends_nobody, fun exit_normal/0},
     {exit_with_another_reason_is_trapped_or_ends, fun exit_other/0},
     {a_process_that_exits_with_kill_itself_gives_a_link_kill, fun exit_kill_self/0},
     {reasons_of_four_mib_travel_with_every_kind_of_exit, fun large_reasons/0},
     {a_group_leader_of_erlang_s_is_accepted_and_passed_over, fun group_leader/0}].

end_in_node() ->
    process_flag(trap_exit, true),
    P = puppet(),
    link(P),
    tell(P, {exit, {stopped, "by", <<"me">>}}),
    gets({'EXIT', P, {stopped, "by", <<"me">>}}).

trapping_puppet() ->
    P = puppet(),
    false = do(P, {trap_exit, true}),
    P.

end_in_erlang() ->
    P = trapping_puppet(),
    B = bystander(),
    ok = do(P, {link, B}),
    B ! {stop, {shutdown, 1.5}},
    sees(P, {'EXIT', B, {shutdown, 1.5}}).

end_in_erlang_spreads() ->
    P = puppet(),
    R = monitor(process, P),
    B = bystander(),
    ok = do(P, {link, B}),
    B ! {stop, crashed},
    is_down(R, crashed).

end_in_node_spreads() ->
    P = puppet(),
    B = bystander(),
    R = monitor(process, B),
    ok = do(P, {link, B}),
    tell(P, {exit, crashed}),
    is_down(R, crashed).

normal_spreads_not() ->
    P = puppet(),
    Q = puppet(),
    B = bystander(),
    ok = do(P, {link, B}),
    ok = do(Q, {link, B}),
    tell(P, {exit, normal}),
    %% Signals of P and of Q are in no order, so P's end is awaited first.
    is_down(monitor(process, P), noproc, normal),
    ok = do(Q, {send, B, are_you_there}),
    B ! {ready, self()},
    gets({B, ready}),
    B ! {stop, normal},
    is_down(monitor(process, B), noproc, normal),
    sees_nothing(Q).

is_down(Monitor, One, Other) ->
    gets(fun({'DOWN', R, process, _, Why}) -> R =:= Monitor andalso (Why =:= One orelse Why =:= Other);
            (_) -> false
         end, {down, One, Other}).

throw_in_node() ->
    process_flag(trap_exit, true),
    P = puppet(),
    link(P),
    tell(P, {throw, <<"out of tea">>}),
    gets(fun({'EXIT', Who, {exception, <<"out of tea">>, _}}) -> Who =:= P; (_) -> false end, exception).

unlink_by_erlang() ->
    process_flag(trap_exit, true),
    P = puppet(),
    link(P),
    unlink(P),
    R = monitor(process, P),
    tell(P, {exit, crashed}),
    is_down(R, crashed),
    gets_nothing().

unlink_by_node() ->
    P = trapping_puppet(),
    B = bystander(),
    ok = do(P, {link, B}),
    ok = do(P, {unlink, B}),
    Watch = do(P, {monitor, B}),
    B ! {stop, crashed},
    sees(P, {'DOWN', Watch, process, B, crashed}),
    sees_nothing(P).

link_and_unlink() ->
    process_flag(trap_exit, true),
    P = trapping_puppet(),
    [begin link(P), unlink(P) end || _ <- lists:seq(1, 1000)],
    link(P),
    Q = trapping_puppet(),
    B = bystander(),
    [begin tell(Q, {link, B}), tell(Q, {unlink, B}) end || _ <- lists:seq(1, 1000)],
    Tag = tell(Q, {link, B}),
    receive {Tag, ok} -> ok after 10000 -> error(no_link) end,
    (fun Drop() -> receive {_, ok} -> Drop() after 0 -> ok end end)(),
    B ! {stop, crashed},
    sees(Q, {'EXIT', B, crashed}),
    sees_nothing(Q),
    tell(P, {exit, over}),
    gets({'EXIT', P, over}),
    gets_nothing().

link_from_both() ->
    process_flag(trap_exit, true),
    P = puppet(),
    link(P),
    ok = do(P, {link, self()}),
    R = monitor(process, P),
    tell(P, {exit, over}),
    gets({'EXIT', P, over}),
    is_down(R, over),
    gets_nothing().

dead_puppet() ->
    P = puppet(),
    R = monitor(process, P),
    tell(P, {exit, normal}),
    is_down(R, normal),
    P.

link_to_dead() ->
    process_flag(trap_exit, true),
    P = dead_puppet(),
    link(P),
    gets({'EXIT', P, noproc}).

node_links_to_dead() ->
    P = trapping_puppet(),
    Dead = actor:ended_process(),
    ok = do(P, {link, Dead}),
    sees(P, {'EXIT', Dead, noproc}),
    Q = puppet(),
    R = monitor(process, Q),
    tell(Q, {link, Dead}),
    is_down(R, noproc).

kill_in_node() ->
    process_flag(trap_exit, true),
    P = trapping_puppet(),
    R = monitor(process, P),
    link(P),
    exit(P, kill),
    gets(fun(M) -> M =:= {'EXIT', P, killed} orelse M =:= {'DOWN', R, process, P, killed} end, killed),
    gets(fun(M) -> M =:= {'EXIT', P, killed} orelse M =:= {'DOWN', R, process, P, killed} end, killed).

kill_in_erlang() ->
    P = trapping_puppet(),
    B = bystander(trapping),
    R = monitor(process, B),
    ok = do(P, {link, B}),
    ok = do(P, {exit, B, kill}),
    is_down(R, killed),
    sees(P, {'EXIT', B, killed}).

exit_normal() ->
    P = puppet(),
    exit(P, normal),
    sees_nothing(P),
    true = exit(P, normal),
    Q = trapping_puppet(),
    exit(Q, normal),
    sees(Q, {'EXIT', self(), normal}),
    B = bystander(),
    ok = do(P, {exit, B, normal}),
    ok = do(P, {send, B, {ready, self()}}),
    gets({B, ready}),
    process_flag(trap_exit, true),
    ok = do(P, {exit, self(), normal}),
    gets({'EXIT', P, normal}).

exit_other() ->
    P = puppet(),
    R = monitor(process, P),
    exit(P, {go, away}),
    is_down(R, {go, away}),
    Q = trapping_puppet(),
    exit(Q, {go, away}),
    sees(Q, {'EXIT', self(), {go, away}}),
    B = bystander(),
    RB = monitor(process, B),
    ok = do(Q, {exit, B, shutdown}),
    is_down(RB, shutdown),
    T = bystander(trapping),
    ok = do(Q, {exit, T, shutdown}),
    gets({bystander, T, {'EXIT', Q, shutdown}}).

exit_kill_self() ->
    P = trapping_puppet(),
    B = bystander(),
    ok = do(P, {link, B}),
    B ! {stop, kill},
    sees(P, {'EXIT', B, kill}),
    process_flag(trap_exit, true),
    link(P),
    tell(P, {exit, kill}),
    gets({'EXIT', P, kill}).

large_reasons() ->
    Reason = {large, binary:copy(<<"reason..">>, 1 bsl 19), lists:seq(1, 1000)},
    process_flag(trap_exit, true),
    P = puppet(),
    R = monitor(process, P),
    link(P),
    exit(P, Reason),
    Two = lists:sort([receive M -> M after 10000 -> nothing end || _ <- [link, monitor]]),
    Two = lists:sort([{'EXIT', P, Reason}, {'DOWN', R, process, P, Reason}]),
    Q = trapping_puppet(),
    B = bystander(),
    Watch = do(Q, {monitor, B}),
    ok = do(Q, {link, B}),
    B ! {stop, Reason},
    Both = lists:sort([sees(Q), sees(Q)]),
    Both = lists:sort([{'EXIT', B, Reason}, {'DOWN', Watch, process, B, Reason}]),
    %% Only to one who traps: a process that ends by such a reason of another node's, and has links and monitors there,
    %% makes OTP 25.2.3 spin for ever, whoever sent it.
    ok = do(Q, {exit, self(), Reason}),
    gets({'EXIT', Q, Reason}).

group_leader() ->
    P = puppet(),
    true = group_leader(self(), P),
    sees_nothing(P).
