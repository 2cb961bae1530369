%% Skynet: a tree of processes, ten children each, whose leaves send their numbers up to be added.
-module(skynet).
-export([run/1, expected/1]).

-define(CHILDREN_MAX, 10).

expected(Size) -> Size * (Size - 1) div 2.

run(Size) ->
    Root = self(),
    spawn(fun() -> node(Root, 0, Size) end),
    receive Sum -> Sum end.

node(Parent, First, 1) ->
    Parent ! First;
node(Parent, First, Leaves) ->
    Children = min(Leaves, ?CHILDREN_MAX),
    grow(Children, Leaves div Children, First, Leaves, self()),
    Parent ! add(Children, 0).

%% The last child takes what does not divide.
grow(1, _, First, Left, Parent) ->
    spawn(fun() -> node(Parent, First, Left) end);
grow(Children, Share, First, Left, Parent) ->
    spawn(fun() -> node(Parent, First, Share) end),
    grow(Children - 1, Share, First + Share, Left - Share, Parent).

add(0, Sum) -> Sum;
add(Missing, Sum) -> receive Value -> add(Missing - 1, Sum + Value) end.
