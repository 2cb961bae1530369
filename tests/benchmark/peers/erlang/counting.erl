%% Savina's Counting: one process sends increments to another as fast as it can, then asks for the count.
-module(counting).
-export([run/1, expected/1]).

expected(Size) -> Size.

run(Size) ->
    Counter = spawn_opt(fun() -> counter(0) end, [link, {message_queue_data, off_heap}]),
    produce(Size, Counter),
    Counter ! {retrieve, self()},
    receive {counted, Count} -> Count end.

produce(0, _) ->
    ok;
produce(N, Counter) ->
    Counter ! increment,
    produce(N - 1, Counter).

counter(Count) ->
    receive
        increment -> counter(Count + 1);
        {retrieve, From} -> From ! {counted, Count}
    end.
