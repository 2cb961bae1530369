%% One monitored process at a time: spawned, ended, its 'DOWN' awaited.
-module(spawn_monitor_down).
-export([run/1, expected/1]).

expected(Size) -> Size.

run(Size) -> run(Size, 0).

run(0, Ended) ->
    Ended;
run(Left, Ended) ->
    {Pid, Monitor} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Monitor, process, Pid, normal} -> run(Left - 1, Ended + 1) end.
