"""What a ranking says, in a sentence: who leads, who cannot be told apart."""

from collections.abc import Sequence

from bench.leaderboard.board import Board
from bench.leaderboard.board_notes import sorted_by
from bench.leaderboard.standing import Standing
from bench.names import shown

NAMED = 4  # entries of a shared first place that are named


def verdict(board: Board) -> str:
    """Who leads, from the intervals of the ranks: an entry may be the first where none is told to be better."""
    ranked = board.ranked
    if not ranked:
        return ""
    first, others = ranked[0], len(ranked) - 1
    if not others:
        return f"{_name(first)} is the only ranked entry."
    if any(one.rank is None or one.rank.first is None for one in ranked):
        return (
            f"{_name(first)} comes first by the {sorted_by(board)}, which has no known interval: others may be as good."
        )
    leaders = [one for one in ranked if one.rank and one.rank.first == 1]
    if len(leaders) > 1:
        count = sum(board.record.rules.protocol.generated)
        few = " and so few seeds" if any(one.seeds for one in leaders) else ""
        return f"{_named(leaders)} share first place: {count:,} images{few} cannot tell them apart."
    if first.rank and first.rank.last == 1:
        rest = "the other entry" if others == 1 else f"each of the {others:,} others"
        return f"{_name(first)} leads: it is told apart from {rest}."
    return f"{_name(first)} leads: for every other entry, some entry is told to be better."


def _named(leaders: Sequence[Standing]) -> str:
    names = [_name(one) for one in leaders]
    if len(names) > NAMED:
        names = [*names[: NAMED - 1], f"{len(names) - NAMED + 1:,} more"]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _name(one: Standing) -> str:
    model, comma, mean = shown(one.name).rpartition(", mean of ")
    return f"{model} (mean of {mean})" if one.seeds and comma else mean
