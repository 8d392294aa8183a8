"""The leaderboard as pages: static files that open from a folder as well as from any web host.

    index.html                      the tracks
    tracks/<track>.html             ranking, intervals drawn, fidelity against diversity, rules
    tracks/<track>.csv .json .bib .atom     the same as data, what to cite, a feed of its newest entries
    entries/<track>/<slug>.html     one entry: pictures, all numbers, where it stands, provenance, commands
    entries/<track>/<slug>.json .bib        the entry as it is stored, what to cite
    pictures/  strips/              previews, neighbours and rows of samples, where the licence allows them
    feed.atom                       the newest entries of all tracks
    gallery.html                    one picture for each model and track
    metrics.html  reading.html      what each number says; what ranks, intervals, flags and levels are
    site.css  site.js  icon.svg     what the pages load; they are readable without scripts
    address.js  compare.js          on the page of a track: what was chosen is in its address; entries side by side
    tracks/<track>.js               the data for that
    site.json                       the list of all these files

The same results give the same bytes: no clock, nothing random, everything sorted. All text that somebody has submitted
is escaped, and a policy in each page allows its own files only.
"""

from dataclasses import dataclass
from pathlib import Path

from bench.leaderboard.board import read_boards, tracks_with_entries
from bench.site.folder import check_place, write_folder
from bench.site.pages import site_files
from bench.site.published import UNSAID, Published, check_published
from bench.storage.result_places import in_words, read_from
from metrics.errors import InputError


@dataclass(frozen=True)
class Site:
    """What was written: the number of tracks, of entries, the files, sorted, and a line for all that is damaged and was
    left out."""

    tracks: int
    entries: int
    files: tuple[str, ...]
    damaged: tuple[str, ...] = ()


def write_site(results: Path, place: Path, *, force: bool = False, about: Published = UNSAID) -> Site:
    """Write the site of a results folder, whole or not at all; `about` is what its publisher says of it.

    A damaged entry, picture or track is left out, and named in what is returned. Raises InputError where there is no
    track that can be shown, where `place` holds anything but a site (unless `force`), where it cannot be written, and
    where `about` cannot be shown.
    """
    check_published(about)
    _check(place, results, force)
    made, damaged = read_boards(results, _tracks(results))
    files = write_folder(place, site_files(made, results, about, damaged), check=lambda: _check(place, results, force))
    entries = sum(len(board.entries) for board in made)
    return Site(len(made), entries, tuple(files), tuple(damaged))


def _check(place: Path, results: Path, force: bool) -> None:
    for folder in read_from(results):
        check_place(place, folder, force)


def _tracks(results: Path) -> list[str]:
    """The tracks with a record or with entries, sorted; InputError where there is none."""
    records = {path.stem for folder in read_from(results) for path in (folder / "tracks").glob("*.json")}
    found = records | set(tracks_with_entries(results))
    if not found:
        raise InputError(
            f"{in_words(results)} holds no track of a leaderboard; name the folder with --results, or `bench submit`"
        )
    return sorted(found)
