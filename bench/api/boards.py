"""The leaderboard: `submit`, `verify`, `leaderboard`, `compare`, `site`."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from bench.api.desk import Submitted, desk_of, measuring, way_of
from bench.options import checked, known
from bench.settings.boards import Refeaturing, Said, SiteSettings, SubmitSettings, VerifySettings
from bench.storage.result_places import OWN, in_words, only_read, results_folder
from bench.tables.several import Tables
from genbench.places import expanded
from metrics.errors import InputError
from metrics.options import place, switch, text

if TYPE_CHECKING:
    from bench.leaderboard.compare import Comparison
    from bench.leaderboard.entries import About
    from bench.measuring.findings import Finding
    from bench.site import Site
    from bench.submissions import Verdict


def submit(
    path: str | Path,
    *,
    track: str,
    name: str,
    say: Callable[[str], object] = str,
    found: "Callable[[tuple[Finding, ...]], object]" = id,
    **settings: Unpack[SubmitSettings],
) -> Submitted:
    """Checks images, or a model that makes them, measures them and writes an entry below `results`.

    `path` is a set of images (a folder, an archive, an array or a pattern); a checkpoint or run of this project; an
    .onnx or TorchScript generator with its `noise_dim`. `dry_run` checks and stops. `say` is told how a generator is
    kept apart before it runs, `found` what the checks found before anything is measured. Raises Refused, an InputError,
    where they found errors.
    """
    from bench.leaderboard.tracks import find_track
    from bench.submissions.writing import earlier_of, new_path

    how, images = checked(SubmitSettings, settings), expanded(place(path, "the path"))
    chosen, about = find_track(text(track, "track")), about_of(name, how)
    if not how["dry_run"]:
        earlier_of(new_path(how["results"], chosen.name, about.name), about.name, force=how["force"])
    return desk_of(chosen, how, say).hand_in(images, about, found)


def verify(
    entry: str | Path | None = None,
    *,
    images: str | Path | None = None,
    checkpoint: str | Path | None = None,
    say: Callable[[str], object] = str,
    **settings: Unpack[VerifySettings],
) -> "list[Verdict]":
    """What is wrong with an entry, the path of its JSON or TRACK/NAME, and which level it reaches; without one, with
    all below `results`.

    1 consistent; 2 recomputed from the submitted `images`; 3 made again by the `checkpoint`. The level goes to
    verified.json beside the entry, unless this is a published one that is read beside `results`. Raises InputError
    where nothing can be checked.
    """
    from bench.submissions import Source, find_entry, verify_all, verify_one

    how = checked(VerifySettings, settings)
    if entry is None:
        if images is not None or checkpoint is not None:
            raise InputError("images and a checkpoint are of one entry; name it")
        return verify_all(how["results"])
    path, below = find_entry(str(place(entry, "the entry")), how["results"])
    write = not only_read(how["results"], below)
    if images is None and checkpoint is None:
        return [verify_one(path, below, None, write=write)]
    made, model = (None if one is None else expanded(place(one, "the path")) for one in (images, checkpoint))
    source = Source(made, model, way_of(how, say), measuring(how), how["data_root"], how["workers"], how["progress"])
    return [verify_one(path, below, source, write=write)]


def leaderboard(track: str | None = None, *, sort: str | None = None, results: str | Path = OWN) -> Tables:
    """The ranking of a track with the ranks that the data allow, and what is not ranked; without one, all tracks.

    `sort` is the score that entries are ranked by, `mean-log-ratio`, or `way-to-noise`, which is the usual one where an
    extractor predicts classes (else the corrected FID). Pairs of entries that numbers order in two ways are a table of
    their own. `warnings` name damaged entries, which are left out. Raises
    InputError where there is no entry.
    """
    from bench.leaderboard.board import read_board, read_boards, tracks_with_entries
    from bench.leaderboard.board_tables import everything, not_ranked, overview, ranking
    from bench.leaderboard.disputes import disputes, table_of
    from bench.tables.seed_means import ONE_SEED_EACH

    where = results_folder(results)
    if track:
        board = read_board(where, track, sort)
        disputed = table_of(board, disputes(where, board))
        first = ranking(board)
        if board.ranked and not any(one.seeds for one in board.ranked):
            first = replace(first, notes=(*first.notes, ONE_SEED_EACH))
        tables = (first, *filter(None, [not_ranked(board), disputed]), everything(board))
        return Tables(tables, tuple(board.damaged_lines))
    if sort:
        raise InputError("--sort needs a TRACK, because numbers of different tracks are never in one ranking")
    names = tracks_with_entries(where)
    if not names:
        raise InputError(f"no entries below {in_words(where)}; make one with `bench submit`, or give --results")
    boards, damaged = read_boards(where, names)
    return Tables((overview(boards),), tuple(damaged))


def compare(a: str | Path, b: str | Path, *, track: str | None = None, **settings: Unpack[Refeaturing]) -> "Comparison":
    """The difference of two entries, records of runs or sets of images in every score, with its 95 % interval.

    Images are measured by the rules of `track`. Raises InputError where both do not answer one question.
    """
    from bench.leaderboard.compare import compare as compare_sides
    from bench.leaderboard.contestants import side_of
    from bench.leaderboard.measured_contestants import measured_by

    how = checked(Refeaturing, settings)
    measure_images = measured_by(track, how["data_root"], how["progress"], **measuring(how))
    sides = [side_of(str(place(given, "a side")), how["results"], measure_images) for given in (a, b)]
    return compare_sides(*sides)


def site(
    output: str | Path, *, results: str | Path = OWN, force: bool = False, **settings: Unpack[SiteSettings]
) -> "Site":
    """Writes the leaderboard below `results` as static pages; what is damaged is left out and named.

    `source` is the web address of the repository that entries are sent to, `licence` that of its numbers and pictures.
    """
    from bench.site import write_site
    from bench.site.published import Published

    where, about = results_folder(results), Published(**checked(SiteSettings, settings))
    return write_site(where, expanded(place(output, "output")), force=switch(force, "force"), about=about)


def about_of(name: str, how: SubmitSettings) -> "About":
    """What a submitter says of an entry; InputError for what cannot stand on a page."""
    from bench.leaderboard.entries import About
    from bench.submissions.about import check_about

    said = {key: how[key] for key in known(Said)}  # type: ignore[literal-required]
    return check_about(About(name=text(name, "name"), **said))
