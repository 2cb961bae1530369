%% What cases are made of: puppets (processes of the Troupe node), what they do and see, and the stage hand who starts
%% and ends nodes. Everything waits with a deadline.
-module(actor).
-export([open/1, fact/1, node_under_test/0, meet/0, meets/0]).
-export([puppet/0, dismiss/0, root/0, do/2, tell/2, sees/1, sees/2, sees_nothing/1, is_down/2, gets/1, gets/2, gets_nothing/0]).
-export([bystander/0, bystander/1, ended_process/0, stage/1, start_erlang/3, eventually/1]).

-define(DEADLINE, 10000).

%% Node, its visibility, ours, who connects first, the stage hand's port; then the words that choose cases.
open([Node, Troupe, Erlang, Connects, Port | Words]) ->
    persistent_term:put(facts, #{node => list_to_atom(Node), troupe => list_to_atom(Troupe),
                                 erlang => list_to_atom(Erlang), connects => list_to_atom(Connects),
                                 port => list_to_integer(Port)}),
    Words.

fact(Key) -> maps:get(Key, persistent_term:get(facts)).
node_under_test() -> fact(node).

%% The first meeting is made by whoever is to make it, every later one by us.
meet() ->
    case {fact(connects), get_met()} of
        {troupe, false} ->
            ok = net_kernel:monitor_nodes(true, #{node_type => all}),
            io:format("waits for ~s~n", [node_under_test()]),
            receive {nodeup, Node, _} -> Node = node_under_test() after ?DEADLINE -> error(nobody_came) end,
            ok = net_kernel:monitor_nodes(false, #{node_type => all});
        _ -> meets()
    end,
    persistent_term:put(met, true).

get_met() -> persistent_term:get(met, false).

meets() -> eventually(fun() -> net_adm:ping(node_under_test()) =:= pong end).

%% A fresh puppet of the calling process, which lives as long as its case: a later one shall not see it talk.
puppet() ->
    Puppet = do(root(), {spawn, none, self()}),
    put(puppets, [Puppet | puppets()]),
    Puppet.
puppets() -> case get(puppets) of undefined -> []; Puppets -> Puppets end.
dismiss() -> [exit(Puppet, kill) || Puppet <- puppets()].
root() -> {puppet, node_under_test()}.

do(Puppet, Command) ->
    Tag = tell(Puppet, Command),
    receive {Tag, Result} -> Result after ?DEADLINE -> error({no_answer_to, Command}) end.

tell(Puppet, Command) ->
    Tag = make_ref(),
    Puppet ! {do, self(), Tag, Command},
    Tag.

%% The next thing that the puppet saw, or that one, which must be the next.
sees(Puppet) -> receive {saw, Puppet, Seen} -> Seen after ?DEADLINE -> error({sees_nothing, Puppet}) end.
sees(Puppet, Wanted) ->
    case sees(Puppet) of
        Wanted -> ok;
        Other -> error({wanted, Wanted, saw, Other})
    end.

%% Its answer comes behind whatever it saw before.
sees_nothing(Puppet) ->
    here = do(Puppet, {echo, here}),
    receive {saw, Puppet, Seen} -> error({saw, Seen}) after 0 -> ok end.

gets(Wanted) -> gets(fun(Message) -> Message =:= Wanted end, Wanted).
gets(Is, Wanted) ->
    receive Message -> case Is(Message) of true -> Message; false -> error({wanted, Wanted, got, Message}) end
    after ?DEADLINE -> error({wanted, Wanted, got, nothing})
    end.
gets_nothing() -> receive Message -> error({got, Message}) after 0 -> ok end.

is_down(Monitor, Reason) ->
    receive
        {'DOWN', Monitor, process, _, Reason} -> ok;
        {'DOWN', Monitor, process, _, Other} -> error({wanted, Reason, down_with, Other})
    after ?DEADLINE -> error({not_down, Reason})
    end.

%% A process of ours that ends with what it is sent as {stop, Reason}; with `report` it tells its maker what else it
%% gets.
bystander() -> bystander(silent).
bystander(How) ->
    Maker = self(),
    Pid = spawn(fun() -> stand_by(How, Maker) end),
    Pid ! {ready, self()},
    receive {Pid, ready} -> Pid after ?DEADLINE -> error(no_bystander) end.

stand_by(trapping, Maker) -> process_flag(trap_exit, true), stand_by(report, Maker);
stand_by(How, Maker) ->
    receive
        {stop, Reason} -> exit(Reason);
        {ready, From} -> From ! {self(), ready};
        {act, From, Act} -> From ! {self(), Act()};
        Other when How =:= report -> Maker ! {bystander, self(), Other};
        _ -> ok
    end,
    stand_by(How, Maker).

ended_process() ->
    {Pid, Monitor} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Monitor, process, Pid, _} -> Pid after ?DEADLINE -> error(not_ended) end.

stage(Order) ->
    {ok, Socket} = gen_tcp:connect({127, 0, 0, 1}, fact(port), [binary, {packet, line}, {active, false}]),
    ok = gen_tcp:send(Socket, [lists:join($\s, Order), $\n]),
    {ok, Answer} = gen_tcp:recv(Socket, 0, ?DEADLINE),
    ok = gen_tcp:close(Socket),
    Answer =:= <<"ok\n">> orelse error({stage, Answer}),
    ok.

%% Another node of Erlang's, up when it answers us by this cookie.
start_erlang(Name, Cookie, Code) ->
    stage(["erlang", "start", Name, Cookie, base64:encode(iolist_to_binary(Code))]),
    Node = list_to_atom(Name),
    erlang:set_cookie(Node, list_to_atom(Cookie)),
    eventually(fun() -> net_adm:ping(Node) =:= pong end),
    Node.

eventually(Condition) -> eventually(Condition, erlang:monotonic_time(millisecond) + ?DEADLINE).
eventually(Condition, Deadline) ->
    case Condition() of
        true -> ok;
        False ->
            erlang:monotonic_time(millisecond) < Deadline orelse error({never, Condition, False}),
            receive after 5 -> eventually(Condition, Deadline) end
    end.
