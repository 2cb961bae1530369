%% SEND, SEND_SENDER, REG_SEND, ALIAS_SEND, order, and what vanishes.
-module(message_cases).
-export([cases/0]).
-import(actor, [puppet/0, do/2, tell/2, sees/2, sees_nothing/1, gets/1, gets_nothing/0, node_under_test/0]).

cases() ->
    [{a_message_reaches_a_pid_of_the_node, fun to_pid/0},
     {a_message_reaches_a_name_of_the_node, fun to_name/0},
     {a_message_of_the_node_reaches_a_pid_of_erlang, fun from_node_to_pid/0},
     {a_message_of_the_node_reaches_a_name_of_erlang, fun from_node_to_name/0},
     {a_message_to_the_dead_or_to_nobody_s_name_vanishes, fun to_nobody/0},
     {a_message_of_the_node_to_the_dead_or_to_nobody_s_name_vanishes, fun from_node_to_nobody/0},
     {a_message_to_an_alias_of_erlang_arrives_until_it_is_gone, fun to_alias/0},
     {a_message_of_the_node_to_a_node_that_is_not_there_is_lost_quietly, fun to_absent_node/0},
     {messages_of_fifty_erlang_processes_arrive_in_order, fun order_to_node/0},
     {messages_of_fifty_processes_of_the_node_arrive_in_order, fun order_from_node/0},
     {messages_up_to_64_mib_travel_both_ways, fun large_messages/0},
     {a_large_message_of_the_node_s_and_what_follows_it_arrive, fun large_then_small/0},
     {large_messages_do_not_overtake_small_ones, fun large_and_small_in_order/0}].

to_pid() ->
    P = puppet(),
    P ! hello,
    sees(P, hello).

to_name() ->
    P = puppet(),
    true = do(P, {register, box, P}),
    {box, node_under_test()} ! {by, name},
    sees(P, {by, name}).

from_node_to_pid() ->
    P = puppet(),
    ok = do(P, {send, self(), {a, message}}),
    gets({a, message}).

from_node_to_name() ->
    P = puppet(),
    register(box, self()),
    ok = do(P, {send, {box, node()}, "by name"}),
    gets("by name").

to_nobody() ->
    P = puppet(),
    Q = puppet(),
    R = monitor(process, Q),
    tell(Q, {exit, normal}),
    actor:is_down(R, normal),
    Q ! lost,
    {nobody, node_under_test()} ! lost,
    sees_nothing(P).

from_node_to_nobody() ->
    P = puppet(),
    ok = do(P, {send, actor:ended_process(), lost}),
    ok = do(P, {send, {nobody, node()}, lost}),
    sees_nothing(P),
    gets_nothing().

%% The reply to a gen_server call goes to its alias, which the caller drops when it gives up.
to_alias() ->
    Counter = {counter, node_under_test()},
    {'EXIT', {timeout, _}} = (catch gen_server:call(Counter, read_soon, 1)),
    Number = gen_server:call(Counter, read_soon),
    true = is_integer(Number),
    gets_nothing().

to_absent_node() ->
    P = puppet(),
    Stranger = binary_to_term(<<131, 88, 119, 15, "third@127.0.0.9", 7:32, 0:32, 5:32>>),
    true = lists:member(do(P, {send, Stranger, lost}), [ok, unreachable]),
    sees_nothing(P).

order_to_node() ->
    P = puppet(),
    ok = do(P, {expect_flood, 100000}),
    [spawn_link(fun() -> [P ! {flood, self(), I} || I <- lists:seq(1, 2000)] end) || _ <- lists:seq(1, 50)],
    sees(P, {in_order, 50}).

order_from_node() ->
    Puppets = [puppet() || _ <- lists:seq(1, 50)],
    [tell(P, {flood, self(), 2000}) || P <- Puppets],
    in_order(maps:from_keys(Puppets, 0)).

in_order(LastOf) when map_size(LastOf) =:= 0 -> ok;
in_order(LastOf) ->
    receive
        {flood, P, 2000} when map_get(P, LastOf) =:= 1999 -> in_order(maps:remove(P, LastOf));
        {flood, P, I} when map_get(P, LastOf) =:= I - 1 -> in_order(LastOf#{P := I});
        {flood, P, I} -> error({out_of_order, I, after_, maps:get(P, LastOf, none)});
        {_, ok} -> in_order(LastOf)
    after 10000 -> error({lost, maps:values(LastOf)})
    end.

large_messages() ->
    P = puppet(),
    [echoed(P, binary:copy(<<"troupe!">>, Size div 7 + 1)) || Size <- [1, 255, 65000, 65536, 1 bsl 20, 16 bsl 20]],
    echoed(P, binary:copy(<<7>>, 64 bsl 20)),
    echoed(P, lists:duplicate(1 bsl 20, {x, 1.5, "y"})).

echoed(P, Term) -> true = do(P, {echo, Term}) =:= Term.

large_then_small() ->
    P = puppet(),
    Large = binary:copy(<<"y">>, 64 bsl 20),
    B = actor:bystander(),
    tell(P, {send, self(), Large}),
    Watch = tell(P, {monitor, B}),
    receive Got when Got =:= Large -> ok after 10000 -> error(large_is_lost) end,
    R = receive {Watch, Reference} -> Reference after 10000 -> error(answer_is_lost) end,
    B ! {stop, over},
    sees(P, {'DOWN', R, process, B, over}).

large_and_small_in_order() ->
    P = puppet(),
    Large = binary:copy(<<"x">>, 3 bsl 20),
    Messages = [case I rem 3 of 0 -> {I, Large}; _ -> {I, small} end || I <- lists:seq(1, 12)],
    [P ! Message || Message <- Messages],
    [sees(P, Message) || Message <- Messages].
