%% gen_server:call from one process to another, one at a time.
-module(call).
-behaviour(gen_server).
-export([run/1, expected/1]).
-export([init/1, handle_call/3, handle_cast/2]).

expected(Size) -> Size.

run(Size) ->
    {ok, Sequence} = gen_server:start_link(?MODULE, [], []),
    call(Size, Sequence, 0).

call(0, Sequence, Answered) ->
    gen_server:cast(Sequence, stop),
    Answered;
call(Left, Sequence, Answered) ->
    Expected = Answered + 1,
    Expected = gen_server:call(Sequence, next),
    call(Left - 1, Sequence, Expected).

init([]) -> {ok, 0}.

handle_call(next, _From, Last) -> {reply, Last + 1, Last + 1}.

handle_cast(stop, Last) -> {stop, normal, Last}.
