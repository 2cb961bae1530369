%% Savina's Chameneos: 100 creatures meet in pairs at one mall and change colours.
-module(chameneos).
-export([run/1, expected/1]).

-define(CREATURES, 100).
-define(COLORS, 3).

expected(Size) -> 2 * Size.

run(Size) ->
    Mall = self(),
    [spawn_link(fun() -> meet(Mall, I rem ?COLORS, 0) end) || I <- lists:seq(0, ?CREATURES - 1)],
    mall(Size),
    close(?CREATURES, 0).

mall(0) ->
    ok;
mall(Left) ->
    receive
        {meet, Waiting, _} ->
            receive {meet, _, _} = Meet -> Waiting ! Meet end,
            mall(Left - 1)
    end.

close(0, Met) ->
    Met;
close(Left, Met) ->
    receive
        {meet, Creature, _} ->
            Creature ! fade,
            close(Left, Met);
        {faded, Meetings} ->
            close(Left - 1, Met + Meetings)
    end.

meet(Mall, Color, Meetings) ->
    Mall ! {meet, self(), Color},
    receive
        {meet, Other, OtherColor} ->
            New = complement(Color, OtherColor),
            Other ! {change, New},
            meet(Mall, New, Meetings + 1);
        {change, New} ->
            meet(Mall, New, Meetings + 1);
        fade ->
            Mall ! {faded, Meetings}
    end.

%% The same color stays, two others make the third.
complement(Color, Color) -> Color;
complement(One, Other) -> ?COLORS - One - Other.
