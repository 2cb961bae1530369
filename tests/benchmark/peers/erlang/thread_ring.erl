%% Savina's ThreadRing: one token goes round 100 processes.
-module(thread_ring).
-export([run/1, expected/1]).

-define(PROCESSES, 100).

expected(Size) -> Size.

run(Size) ->
    Ring = self(),
    First = spawn_link(fun() -> receive {next, Next} -> node(Ring, Next) end end),
    Nodes = spawn_nodes(?PROCESSES - 1, Ring, [First]),
    First ! {next, hd(Nodes)},
    First ! {token, 0, Size},
    receive
        {arrived, Hops} ->
            [Node ! stop || Node <- Nodes],
            Hops
    end.

spawn_nodes(0, _, Nodes) ->
    Nodes;
spawn_nodes(N, Ring, [Next | _] = Nodes) ->
    spawn_nodes(N - 1, Ring, [spawn_link(fun() -> node(Ring, Next) end) | Nodes]).

node(Ring, Next) ->
    receive
        {token, Hops, 0} ->
            Ring ! {arrived, Hops},
            node(Ring, Next);
        {token, Hops, Left} ->
            Next ! {token, Hops + 1, Left - 1},
            node(Ring, Next);
        stop ->
            ok
    end.
