%% Savina's fork-join (throughput): one process deals messages out to 60 workers in turn; each ends after its share.
-module(fork_join).
-export([run/1, expected/1]).

-define(WORKERS, 60).

expected(Size) -> Size div ?WORKERS * ?WORKERS.

run(Size) ->
    Share = Size div ?WORKERS,
    Dealer = self(),
    Workers = [spawn_opt(fun() -> Dealer ! {worked, work(Share, 0)} end, [link, {message_queue_data, off_heap}])
               || _ <- lists:seq(1, ?WORKERS)],
    deal(Share, Workers),
    join(?WORKERS, 0).

deal(0, _) ->
    ok;
deal(Rounds, Workers) ->
    deal_round(Workers),
    deal(Rounds - 1, Workers).

deal_round([]) ->
    ok;
deal_round([Worker | Workers]) ->
    Worker ! work,
    deal_round(Workers).

work(0, Count) -> Count;
work(Left, Count) -> receive work -> work(Left - 1, Count + 1) end.

join(0, Count) -> Count;
join(Left, Count) -> receive {worked, Share} -> join(Left - 1, Count + Share) end.
