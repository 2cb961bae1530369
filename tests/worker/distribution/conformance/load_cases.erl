%% A hundred thousand links and monitors, made and fired both ways.
-module(load_cases).
-export([cases/0]).
-import(actor, [puppet/0, do/2, tell/2, sees/2, is_down/2]).

-define(MANY, 100000).

cases() ->
    [{a_hundred_thousand_monitors_of_the_node_s_processes_fire, fun monitors_in_erlang/0},
     {a_hundred_thousand_links_to_the_node_s_processes_fire, fun links_in_erlang/0},
     {a_hundred_thousand_monitors_of_erlang_s_processes_fire, fun() -> bonds_in_node(monitor, 'DOWN') end},
     {a_hundred_thousand_links_to_erlang_s_processes_fire, fun() -> bonds_in_node(link, 'EXIT') end},
     {a_hundred_thousand_monitors_say_noconnection_at_a_disconnect, fun monitors_disconnected/0}].

started(P) -> lists:append([do(P, {spawn_many, ?MANY div 10}) || _ <- lists:seq(1, 10)]).

monitors_in_erlang() ->
    P = puppet(),
    All = started(P),
    Monitors = maps:from_list([{monitor(process, Each), Each} || Each <- All]),
    ok = do(P, {exit_all, All, over}),
    fired(Monitors, over).

fired(Monitors, _) when map_size(Monitors) =:= 0 -> actor:gets_nothing();
fired(Monitors, Reason) ->
    receive
        {'DOWN', R, process, Pid, Reason} when map_get(R, Monitors) =:= Pid -> fired(maps:remove(R, Monitors), Reason)
    after 10000 -> error({not_fired, map_size(Monitors)})
    end.

links_in_erlang() ->
    process_flag(trap_exit, true),
    P = puppet(),
    All = started(P),
    [link(Each) || Each <- All],
    ok = do(P, {exit_all, All, over}),
    fired_links(maps:from_keys(All, linked)).

fired_links(Links) when map_size(Links) =:= 0 -> actor:gets_nothing();
fired_links(Links) ->
    receive {'EXIT', Pid, over} when is_map_key(Pid, Links) -> fired_links(maps:remove(Pid, Links))
    after 10000 -> error({not_fired, map_size(Links)})
    end.

bonds_in_node(Kind, Event) ->
    P = puppet(),
    false = do(P, {trap_exit, true}),
    All = [spawn(fun() -> receive stop -> exit(over) end end) || _ <- lists:seq(1, ?MANY)],
    ok = do(P, {bond_all, Kind, All}),
    ok = do(P, {count, ?MANY}),
    [Each ! stop || Each <- All],
    sees(P, {counted, #{{Event, over} => ?MANY}}),
    actor:sees_nothing(P).

monitors_disconnected() ->
    P = puppet(),
    All = started(P),
    Monitors = maps:from_list([{monitor(process, Each), Each} || Each <- All]),
    here = do(P, {echo, here}),
    true = erlang:disconnect_node(actor:node_under_test()),
    fired(Monitors, noconnection),
    actor:meets(),
    ok = do(P, {exit_all, All, kill}).
