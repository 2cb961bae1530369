%% Processes that say one word and end, spawned a thousand at a time by one parent.
-module(spawn_exit).
-export([run/1, expected/1]).

expected(Size) -> Size.

run(Size) -> run(Size, 0).

run(0, Done) ->
    Done;
run(Left, Done) ->
    Burst = min(Left, 1000),
    spawn_children(Burst, self()),
    run(Left - Burst, await(Burst, Done)).

spawn_children(0, _) ->
    ok;
spawn_children(N, Parent) ->
    spawn(fun() -> Parent ! done end),
    spawn_children(N - 1, Parent).

await(0, Done) -> Done;
await(N, Done) -> receive done -> await(N - 1, Done + 1) end.
