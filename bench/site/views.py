"""What a track's page shows, as values: tables, drawings, words. The template only lays them out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.leaderboard.board import Board
from bench.leaderboard.board_notes import notes_of, shared, sorted_by
from bench.leaderboard.disputes import Disputes
from bench.leaderboard.track_words import rules_in_words
from bench.leaderboard.tracks import find_track
from bench.measuring.evaluation import NOISE, REAL_2
from bench.site import svg
from bench.site.data_files import track_links
from bench.site.feed import newest
from bench.site.history import History, history
from bench.site.numbers import numbers_shown
from bench.site.places import address, sheet_file
from bench.site.plots import SHAPES, Plot, plots
from bench.site.rows import Head, Landmark, Part, heads_of, line_of, rows_of, scale_of, without_same
from bench.site.strips import HEIGHT
from bench.site.verdicts import verdict
from bench.site.words import about_track, dataset_of, kind_of, submit_command, title_of

LANDMARKS = ((NOISE, "noise", "noise-set"), (REAL_2, "real", "real-2"))  # set, class of its line and of its point
LEVELS = ((1, "consistent or in bounds"), (2, "claimed: at least recomputed"), (3, "claimed: regenerated"))
FIRST = 100  # rows of a table before all are asked for
KINDS = (("submission", "submissions"), ("reference", "reference models"), ("control", "controls"))


@dataclass(frozen=True)
class Choice:
    """One choice of a filter, and how many entries it leaves."""

    value: str
    words: str
    count: int


@dataclass(frozen=True)
class Pictures:
    """The strips of a track: their places by slug, that of real images ("" where there is none), and their size."""

    entries: Mapping[str, str]
    real: str = ""
    width: int = 0
    height: int = HEIGHT


@dataclass(frozen=True)
class TrackView:
    """Everything on the page of a track."""

    name: str
    title: str
    sheet: str
    verdict: str
    landmarks_say: str
    about: str
    count: int
    ranked: Part
    flagged: Part
    controls: Part
    heads: tuple[Head, ...]
    sets: tuple[str, ...]
    levels: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    pictures: Pictures
    first: int
    sorted_by: str
    linear: bool
    seeds: bool
    ticks: tuple[svg.Tick, ...]
    band: svg.Bar | None
    noise: svg.Bar | None
    plots: tuple[Plot, ...]
    shapes: tuple[tuple[str, str], ...]
    disputes: Disputes
    notes: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    submit: str
    files: tuple[tuple[str, str, str], ...]
    date: str
    licence: str
    history: History | None

    @property
    def parts(self) -> dict[str, Part]:
        """Its tables by the ids that they have on the page."""
        return {"ranked": self.ranked, "flagged": self.flagged, "controls": self.controls}


def track_view(board: Board, disputed: Disputes, options: str = "", pictures: Pictures = Pictures({})) -> TrackView:
    """The page of a track; `disputed` are its disputed pairs, `options` what commands need to use its results,
    `pictures` the strips that may be shown."""
    known = [one for one in LANDMARKS if one[0] in board.record.landmarks]
    standings = (*board.listed, *board.flagged, *board.controls)
    numbers, scale = numbers_shown(board), scale_of(board)
    landmarks = {style: Landmark(name, style, line_of(board, numbers, scale, name)) for name, style, _ in known}
    heads = heads_of(board, numbers)
    ranked, flagged, controls = (
        Part(rows_of(board, part, [line_of(board, numbers, scale, one) for one in part], pictures.entries), heads)
        for part in (board.listed, board.flagged, board.controls)
    )
    part = without_same(replace(ranked, landmarks=tuple(landmarks.values())))
    return TrackView(
        name=board.record.track,
        title=title_of(board.record.rules),
        sheet=address(sheet_file(board.record.track)),
        verdict=verdict(board),
        landmarks_say=_landmarks_say(heads, landmarks),
        about=about_track(board.record),
        count=len(standings),
        ranked=part,
        flagged=flagged,
        controls=controls,
        heads=heads,
        sets=_sets(part),
        levels=_choices(
            ((str(least), words, sum(one.level >= least for one in standings)) for least, words in LEVELS),
            every=len(standings),
        ),
        kinds=_choices(
            ((kind, words, sum(kind_of(one.entry) == kind for one in standings)) for kind, words in KINDS),
            every=len(standings),
        ),
        pictures=pictures,
        first=FIRST,
        sorted_by=sorted_by(board),
        linear=scale.unit is None,
        seeds=any(one.seeds for one in board.ranked),
        ticks=svg.interval_ticks(scale),
        band=landmarks["real"].line.bar if "real" in landmarks else None,
        noise=landmarks["noise"].line.bar if "noise" in landmarks else None,
        plots=plots(board, heads, [(name, kind) for name, _, kind in known], standings),
        shapes=SHAPES,
        disputes=disputed,
        notes=(*shared(board.listed), *notes_of(board)),
        rules=tuple(rules_in_words(find_track(board.record.track), board.record.rules)),
        submit=submit_command(board.record.track, options),
        files=track_links(board),
        date=newest([one.entry for one in board.entries])[:10],
        licence=dataset_of(board.record.rules).licence,
        history=history(board),
    )


def _sets(part: Part) -> tuple[str, ...]:
    """The sets of columns that can be chosen; () where all are one."""
    styles = {head.style for head in part.heads} | ({"copies"} if part.levels else {"rest"} if part.dates else set())
    copies = ("copies",) if "copies" in styles else ()
    return ("quality", *copies, "all") if styles - {"drawn", "number"} else ()


def _landmarks_say(heads: Sequence[Head], landmarks: Mapping[str, Landmark]) -> str:
    """What real images and noise score, by the number that is drawn."""
    place, head = next((place, head) for place, head in enumerate(heads) if head.drawn)
    said = [
        f"{what} {landmarks[style].line.numbers[place].shown}"
        for style, what in (("real", "real images get"), ("noise", "noise gets"))
        if style in landmarks
    ]
    return f"{head.whole}: {', '.join([*said, head.better + ' is better'])}."


def _choices(found: Iterable[tuple[str, str, int]], every: int) -> tuple[Choice, ...]:
    """The choices that leave some entries and not all of them."""
    return tuple(Choice(*one) for one in found if 0 < one[2] < every)
