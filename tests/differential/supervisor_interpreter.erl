%% Runs programs of supervisors (supervisor_program.hpp says what they are made of) on OTP's own.
%% Wants one scheduler, as interpreter.erl does.
-module(supervisor_interpreter).
-behaviour(supervisor).
-export([main/2, init/1, start_child/3, start_dynamic/3]).

main(In, Out) ->
    ok = logger:set_primary_config(level, none),
    {ok, Programs} = file:consult(In),
    process_flag(trap_exit, true),
    {ok, File} = file:open(Out, [write, {delayed_write, 1 bsl 20, 1000}]),
    [io:put_chars(File, io_lib:format("~0p.~n", [run(Program)])) || Program <- Programs],
    ok = file:close(File).

run({_Seed, Id, Root, Starts, Steps}) ->
    ets:new(world, [named_table, public]),
    ets:insert(world, [{step, 0}, {events, []}, {watcher, spawn_link(fun watcher/0)}, {nobody, spawn(fun() -> ok end)}]),
    [ets:insert(world, {{starts, Child}, Outcomes}) || {Child, Outcomes} <- Starts],
    case start_supervisor(nobody, Id, Root) of
        {ok, _} ->
            settle(nobody),
            look(),
            lists:foreach(fun take/1, Steps);
        {error, Reason} ->
            settle(nobody),
            record({start_error, Reason})
    end,
    Events = lists:reverse(value(events)),
    Watcher = value(watcher),
    [begin unlink(Pid), exit(Pid, kill) end || Pid <- [Watcher | everybody()]],
    quiet(),
    ets:delete(world),
    {trace, Events}.

take(Step) ->
    ets:update_counter(world, step, 1),
    Requests = do(Step),
    settle(nobody),
    [record({reply, reply(Request)}) || Request <- Requests],
    look().

%% The requests whose answers are still to come.
do({at_once, Id, Steps}) ->
    Pid = pid(Id),
    try sys:suspend(Pid) catch exit:_ -> ok end,
    Requests = [begin Sent = do(Step), settle(Pid), Sent end || Step <- Steps],
    try sys:resume(Pid) catch exit:_ -> ok end,
    lists:append(Requests);
do({call, Id, Request}) -> [{pid(Id), gen_server:send_request(pid(Id), request(Id, Request))}];
do({starts, Id, Outcomes}) -> ets:insert(world, {{starts, Id}, Outcomes}), [];
do({exit, Id, Reason}) -> exit(pid(Id), Reason), [];
do({quit, Id, Reason}) -> pid(Id) ! {quit, Reason}, [].

request(Supervisor, {start_child, Child}) when is_tuple(Child) -> {start_child, spec(Supervisor, Child)};
request(_, {What, {pid, Id}}) -> {What, pid(Id)};
request(_, Request) -> Request.

reply({Supervisor, Request}) ->
    case gen_server:wait_response(Request, infinity) of
        {reply, [{specs, Specs}, {active, Active} | Types]} ->
            [{specs, Specs}, {active, active(Supervisor, Active)} | Types];
        %% A start that failed has the whole specification beside the reason.
        {reply, {error, {Reason, Child}}} when element(1, Child) =:= child -> {error, named(Reason)};
        {reply, Reply} -> named(Reply);
        {error, _} -> gone
    end.

%% OTP 25 goes on counting a child of a simple_one_for_one as restarting when it was terminated as that.
active(Supervisor, Active) ->
    case ets:lookup(world, {strategy, Supervisor}) of
        [{_, simple_one_for_one}] -> length([Pid || {_, Pid, _, _} <- children(Supervisor), is_pid(Pid)]);
        _ -> Active
    end.

%% The youngest of that name; who never started is as good as dead.
pid(Id) ->
    case ets:lookup(world, {pid, Id}) of
        [{_, Pid}] -> Pid;
        [] -> value(nobody)
    end.

named(Pid) when is_pid(Pid) ->
    case ets:lookup(world, {id, Pid}) of
        [{_, _, Id}] -> Id;
        [] -> stranger
    end;
named([Head | Tail]) -> [named(Head) | named(Tail)];
named(Tuple) when is_tuple(Tuple) -> list_to_tuple(named(tuple_to_list(Tuple)));
named(Other) -> Other.

everybody() -> [Pid || [Pid] <- ets:match(world, {{id, '$1'}, '_', '_'})].

%% Answered once it has stopped and started whom it has to; but a start that failed is tried again after the answer.
settle(Suspended) ->
    quiet(),
    Answers = [case Pid of Suspended -> status(Pid); _ -> children(Pid) end || Pid <- supervisors()],
    quiet(),
    case [again || Answer <- Answers, Answer =:= gone orelse lists:keymember(restarting, 2, Answer)] of
        [] -> ok;
        _ -> settle(Suspended)
    end.

