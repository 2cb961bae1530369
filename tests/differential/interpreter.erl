%% Runs programs (program.hpp says what they are made of) on Erlang itself, and writes down what their processes saw.
%%
%% Wants one scheduler (`erl +S 1:1`): then nobody else has anything to do when the run queue is empty while the
%% coordinator runs, and so the end of a step is seen and not guessed.
-module(interpreter).
-export([main/2]).

%% Reads terms {Seed, Roots, Ordered, Free}, writes terms {trace, [{Step, Process, Event}]}.
main(In, Out) ->
    {ok, Programs} = file:consult(In),
    {ok, File} = file:open(Out, [write, {delayed_write, 1 bsl 20, 1000}]),
    [io:put_chars(File, io_lib:format("~0p.~n", [run(Program)])) || Program <- Programs],
    ok = file:close(File).

run({_Seed, Roots, Ordered, Free}) ->
    ets:new(trace, [named_table, public, ordered_set]),
    ets:new(names, [named_table, public]),
    ets:insert(names, {step, 0}),
    Coordinator = self(),
    [start(Root, fun(Body) -> spawn(Body) end, Coordinator) || Root <- Roots],
    settle(),
    [begin next_step(), perform(Step), settle_after(Step) end || Step <- Ordered],
    next_step(),
    [perform(Step) || Step <- Free],
    settle(),
    next_step(),
    [final(Name, Pid) || {Name, Pid} <- processes_of_program(), is_process_alive(Pid)],
    Trace = [{Step, Name, Event} || {_, Step, Name, Event} <- ets:tab2list(trace)],
    clean_up(),
    {trace, Trace}.

perform({Name, Instruction}) ->
    case ets:lookup(names, Name) of
        [{_, Pid}] -> Pid ! {do, Instruction};
        [] -> nobody_yet
    end.

settle_after({_, {ticks, Ticks}}) ->
    settle(),
    %% Armed after those of the process, and due after them.
    erlang:send_after(lists:max([Delay || {Delay, _} <- Ticks]) + 1, self(), all_ticked),
    receive all_ticked -> settle() end;
settle_after(_) ->
    settle().

settle() ->
    case statistics(total_run_queue_lengths) of
        0 ->
            case watch_and_record(false) of
                true -> settle();
                false -> ok
            end;
        _ ->
            erlang:yield(),
            settle()
    end.

%% Whether there was anything.
watch_and_record(Before) ->
    receive
        {spawned, Pid} ->
            monitor(process, Pid),
            watch_and_record(true);
        {'DOWN', _, process, Pid, Reason} ->
            record(name(Pid), {ended, Reason}),
            watch_and_record(true)
    after 0 -> Before
    end.

next_step() -> ets:update_counter(names, step, 1).

record(Name, Event) ->
    Step = ets:lookup_element(names, step, 2),
    ets:insert(trace, {erlang:unique_integer([monotonic]), Step, Name, Event}).

processes_of_program() -> [Entry || {_, Pid} = Entry <- ets:tab2list(names), is_pid(Pid)].

final(Name, Pid) ->
    Links = [name(Link) || Link <- element(2, process_info(Pid, links))],
    Monitored = [name(Watcher) || Watcher <- element(2, process_info(Pid, monitored_by)), Watcher =/= self()],
    record(Name, {final, lists:sort(Links), lists:sort(Monitored)}).

clean_up() ->
    Pids = [Pid || {_, Pid} <- processes_of_program()],
    [exit(Pid, kill) || Pid <- Pids],
    settle(),
    ets:delete(trace),
    ets:delete(names).

