%% Savina's PingPong: two processes, one message on its way at a time.
-module(ping_pong).
-export([run/1, expected/1]).

expected(Size) -> Size.

run(Size) ->
    Ponger = spawn_link(fun ponger/0),
    ping(Size, Ponger, 0).

ping(0, Ponger, Pongs) ->
    Ponger ! stop,
    Pongs;
ping(Left, Ponger, Pongs) ->
    Ponger ! {ping, self()},
    receive pong -> ping(Left - 1, Ponger, Pongs + 1) end.

ponger() ->
    receive
        {ping, From} ->
            From ! pong,
            ponger();
        stop ->
            ok
    end.
