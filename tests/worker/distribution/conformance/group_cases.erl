%% OTP's pg: groups that span both nodes. The scope `pg` is what the node speaks.
-module(group_cases).
-export([cases/0]).
-import(actor, [puppet/0, do/2, tell/2, bystander/0, node_under_test/0, eventually/1]).

cases() ->
    [{a_member_of_the_node_is_seen_in_erlang_until_it_leaves, fun joins_and_leaves/0},
     {a_member_of_erlang_is_seen_in_the_node_until_it_leaves, fun erlang_joins_and_leaves/0},
     {who_joins_twice_is_a_member_twice, fun twice/0},
     {a_member_that_ends_is_one_no_longer_on_either_side, fun ends/0},
     {pg_monitor_tells_of_members_of_the_node, fun monitored/0},
     {after_a_disconnect_both_sides_know_all_members_again, fun after_disconnect/0},
     {members_of_an_erlang_node_that_is_killed_vanish, fun vanish/0},
     {a_thousand_members_are_seen, fun many/0}].

%% A name that no other case uses.
group(Name) -> list_to_atom(Name ++ integer_to_list(erlang:unique_integer([positive]))).

erlang_sees(Group, Members) ->
    Wanted = lists:sort(Members),
    eventually(fun() -> lists:sort(pg:get_members(pg, Group)) =:= Wanted end).
node_sees(P, Group, Members) ->
    Wanted = lists:sort(Members),
    eventually(fun() -> lists:sort(do(P, {members, Group})) =:= Wanted end).

joins_and_leaves() ->
    P = puppet(),
    G = group("shop"),
    true = do(P, {join, G}),
    erlang_sees(G, [P]),
    [] = pg:get_local_members(pg, G),
    true = do(P, {leave, G}),
    erlang_sees(G, []),
    false = do(P, {leave, G}).

erlang_joins_and_leaves() ->
    P = puppet(),
    G = group("shop"),
    B = bystander(),
    ok = pg:join(pg, G, [B, self()]),
    node_sees(P, G, [B, self()]),
    ok = pg:leave(pg, G, B),
    node_sees(P, G, [self()]),
    ok = pg:leave(pg, G, self()),
    node_sees(P, G, []).

twice() ->
    P = puppet(),
    G = group("twice"),
    true = do(P, {join, G}),
    true = do(P, {join, G}),
    ok = pg:join(pg, G, [self(), self()]),
    erlang_sees(G, [P, P, self(), self()]),
    node_sees(P, G, [P, P, self(), self()]),
    true = do(P, {leave, G}),
    erlang_sees(G, [P, self(), self()]).

ends() ->
    P = puppet(),
    Q = puppet(),
    B = bystander(),
    G = group("ends"),
    true = do(P, {join, G}),
    ok = pg:join(pg, G, B),
    node_sees(Q, G, [P, B]),
    erlang_sees(G, [P, B]),
    tell(P, {exit, crashed}),
    B ! {stop, crashed},
    erlang_sees(G, []),
    node_sees(Q, G, []).

monitored() ->
    P = puppet(),
    G = group("watched"),
    {R, []} = pg:monitor(pg, G),
    true = do(P, {join, G}),
    receive {R, join, G, [P]} -> ok after 10000 -> error(no_join) end,
    tell(P, {exit, normal}),
    receive {R, leave, G, [P]} -> ok after 10000 -> error(no_leave) end.

after_disconnect() ->
    P = puppet(),
    G = group("again"),
    true = do(P, {join, G}),
    ok = pg:join(pg, G, self()),
    erlang_sees(G, [P, self()]),
    true = erlang:disconnect_node(node_under_test()),
    erlang_sees(G, [self()]),
    actor:meets(),
    erlang_sees(G, [P, self()]),
    node_sees(P, G, [P, self()]).

vanish() ->
    P = puppet(),
    G = group("vanish"),
    register(collector, self()),
    Code = io_lib:format("pg:start(pg), pg:join(pg, ~p, self()), {collector, ~p} ! joined, "
                         "receive after infinity -> ok end.", [G, node()]),
    Peer = actor:start_erlang("p@127.0.0.1", "cookie", Code),
    %% OTP's pg asks hidden nodes nothing when it starts, so it must be there before they meet.
    actor:gets(joined),
    ok = do(P, {connect, Peer, 0}),
    eventually(fun() -> [node(M) || M <- do(P, {members, G})] =:= [Peer] end),
    actor:stage(["erlang", "kill", "p@127.0.0.1"]),
    node_sees(P, G, []).

many() ->
    P = puppet(),
    G = group("many"),
    Members = [bystander() || _ <- lists:seq(1, 1000)],
    ok = pg:join(pg, G, Members),
    node_sees(P, G, Members),
    ok = pg:leave(pg, G, Members),
    node_sees(P, G, []),
    Puppets = [puppet() || _ <- lists:seq(1, 1000)],
    [tell(Each, {join, G}) || Each <- Puppets],
    erlang_sees(G, Puppets),
    [tell(Each, {exit, normal}) || Each <- Puppets],
    erlang_sees(G, []).
