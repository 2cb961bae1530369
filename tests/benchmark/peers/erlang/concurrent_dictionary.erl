%% Savina's concurrent dictionary: 20 workers read and write one dictionary process, 10% writes, one request of each
%% worker at a time.
-module(concurrent_dictionary).
-export([run/1, expected/1]).

-define(WORKERS, 20).
-define(WRITE_PERCENT, 10).
-define(KEYS, 524287).

expected(Size) -> Size div ?WORKERS * ?WORKERS.

run(Size) ->
    Master = self(),
    Requests = Size div ?WORKERS,
    Dictionary = spawn_link(fun() -> dictionary(#{}) end),
    [spawn_link(fun() -> Master ! {worked, ask(Dictionary, Requests, Seed, 0)} end) || Seed <- lists:seq(1, ?WORKERS)],
    Right = lists:sum([receive {worked, Count} -> Count end || _ <- lists:seq(1, ?WORKERS)]),
    Dictionary ! stop,
    Right.

dictionary(Values) ->
    receive
        {read, From, Key} ->
            case Values of
                #{Key := Value} -> From ! {found, Value};
                #{} -> From ! {found, 0}
            end,
            dictionary(Values);
        {write, From, Key, Value} ->
            From ! {found, Value},
            dictionary(Values#{Key => Value});
        stop ->
            ok
    end.

ask(_, 0, _, Right) ->
    Right;
ask(Dictionary, Left, Random, Right) ->
    Choice = minstd(Random),
    Next = minstd(Choice),
    Key = Next rem ?KEYS,
    Wrote = Choice rem 100 < ?WRITE_PERCENT,
    case Wrote of
        true -> Dictionary ! {write, self(), Key, Key};
        false -> Dictionary ! {read, self(), Key}
    end,
    %% Every key has its own number as value, or none yet.
    receive
        {found, Key} -> ask(Dictionary, Left - 1, Next, Right + 1);
        {found, 0} when not Wrote -> ask(Dictionary, Left - 1, Next, Right + 1);
        {found, _} -> ask(Dictionary, Left - 1, Next, Right)
    end.

%% std::minstd_rand0: its numbers never leave Erlang's small integers.
minstd(State) -> State * 16807 rem 2147483647.
