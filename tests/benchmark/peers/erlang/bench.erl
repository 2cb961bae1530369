%% bench:main([Kernel, Size]): one measured round, after an unmeasured one of a tenth of the size. Prints seconds.
%% bench:main(["version"]): prints the OTP release.
-module(bench).
-export([main/1]).

main(["version"]) ->
    io:format("~s~n", [erlang:system_info(otp_release)]),
    halt(0);
main([Name, Size]) ->
    Kernel = list_to_atom(Name),
    Operations = list_to_integer(Size),
    _ = round(Kernel, Operations div 10),
    io:format("~.9f~n", [round(Kernel, Operations)]),
    halt(0).

%% In a process of its own, so that no round inherits the heap of another.
round(Kernel, Size) ->
    Began = erlang:monotonic_time(nanosecond),
    {Pid, Monitor} = spawn_monitor(fun() -> exit({counted, Kernel:run(Size)}) end),
    receive
        {'DOWN', Monitor, process, Pid, {counted, Count}} ->
            Seconds = (erlang:monotonic_time(nanosecond) - Began) / 1.0e9,
            check(Kernel, Size, Count, Kernel:expected(Size)),
            Seconds;
        {'DOWN', Monitor, process, Pid, Reason} ->
            io:format(standard_error, "~s of size ~b: ~p~n", [Kernel, Size, Reason]),
            halt(1)
    end.

check(_, _, Count, Count) ->
    ok;
check(Kernel, Size, Count, Expected) ->
    io:format(standard_error, "~s of size ~b: counted ~p instead of ~p~n", [Kernel, Size, Count, Expected]),
    halt(1).
