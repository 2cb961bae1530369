%% Eight processes send to one as fast as they can.
-module(eight_to_one).
-export([run/1, expected/1]).

-define(SENDERS, 8).

expected(Size) -> Size div ?SENDERS * ?SENDERS.

run(Size) ->
    Parent = self(),
    Receiver = spawn_opt(fun() -> Parent ! {counted, receive_all(expected(Size), 0)} end,
                         [link, {message_queue_data, off_heap}]),
    [spawn_link(fun() -> send(Size div ?SENDERS, Receiver) end) || _ <- lists:seq(1, ?SENDERS)],
    receive {counted, Count} -> Count end.

send(0, _) ->
    ok;
send(N, Receiver) ->
    Receiver ! increment,
    send(N - 1, Receiver).

receive_all(0, Count) -> Count;
receive_all(Left, Count) -> receive increment -> receive_all(Left - 1, Count + 1) end.