start(Name, Spawn, Coordinator) ->
    Result = Spawn(fun() -> loop(#{name => Name, coordinator => Coordinator, slots => #{}, calls => #{}, held => #{}}) end),
    Pid = case Result of {P, _} -> P; P -> P end,
    ets:insert(names, [{Name, Pid}, {{pid, Pid}, Name}]),
    Coordinator ! {spawned, Pid},
    Result.

name(Pid) -> ets:lookup_element(names, {pid, Pid}, 2).

loop(#{name := Name, slots := Slots, calls := Calls, held := Held} = State) ->
    receive
        {do, Instruction} ->
            loop(do(Instruction, State));
        {message, From, Value} ->
            record(Name, {message, From, Value}),
            loop(State);
        {tick, Label} ->
            record(Name, {tick, Label}),
            loop(State);
        {'EXIT', From, Reason} ->
            record(Name, {exit, name(From), Reason}),
            loop(State);
        {call, From, Reference, Call, When} ->
            record(Name, {called, name(From), Call}),
            case When of
                at_once ->
                    From ! {answer, Reference, Call},
                    loop(State);
                later ->
                    loop(State#{held := Held#{Call => {From, Reference}}})
            end;
        {answer, Reference, Value} when is_map_key(Reference, Calls) ->
            demonitor(Reference, [flush]),
            record(Name, {answer, map_get(Reference, Calls), Value}),
            loop(State#{calls := maps:remove(Reference, Calls)});
        {'DOWN', Reference, process, _, Reason} when is_map_key(Reference, Calls) ->
            record(Name, {no_answer, map_get(Reference, Calls), Reason}),
            loop(State#{calls := maps:remove(Reference, Calls)});
        {'DOWN', Reference, process, Who, Reason} ->
            [Slot] = [Slot || {Slot, Known} <- maps:to_list(Slots), Known =:= Reference],
            record(Name, {down, who(Who), Slot, Reason}),
            loop(State)
    end.

who({Registered, _Node}) -> Registered;
who(Pid) -> name(Pid).

%% Instructions about a process that was never spawned do nothing.
do({Spawn, Child}, State) when Spawn =:= spawn; Spawn =:= spawn_link ->
    start(Child, fun(Body) -> erlang:Spawn(Body) end, map_get(coordinator, State)),
    State;
do({spawn_monitor, Child, Slot}, State) ->
    {_, Reference} = start(Child, fun(Body) -> spawn_monitor(Body) end, map_get(coordinator, State)),
    keep(Slot, Reference, State);
do({trap_exit, On}, State) ->
    process_flag(trap_exit, On),
    State;
do({exit, Reason}, _State) ->
    exit(Reason);
do({ticks, Ticks}, State) ->
    [erlang:send_after(Delay, self(), {tick, Label}) || {Delay, Label} <- Ticks],
    State;
do({demonitor, Slot}, #{slots := Slots} = State) ->
    case Slots of
        #{Slot := Reference} -> demonitor(Reference, [flush]);
        #{} -> never_monitored
    end,
    State;
do({answer, Call, Value}, #{held := Held} = State) ->
    case Held of
        #{Call := {From, Reference}} -> From ! {answer, Reference, Value};
        #{} -> never_called
    end,
    State#{held := maps:remove(Call, Held)};
do({send_name, Registered, Value}, #{name := Name} = State) ->
    Sent = try Registered ! {message, Name, Value} of _ -> true catch error:badarg -> false end,
    record(Name, {sent, Registered, Sent}),
    State;
do({monitor_name, Registered, Slot}, State) ->
    keep(Slot, monitor(process, Registered), State);
do({unregister, Registered}, #{name := Name} = State) ->
    record(Name, {unregistered, Registered, try unregister(Registered) catch error:badarg -> false end}),
    State;
do({whereis, Registered}, #{name := Name} = State) ->
    Found = case whereis(Registered) of undefined -> undefined; Pid -> name(Pid) end,
    record(Name, {whereis, Registered, Found}),
    State;
do(Instruction, State) ->
    case ets:lookup(names, element(2, Instruction)) of
        [{_, Pid}] -> do_to(Pid, Instruction, State);
        [] -> State
    end.

do_to(Pid, {link, _}, State) ->
    %% An error with a stack trace when nobody is there and exits are not trapped; the reason is what matters here.
    try link(Pid) catch error:noproc -> exit(noproc) end,
    State;
do_to(Pid, {unlink, _}, State) ->
    unlink(Pid),
    State;
do_to(Pid, {monitor, _, Slot}, State) ->
    keep(Slot, monitor(process, Pid), State);
do_to(Pid, {send, _, Values}, #{name := Name} = State) ->
    [Pid ! {message, Name, Value} || Value <- Values],
    State;
do_to(Pid, {exit, _, Reason}, State) ->
    exit(Pid, Reason),
    State;
do_to(Pid, {call, _, Call, When}, #{calls := Calls} = State) ->
    Reference = monitor(process, Pid),
    Pid ! {call, self(), Reference, Call, When},
    State#{calls := Calls#{Reference => Call}};
do_to(Pid, {register, _, Registered}, #{name := Name} = State) ->
    record(Name, {registered, Registered, try register(Registered, Pid) catch error:badarg -> false end}),
    State.

keep(Slot, Reference, #{slots := Slots} = State) -> State#{slots := Slots#{Slot => Reference}}.
