%% Runs the cases and prints one line each. Our own, not common_test or eunit: it needs erlang-base alone, so any OTP that
%% a chroot holds will do; a case may be skipped for a reason; and Elixir's cases run the same way.
-module(case_runner).
-export([start/1, main/2]).

-define(CASE_SECONDS, 40).

modules() -> [message_cases, term_cases, link_cases, monitor_cases, otp_cases, group_cases, node_cases, load_cases].

%% For `erl -run`, which must not wait.
start(Facts) -> spawn(fun() -> main(Facts, lists:flatmap(fun(Module) -> Module:cases() end, modules())) end).

%% A case is {Name, Fun} or {Name, skip, Reason}.
main(Facts, Cases) ->
    Words = actor:open(Facts),
    {ok, _} = pg:start(pg),
    actor:meet(),
    Wanted = [Case || Case <- Cases, is_wanted(atom_to_list(element(1, Case)), Words)],
    lists:foreach(fun run/1, Wanted),
    io:format("the end~n"),
    erlang:halt(0).

is_wanted(Name, Words) -> Words =:= [] orelse lists:any(fun(Word) -> string:find(Name, Word) =/= nomatch end, Words).

play(Body) ->
    actor:meet(),
    try Body() after actor:dismiss() end,
    exit(case_passed).

run({Name, skip, Reason}) -> io:format("skipped ~s: ~s~n", [Name, Reason]);
run({Name, Body}) ->
    Began = erlang:monotonic_time(millisecond),
    {Pid, Monitor} = spawn_monitor(fun() -> play(Body) end),
    Outcome =
        receive
            {'DOWN', Monitor, process, Pid, case_passed} -> passed;
            {'DOWN', Monitor, process, Pid, Reason} -> Reason
        after ?CASE_SECONDS * 1000 ->
            Where = process_info(Pid, current_stacktrace),
            exit(Pid, kill),
            {no_end_within_seconds, ?CASE_SECONDS, Where}
        end,
    Took = erlang:monotonic_time(millisecond) - Began,
    case Outcome of
        passed -> io:format("passed ~s (~b ms)~n", [Name, Took]);
        Why -> io:format("failed ~s (~b ms): ~0tP~n", [Name, Took, Why, 25])
    end.