supervisors() -> [Pid || [Pid] <- ets:match(world, {{strategy, '$1'}, '_'}), is_process_alive(Pid)].

children(Supervisor) ->
    try supervisor:which_children(Supervisor)
    catch exit:_ -> gone
    end.

%% Answered by one that is suspended, but not by one that has been told to end meanwhile.
status(Supervisor) ->
    try sys:get_status(Supervisor, infinity) of
        _ -> []
    catch exit:_ -> gone
    end.

look() ->
    Listed = [{named(Pid), in_order(value({strategy, Pid}), named(children(Pid)))} || Pid <- supervisors()],
    record({children, lists:sort(Listed)}),
    record({alive, lists:sort([named(Pid) || Pid <- everybody(), is_process_alive(Pid)])}).

in_order(simple_one_for_one, Children) -> lists:sort(Children);
in_order(_, Children) -> Children.

quiet() ->
    case statistics(total_run_queue_lengths) of
        0 ->
            receive
                {'EXIT', _, _} -> quiet()
            after 0 -> ok
            end;
        _ ->
            erlang:yield(),
            quiet()
    end.

watcher() ->
    receive
        {watch, From, Pid} ->
            monitor(process, Pid),
            From ! {watched, Pid};
        {'DOWN', _, process, Pid, Reason} ->
            [{_, Parent, Id}] = ets:lookup(world, {id, Pid}),
            record({ended, Parent, Id, Reason})
    end,
    watcher().

record(Event) -> ets:insert(world, {events, [{value(step), Event} | value(events)]}).

value(Key) -> ets:lookup_element(world, Key, 2).

init({Id, {Strategy, RestartsMax, AutoShutdown, Children}}) ->
    Flags = #{strategy => Strategy, intensity => RestartsMax, period => 100000, auto_shutdown => AutoShutdown},
    case {Strategy, Children} of
        {simple_one_for_one, [{template, _, _, _, Kind} = Template]} ->
            {ok, {Flags, [(spec(Id, Template))#{start := {?MODULE, start_dynamic, [Id, Kind]}}]}};
        _ ->
            {ok, {Flags, [spec(Id, Child) || Child <- Children]}}
    end.

spec(Supervisor, {Id, Restart, Significant, Shutdown, Kind}) ->
    #{id => Id, start => {?MODULE, start_child, [Supervisor, Id, Kind]}, restart => Restart, shutdown => Shutdown,
      significant => Significant, type => case is_tuple(Kind) of true -> supervisor; false -> worker end,
      modules => dynamic}.

%% Only its first start may be one that ignores: OTP 25 keeps who ignores a restart as a child without a pid, and counts
%% it as active.
start_dynamic(Supervisor, Kind, Id) ->
    case {outcome(Id), ets:member(world, {pid, Id})} of
        {ignore, true} -> start_child(Supervisor, Id, Kind, ok);
        {Outcome, _} -> start_child(Supervisor, Id, Kind, Outcome)
    end.

start_child(Parent, Id, Kind) -> start_child(Parent, Id, Kind, outcome(Id)).

start_child(Parent, Id, Kind, Outcome) ->
    record({start, Id, Outcome}),
    case Outcome of
        error -> {error, not_today};
        ignore -> ignore;
        ok when is_tuple(Kind) -> start_supervisor(Parent, Id, Kind);
        ok ->
            Pid = spawn_link(fun() -> process_flag(trap_exit, Kind =:= stubborn), child() end),
            %% Before an exit signal can find it.
            come_up(Pid),
            started(Parent, Id, Pid)
    end.

come_up(Pid) ->
    Pid ! {up, self()},
    receive {up, Pid} -> ok end.

start_supervisor(Parent, Id, Spec) ->
    case supervisor:start_link(?MODULE, {Id, Spec}) of
        {ok, Pid} ->
            ets:insert(world, {{strategy, Pid}, element(1, Spec)}),
            started(Parent, Id, Pid);
        Error ->
            Error
    end.

started(Parent, Id, Pid) ->
    ets:insert(world, [{{pid, Id}, Pid}, {{id, Pid}, Parent, Id}]),
    %% Before it can end: the watcher is told of it from here on.
    value(watcher) ! {watch, self(), Pid},
    receive {watched, Pid} -> {ok, Pid} end.

outcome(Id) ->
    case ets:lookup(world, {starts, Id}) of
        [{Key, [Outcome | Left]}] -> ets:insert(world, {Key, Left}), Outcome;
        _ -> ok
    end.

child() ->
    receive
        {up, From} -> From ! {up, self()}, child();
        {quit, Reason} -> exit(Reason);
        {'EXIT', _, _} -> child()
    end.
