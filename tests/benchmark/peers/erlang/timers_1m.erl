%% 100 processes arm two million timers: a million far ahead, as request timeouts are, which they cancel once all stand,
%% and a million that fire within 10 ms.
-module(timers_1m).
-export([run/1, expected/1]).

-define(OWNERS, 100).
-define(FAR_MS, 60000).
-define(NEAR_MS_MAX, 10).

expected(Size) -> Size div (2 * ?OWNERS) * 2 * ?OWNERS.

run(Size) ->
    Root = self(),
    Pairs = Size div (2 * ?OWNERS),
    Owners = [spawn_opt(fun() -> owner(Root, Pairs) end, [link, {message_queue_data, off_heap}])
              || _ <- lists:seq(1, ?OWNERS)],
    [receive armed -> ok end || _ <- Owners],
    [Owner ! cancel || Owner <- Owners],
    lists:sum([receive {finished, Count} -> Count end || _ <- Owners]).

owner(Root, Pairs) ->
    Far = arm(Pairs, []),
    Root ! armed,
    Root ! {finished, wait(Pairs, false, Far, 0)}.

arm(0, Far) ->
    Far;
arm(Left, Far) ->
    Timer = erlang:start_timer(?FAR_MS, self(), far),
    erlang:start_timer(1 + Left rem ?NEAR_MS_MAX, self(), near),
    arm(Left - 1, [Timer | Far]).

wait(0, true, _, Count) ->
    Count;
wait(Left, Cancelled, Far, Count) ->
    receive
        {timeout, _, near} -> wait(Left - 1, Cancelled, Far, Count + 1);
        cancel -> wait(Left, true, [], Count + cancel(Far, 0))
    end.

cancel([], Cancelled) ->
    Cancelled;
cancel([Timer | Far], Cancelled) ->
    case erlang:cancel_timer(Timer) of
        false -> cancel(Far, Cancelled);
        _ -> cancel(Far, Cancelled + 1)
    end.
