%% A gen_server of Erlang's for calls from the node: {echo, Term} answers it, {sleep, Milliseconds} late, never not at
%% all, {stop, Reason} ends without an answer.
-module(patient_server).
-behaviour(gen_server).
-export([start/0, init/1, handle_call/3, handle_cast/2, handle_info/2]).

start() -> {ok, Pid} = gen_server:start(?MODULE, [], []), Pid.

init([]) -> {ok, none}.

handle_call({echo, Term}, _, State) -> {reply, Term, State};
handle_call({sleep, Milliseconds}, From, State) ->
    _ = erlang:send_after(Milliseconds, self(), {answer, From}),
    {noreply, State};
handle_call(never, _, State) -> {noreply, State};
handle_call({stop, Reason}, _, State) -> {stop, Reason, State}.

handle_cast(_, State) -> {noreply, State}.

handle_info({answer, From}, State) ->
    gen_server:reply(From, late),
    {noreply, State}.
