%% Savina's banking: a teller has money moved between 1,000 accounts. An account that pays does nothing else until the
%% payee has confirmed; 50,000 transactions are under way at a time, as in Savina.
-module(banking).
-export([run/1, expected/1]).

-define(ACCOUNTS, 1000).
%% Only these pay, and only to accounts of a higher number, so that no two wait for each other.
-define(PAYING_ACCOUNTS, 800).
-define(AMOUNT_MAX, 1000).
-define(UNDER_WAY_MAX, 50000).

expected(Size) -> Size.

run(Size) ->
    Teller = self(),
    List = [spawn_opt(fun() -> account(Teller, 0) end, [link, {message_queue_data, off_heap}])
            || _ <- lists:seq(1, ?ACCOUNTS)],
    Transferred = transact(Size, list_to_tuple(List), 1, 0),
    [Account ! close || Account <- List],
    case lists:sum([receive {closed, Balance} -> Balance end || _ <- List]) of
        0 -> Transferred;
        _ -> 0
    end.

transact(0, _, _, Transferred) ->
    Transferred;
transact(Left, Accounts, Random, Transferred) ->
    Wave = min(Left, ?UNDER_WAY_MAX),
    Next = order(Wave, Accounts, Random),
    transact(Left - Wave, Accounts, Next, count(Wave, Transferred)).

order(0, _, Random) ->
    Random;
order(Left, Accounts, Random) ->
    First = minstd(Random),
    Second = minstd(First),
    Third = minstd(Second),
    Payer = First rem ?PAYING_ACCOUNTS,
    Payee = Payer + max(1, Second rem (?ACCOUNTS - Payer)),
    element(Payer + 1, Accounts) ! {transfer, element(Payee + 1, Accounts), 1 + Third rem ?AMOUNT_MAX},
    order(Left - 1, Accounts, Third).

count(0, Transferred) -> Transferred;
count(Left, Transferred) -> receive transferred -> count(Left - 1, Transferred + 1) end.

account(Teller, Balance) ->
    receive
        {transfer, Payee, Amount} ->
            %% A fresh reference, so that the receive does not search what has come before.
            Reference = make_ref(),
            Payee ! {deposit, self(), Reference, Amount},
            receive {deposited, Reference} -> ok end,
            Teller ! transferred,
            account(Teller, Balance - Amount);
        {deposit, Payer, Reference, Amount} ->
            Payer ! {deposited, Reference},
            account(Teller, Balance + Amount);
        close ->
            Teller ! {closed, Balance}
    end.

%% std::minstd_rand0: its numbers never leave Erlang's small integers.
minstd(State) -> State * 16807 rem 2147483647.
