%% Savina's Big: 120 processes, each of which pings another at random and waits for the pong.
-module(big).
-export([run/1, expected/1]).

-define(PLAYERS, 120).

expected(Size) -> Size div ?PLAYERS * ?PLAYERS.

run(Size) ->
    Sink = self(),
    Pings = Size div ?PLAYERS,
    Players = [spawn_link(fun() -> player(Sink, Pings, Seed) end) || Seed <- lists:seq(1, ?PLAYERS)],
    [Player ! {neighbours, list_to_tuple(Players)} || Player <- Players],
    [receive played -> ok end || _ <- Players],
    [Player ! stop || Player <- Players],
    lists:sum([receive {answered, Count} -> Count end || _ <- Players]).

player(Sink, Pings, Seed) ->
    receive {neighbours, Neighbours} -> ping(Sink, Pings, minstd(Seed), Neighbours, 0) end.

ping(Sink, 0, _, _, Answered) ->
    Sink ! played,
    answer(Sink, Answered);
ping(Sink, Left, Random, Neighbours, Answered) ->
    element(1 + Random rem ?PLAYERS, Neighbours) ! {ping, self()},
    await_pong(Sink, Left, Random, Neighbours, Answered).

await_pong(Sink, Left, Random, Neighbours, Answered) ->
    receive
        {ping, From} ->
            From ! pong,
            await_pong(Sink, Left, Random, Neighbours, Answered + 1);
        pong ->
            ping(Sink, Left - 1, minstd(Random), Neighbours, Answered)
    end.

answer(Sink, Answered) ->
    receive
        {ping, From} ->
            From ! pong,
            answer(Sink, Answered + 1);
        stop ->
            Sink ! {answered, Answered}
    end.

%% std::minstd_rand0: its numbers never leave Erlang's small integers.
minstd(State) -> State * 16807 rem 2147483647.
