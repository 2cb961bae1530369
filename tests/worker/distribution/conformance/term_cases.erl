%% Terms of every kind go to the node and come back as they were.
-module(term_cases).
-export([cases/0]).
-import(actor, [puppet/0, do/2]).

cases() ->
    [{a_term_of_each_kind_comes_back_unchanged, fun each_kind/0},
     {atoms_of_every_length_and_script_come_back, fun atoms/0},
     {numbers_at_the_edges_come_back, fun numbers/0},
     {floats_keep_their_bits, fun floats/0},
     {identities_of_other_nodes_and_incarnations_come_back, fun identities/0},
     {large_tuples_lists_and_maps_come_back, fun large/0},
     {terms_nested_nine_thousand_deep_come_back, fun deep/0},
     {a_term_nested_deeper_than_is_taken_ends_the_connection_alone, fun too_deep/0},
     {a_fun_that_has_travelled_can_be_called, fun funs/0},
     {a_thousand_random_terms_come_back_unchanged, fun random/0}].

same(P, Term) ->
    case do(P, {echo, Term}) of
        Term -> ok;
        Other -> error({sent, Term, came_back, Other})
    end.
all_same(Terms) ->
    P = puppet(),
    [same(P, Term) || Term <- Terms].

each_kind() ->
    X = "captured",
    all_same([1, -1, 1 bsl 100, 1.5, atom, true, [], {}, #{}, <<>>, <<1, 2, 3>>, <<1:3>>, <<5, 1:1>>, "text", [a | b],
              [1, 2 | #{}], {a, {b, [c]}}, #{a => [1], {b} => #{}}, self(), make_ref(), hd(erlang:ports()),
              fun lists:map/2, fun(Y) -> {X, Y} end, "ä", "日本"]).

atoms() ->
    all_same(['', 'ä', '日本語', 'with space', list_to_atom(lists:duplicate(255, $a)),
              list_to_atom(lists:duplicate(255, $ä)), list_to_atom(lists:duplicate(255, 16#1F600)), nil, undefined]).

numbers() ->
    Edges = [255, 256, (1 bsl 27) - 1, 1 bsl 27, (1 bsl 31) - 1, 1 bsl 31, (1 bsl 59), (1 bsl 63) - 1, 1 bsl 63,
             (1 bsl 64) - 1, 1 bsl 64, 1 bsl (8 * 255), (1 bsl (8 * 255)) - 1, 1 bsl (8 * 256), 1 bsl 100000],
    all_same(Edges ++ [-Edge || Edge <- Edges] ++ [-Edge - 1 || Edge <- Edges]).

floats() ->
    P = puppet(),
    [Bits = term_to_binary(do(P, {echo, Float}))
     || Float <- [0.0, binary_to_term(<<131, 70, 16#80, 0:56>>), 1.0e308, 5.0e-324, -1.5, 1 / 3, 2.0],
        Bits <- [term_to_binary(Float)]].

identities() ->
    Name = <<119, 15, "third@127.0.0.9">>,
    all_same([binary_to_term(<<131, Bytes/binary>>)
              || Bytes <- [<<88, Name/binary, 7:32, 3:32, 5:32>>, <<88, Name/binary, 16#FFFFFFFF:32, 16#FFFFFFFF:32, 9:32>>,
                           <<90, 3:16, Name/binary, 5:32, 1:32, 2:32, 3:32>>,
                           <<90, 5:16, Name/binary, 5:32, 1:32, 2:32, 3:32, 4:32, 5:32>>,
                           <<90, 1:16, Name/binary, 5:32, 1:32>>, <<120, Name/binary, 16#123456789:64, 5:32>>,
                           <<89, Name/binary, 77:32, 5:32>>]]).

large() ->
    all_same([list_to_tuple(lists:seq(1, 65536)), list_to_tuple(lists:seq(1, 255)), list_to_tuple(lists:seq(1, 256)),
              lists:seq(1, 100000), lists:duplicate(65535, $a), lists:duplicate(65536, $a),
              maps:from_list([{I, {I}} || I <- lists:seq(1, 50000)]), maps:from_list([{I, I} || I <- lists:seq(1, 33)])]).

deep() ->
    all_same([nested(fun(Inner) -> {Inner} end, 9000), nested(fun(Inner) -> [Inner] end, 9000),
              nested(fun(Inner) -> #{Inner => value} end, 100)]).

nested(_, 0) -> leaf;
nested(Wrap, Levels) -> Wrap(nested(Wrap, Levels - 1)).

%% Bounds are EtfLimits' (worker/term/etf.hpp); the node and its processes live on.
too_deep() ->
    P = puppet(),
    R = monitor(process, P),
    P ! nested(fun(Inner) -> {Inner} end, 1000000),
    actor:is_down(R, noconnection),
    actor:meets(),
    here = do(P, {echo, here}).

funs() ->
    P = puppet(),
    X = 20,
    {22, 3} = (do(P, {echo, fun(Y) -> {X + Y, 3} end}))(2),
    3 = (do(P, {echo, fun erlang:length/1}))("abc").

random() ->
    P = puppet(),
    [begin
         Seed = rand:export_seed(),
         Term = term(6),
         do(P, {echo, Term}) =:= Term orelse error({seed, Seed, sent, Term})
     end || _ <- [rand:uniform() | lists:seq(2, 1000)]].

%% Of so many levels at most.
term(0) -> leaf(rand:uniform(12));
term(Depth) ->
    case rand:uniform(16) of
        1 -> list_to_tuple(terms(Depth));
        2 -> terms(Depth);
        3 -> terms(Depth) ++ leaf(2);
        4 -> [term(Depth - 1) | leaf(rand:uniform(12))];
        5 -> maps:from_list([{term(Depth - 1), term(Depth - 1)} || _ <- lists:seq(1, rand:uniform(5))]);
        6 -> [X || X <- terms(Depth), is_integer(X)] ++ [{tuple, term(Depth - 1)}];
        _ -> leaf(rand:uniform(12))
    end.

terms(Depth) -> [term(Depth - 1) || _ <- lists:seq(1, rand:uniform(6) - 1)].

leaf(1) -> rand:uniform(512) - 256;
leaf(2) -> some_atom;
leaf(3) -> (rand:uniform(1 bsl 70) - (1 bsl 69)) bsl rand:uniform(200);
leaf(4) -> (rand:uniform() - 0.5) * math:pow(10, rand:uniform(600) - 300);
leaf(5) -> list_to_atom([16#30 + rand:uniform(16#3000) || _ <- lists:seq(1, rand:uniform(5))]);
leaf(6) -> rand:bytes(rand:uniform(300) - 1);
leaf(7) -> Bits = rand:uniform(70), <<(rand:uniform(1 bsl Bits) - 1):Bits>>;
leaf(8) -> [rand:uniform(255) || _ <- lists:seq(1, rand:uniform(20))];
leaf(9) -> make_ref();
leaf(10) -> self();
leaf(11) -> Captured = rand:uniform(1000), fun(X) -> {X, Captured} end;
leaf(12) -> [].
