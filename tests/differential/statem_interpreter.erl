%% Runs programs of one state machine (statem_program.hpp says what they are made of) on OTP's gen_statem.
-module(statem_interpreter).
-behaviour(gen_statem).
-export([main/2, init/1, callback_mode/0, handle_event/4]).

-define(CALLBACKS_MAX, 40).

main(In, Out) ->
    ok = logger:set_primary_config(level, none),
    {ok, Programs} = file:consult(In),
    Runners = [spawn_monitor(fun() -> exit({ran, run(Program)}) end) || Program <- Programs],
    {ok, File} = file:open(Out, [write, {delayed_write, 1 bsl 20, 1000}]),
    [receive
         {'DOWN', Reference, process, _, {ran, Trace}} -> io:put_chars(File, io_lib:format("~0p.~n", [Trace]));
         {'DOWN', Reference, process, _, Reason} -> io:format("~p~n", [Reason]), halt(1)
     end || {_, Reference} <- Runners],
    ok = file:close(File).

run({_Seed, Enter, Reactions, Enters, Steps}) ->
    {ok, Machine} = gen_statem:start(?MODULE, {Enter, list_to_tuple(Reactions), list_to_tuple(Enters)}, []),
    Requests = lists:flatmap(fun(Step) -> do(Step, Machine) end, Steps),
    {_, {_, _, _, Events}} = sys:get_state(Machine),
    Replies = [reply(gen_statem:receive_response(Request, 0)) || Request <- Requests],
    exit(Machine, kill),
    {trace, lists:reverse(Events) ++ [{replies, Replies}]}.

do({wait, Milliseconds}, _) -> timer:sleep(Milliseconds), [];
do({cast, N}, Machine) -> gen_statem:cast(Machine, N), [];
do({call, N}, Machine) -> [gen_statem:send_request(Machine, N)].

reply({reply, Reply}) -> Reply;
reply(timeout) -> none.

callback_mode() ->
    case get(enter) of
        true -> [handle_event_function, state_enter];
        false -> handle_event_function
    end.

init({Enter, Reactions, Enters}) ->
    put(enter, Enter),
    {ok, 0, {0, Reactions, Enters, []}}.

handle_event(enter, Old, State, Data) ->
    Enters = element(3, Data),
    react(element(State + 1, Enters), none, note({enter, State, Old}, Data));
handle_event(EventType, N, State, Data) ->
    {Type, Index, From} = type(EventType),
    Reactions = element(2, Data),
    react(element(State * 21 + Index * 3 + N + 1, Reactions), From, note({Type, State, N}, Data)).

type({call, From}) -> {call, 1, From};
type(cast) -> {cast, 0, none};
type(internal) -> {internal, 2, none};
type(state_timeout) -> {state_timeout, 3, none};
type(timeout) -> {timeout, 4, none};
type({timeout, a}) -> {a, 5, none};
type({timeout, b}) -> {b, 6, none}.

note(Event, {Count, Reactions, Enters, Events}) -> {Count + 1, Reactions, Enters, [Event | Events]}.

react(_, _, {Count, _, _, _} = Data) when Count > ?CALLBACKS_MAX -> {keep_state, Data};
react({Go, Actions}, From, Data) ->
    Done = lists:flatmap(fun(Action) -> action(Action, From) end, Actions),
    case Go of
        keep -> {keep_state, Data, Done};
        repeat -> {repeat_state, Data, Done};
        State -> {next_state, State, Data, Done}
    end.

action(postpone, _) -> [postpone];
action({reply, _}, none) -> [];
action({reply, N}, From) -> [{reply, From, N}];
action({next_event, Type, N}, _) -> [{next_event, Type, N}];
action({start, Timeout, Milliseconds, N}, _) -> [{timeout(Timeout), Milliseconds, N}];
action({update, Timeout, N}, _) -> [{timeout(Timeout), update, N}];
action({cancel, Timeout}, _) -> [{timeout(Timeout), cancel}].

timeout(a) -> {timeout, a};
timeout(b) -> {timeout, b};
timeout(Other) -> Other.
