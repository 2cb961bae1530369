%% Runs programs of one supervisor (supervisor_program.hpp says what they are made of) on OTP's own.
%% Wants one scheduler, as interpreter.erl does.
-module(supervisor_interpreter).
-behaviour(supervisor).
-export([main/2, init/1, start_child/2]).

main(In, Out) ->
    ok = logger:set_primary_config(level, none),
    {ok, Programs} = file:consult(In),
    process_flag(trap_exit, true),
    {ok, File} = file:open(Out, [write, {delayed_write, 1 bsl 20, 1000}]),
    [io:put_chars(File, io_lib:format("~0p.~n", [run(Program)])) || Program <- Programs],
    ok = file:close(File).

run({_Seed, Strategy, RestartsMax, Children, Failing, Steps}) ->
    ets:new(world, [named_table, public]),
    ets:insert(world, [{step, 0}, {events, []}, {watcher, spawn_link(fun watcher/0)}]),
    [ets:insert(world, {{failing, Id}, 1}) || Id <- Failing],
    Started = supervisor:start_link(?MODULE, {Strategy, RestartsMax, Children}),
    case Started of
        {ok, Supervisor} ->
            ets:insert(world, {{id, Supervisor}, supervisor}),
            ets:lookup_element(world, watcher, 2) ! {watch, self(), Supervisor},
            receive {watched, Supervisor} -> ok end,
            settle(Supervisor),
            [begin ets:update_counter(world, step, 1), do(Step, Supervisor), settle(Supervisor) end || Step <- Steps],
            ok;
        {error, Reason} ->
            record({start_error, Reason})
    end,
    quiet(),
    Events = lists:reverse(ets:lookup_element(world, events, 2)),
    case Started of
        {ok, Left} -> exit(Left, shutdown), gone(Left);
        _ -> ok
    end,
    Watcher = ets:lookup_element(world, watcher, 2),
    unlink(Watcher),
    exit(Watcher, kill),
    ets:delete(world),
    {trace, Events}.

gone(Supervisor) ->
    Reference = monitor(process, Supervisor),
    receive {'DOWN', Reference, process, _, _} -> quiet() end.

do({stop}, Supervisor) -> exit(Supervisor, shutdown);
do({failing, Id, Times}, _) -> ets:insert(world, {{failing, Id}, Times});
do({quit, Id, Reason}, _) ->
    case ets:lookup(world, {pid, Id}) of
        [{_, Pid}] -> Pid ! {quit, Reason};
        [] -> never_started
    end.

%% Answered once it has stopped and started whom it has to; but a start that failed is tried again after the answer.
settle(Supervisor) ->
    quiet(),
    try lists:sort([{Id, state(Pid)} || {Id, Pid, _, _} <- supervisor:which_children(Supervisor)]) of
        States ->
            case lists:keymember(restarting, 2, States) of
                true -> settle(Supervisor);
                false -> quiet(), record({children, States})
            end
    catch exit:_ ->
        quiet()
    end.

state(Pid) when is_pid(Pid) -> running;
state(Other) -> Other.

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
            record({ended, ets:lookup_element(world, {id, Pid}, 2), Reason})
    end,
    watcher().

record(Event) ->
    Step = ets:lookup_element(world, step, 2),
    ets:insert(world, {events, [{Step, Event} | ets:lookup_element(world, events, 2)]}).

init({Strategy, RestartsMax, Children}) ->
    Specs = [#{id => Id, start => {?MODULE, start_child, [Id, Kind]}, restart => Restart, shutdown => Shutdown}
             || {Id, Restart, Shutdown, Kind} <- Children],
    {ok, {#{strategy => Strategy, intensity => RestartsMax, period => 100000}, Specs}}.

start_child(Id, Kind) ->
    case ets:lookup(world, {failing, Id}) of
        [{_, Times}] when Times > 0 ->
            ets:update_counter(world, {failing, Id}, -1),
            record({failed, Id}),
            {error, not_today};
        _ ->
            record({started, Id}),
            Supervisor = self(),
            Pid = spawn_link(fun() -> process_flag(trap_exit, Kind =:= stubborn), Supervisor ! {up, self()}, child() end),
            receive {up, Pid} -> ok end,
            ets:insert(world, [{{pid, Id}, Pid}, {{id, Pid}, Id}]),
            %% Before it can end: the watcher is told of it from here on.
            ets:lookup_element(world, watcher, 2) ! {watch, self(), Pid},
            receive {watched, Pid} -> ok end,
            {ok, Pid}
    end.

child() ->
    receive
        {quit, Reason} -> exit(Reason);
        {'EXIT', _, _} -> child()
    end.
