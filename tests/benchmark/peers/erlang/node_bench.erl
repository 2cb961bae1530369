%% node_bench:main([Kernel, Size]): messages or calls between this node, near@127.0.0.2, and far@127.0.0.3, which it starts
%% with the same distribution as its own. One measured round, after an unmeasured one of a tenth. Prints seconds.
%% node_bench:main(["version"]): prints the OTP release.
-module(node_bench).
-behaviour(gen_server).
-export([main/1, sink/2, init/1, handle_call/3, handle_cast/2]).

main(["version"]) ->
    io:format("~s~n", [erlang:system_info(otp_release)]),
    halt(0);
main([Name, Size]) ->
    {Work, Pairs} = kernel(Name),
    Operations = list_to_integer(Size),
    Far = start_far_node(),
    _ = round(Work, Pairs, Operations div 10, Far),
    io:format("~.9f~n", [round(Work, Pairs, Operations, Far)]),
    halt(0).

kernel("messages_16B_1") -> {{messages, 16}, 1};
kernel("messages_16B_64") -> {{messages, 16}, 64};
kernel("messages_64KiB_1") -> {{messages, 65536}, 1};
kernel("messages_64KiB_64") -> {{messages, 65536}, 64};
kernel("calls_1") -> {calls, 1};
kernel("calls_64") -> {calls, 64}.

start_far_node() ->
    {ok, [[Port]]} = init:get_argument(erl_epmd_port),
    Threads = integer_to_list(erlang:system_info(schedulers)),
    Tls = case init:get_argument(ssl_dist_optfile) of
              {ok, [[File]]} -> ["-proto_dist", "inet_tls", "-ssl_dist_optfile", File];
              error -> []
          end,
    Arguments = ["+S", Threads ++ ":" ++ Threads, "-setcookie", "benchmark", "-start_epmd", "false",
                 "-erl_epmd_port", Port, "-kernel", "inet_dist_use_interface", "{127,0,0,3}",
                 "-pa", filename:dirname(code:which(?MODULE))] ++ Tls,
    {ok, _, Far} = peer:start_link(#{name => far, host => "127.0.0.3", longnames => true,
                                     connection => standard_io, args => Arguments}),
    true = net_kernel:connect_node(Far),
    Far.

round(Work, Pairs, Operations, Far) ->
    Began = erlang:monotonic_time(nanosecond),
    Each = Operations div Pairs,
    Workers = [spawn_monitor(fun() -> exit({done, work(Work, Each, Far)}) end) || _ <- lists:seq(1, Pairs)],
    Done = lists:sum([receive {'DOWN', Monitor, process, Pid, {done, Count}} -> Count end || {Pid, Monitor} <- Workers]),
    Done = Each * Pairs,
    (erlang:monotonic_time(nanosecond) - Began) / 1.0e9.

work({messages, Bytes}, Count, Far) ->
    Sink = spawn(Far, ?MODULE, sink, [self(), Count]),
    send(Sink, binary:copy(<<"x">>, Bytes), Count),
    receive {received, Received} -> Received end;
work(calls, Count, Far) ->
    {ok, Sequence} = rpc:call(Far, gen_server, start, [?MODULE, [], [{spawn_opt, []}]]),
    Answered = call(Sequence, Count, 0),
    gen_server:cast(Sequence, stop),
    Answered.

send(_, _, 0) ->
    ok;
send(Sink, Payload, Left) ->
    Sink ! {data, Payload},
    send(Sink, Payload, Left - 1).

sink(Asker, Expected) -> sink(Asker, Expected, 0).

sink(Asker, Expected, Expected) ->
    Asker ! {received, Expected};
sink(Asker, Expected, Received) ->
    receive {data, _} -> sink(Asker, Expected, Received + 1) end.

call(_, 0, Answered) ->
    Answered;
call(Sequence, Left, Answered) ->
    Next = Answered + 1,
    Next = gen_server:call(Sequence, next, 60000),
    call(Sequence, Left - 1, Next).

init([]) -> {ok, 0}.

handle_call(next, _From, Last) -> {reply, Last + 1, Last + 1}.

handle_cast(stop, Last) -> {stop, normal, Last}.
