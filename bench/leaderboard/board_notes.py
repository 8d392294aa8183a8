"""What stands under the tables of a board."""

from collections.abc import Iterable
from dataclasses import replace

from bench.leaderboard.balance import WORDS
from bench.leaderboard.board import Board
from bench.leaderboard.seeds import apart_of
from bench.leaderboard.standing import Standing
from bench.measuring.evaluation import NOISE, REAL_2
from bench.tables.notes import bias_note, extractor_note
from bench.tables.seed_means import BETWEEN, COVERS, seed_mean
from bench.tables.table import Cell, decimals_of, text

VERIFIED_NOTE = (
    "verified: `bench verify --all` checks again whether an entry is consistent (its scores follow from the stored "
    "features) or in bounds (they are possible by the stored moments). A claimed level needs the images or the model; "
    "with these you can check it again"
)
BALANCE_NOTE = (
    f"fidelity (precision, IS) is how real single images look, variety (recall, coverage) how much of the real images "
    f"the set has: each good from {100 * WORDS[0][0]:.0f} % of {REAL_2} on, fair from {100 * WORDS[1][0]:.0f} % on"
)


def sorted_by(board: Board) -> str:
    """What a board is sorted by, in a sentence: `corrected FID`, of FID, corrected; `way to noise`."""
    title, corrected, _ = board.sorted_by.output.title.partition(", corrected")
    words = title if title[1:2].isupper() else title[:1].lower() + title[1:]
    return f"corrected {words}" if corrected else words


def shared(standings: Iterable[Standing]) -> list[str]:
    """What entries share with others, one line for each."""
    return [f"{one.entry.about.name}: {'; '.join(one.twins)}" for one in standings if one.twins]


def notes_of(board: Board) -> tuple[str, ...]:
    """What stands under the ranking."""
    protocol, count = board.record.rules.protocol, board.record.rules.protocol.generated[0]
    landmarks = (
        f"{REAL_2} and {NOISE} are landmarks: a perfect generator would score like {REAL_2}, and a generator that "
        f"learned nothing would score like {NOISE}"
    )
    return (
        _about_ranks(board),
        *_about_seeds(board),
        BALANCE_NOTE,
        landmarks,
        VERIFIED_NOTE,
        extractor_note(protocol, f"track id {board.record.track_id}"),
        bias_note(protocol, count),
        *board.damaged_lines,
    )


def _about_seeds(board: Board) -> list[str]:
    """The spread between the seeds of each model that has several, beside the sampling error of one."""
    several, number = [one for one in board.ranked if one.seeds], board.sorted_by
    lines = []
    for one in several:
        apart = apart_of([seed.influence for seed in one.seeds])
        mean = seed_mean(number, [seed.scores for seed in one.seeds], apart)
        if mean and mean.between is not None:
            between = Cell(mean.between, mean.between_low, mean.between_high)
            cells = (replace(cell, decimals=decimals_of([between])) for cell in (between, Cell(mean.sampling)))
            spread, sampling = map(text, cells)
            lines.append(f"{one.name}, {sorted_by(board)}: spread between seeds {spread}, sampling error {sampling}")
    alone = len(board.ranked) > len(several)
    known = ("of entries with one seed the spread between seeds is not known: their ranks hold for these trainings",)
    return [*lines, COVERS, BETWEEN, *(known if alone else ())] if several else []


def _about_ranks(board: Board) -> str:
    if not any(one.rank and one.rank.first for one in board.ranked):
        return f"by {sorted_by(board)}, which has no known interval: neighbours may be equally good"
    paired = board.sorted_by.paired or any(one.influence is not None for one in board.listed)
    how = "paired differences on the same real images" if paired else "differences"
    return (
        f"each rank has a 95 % interval, from {how} between the entry and all others (Holm). A group is an entry and "
        "the entries after it that cannot be told apart from it"
    )
