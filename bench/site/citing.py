"""What to cite for an entry and for a track, as BibTeX."""

from functools import cache

from bench import registry
from bench.leaderboard.board import Board
from bench.leaderboard.entries import Entry
from bench.protocol import Protocol
from bench.reporting.citations import Reference, cited, each_once, software, without_commands
from bench.site.links import safe_link
from bench.site.published import Published


def cited_by_track(board: Board) -> tuple[Reference, ...]:
    """The papers of its data set, metrics and extractor, and this software."""
    return each_once([*_measuring(board.record.rules.protocol), software()])


def cited_by_entry(entry: Entry, about: Published) -> tuple[Reference, ...]:
    """The entry itself, the papers of its model, and those of its track."""
    model = _known("models", entry.origin.model)
    return each_once([_itself(entry, about), *model, *_measuring(entry.rules.protocol), software()])


def _itself(entry: Entry, about: Published) -> Reference:
    said = entry.about
    told = {
        "author": without_commands(said.authors) or "{The authors of this suite}",
        "title": f"{{{without_commands(said.name)}}}, an entry of the track {without_commands(entry.track)}",
        "howpublished": without_commands(about.title),
        "year": entry.created_utc[:4],
        "url": _url(safe_link(said.link) or safe_link(said.code) or about.source),
        "note": without_commands(f"{said.paper}. " if said.paper else "") + f"Digest of the images: "
        f"{entry.manifest.digest[:16]}",
    }
    if not said.authors and not entry.origin.reference:
        del told["author"]
    return Reference("misc", f"{entry.track}-{entry.slug}", {name: words for name, words in told.items() if words})


def _url(link: str) -> str:
    """An address that ends no field."""
    return link.replace("{", "%7B").replace("}", "%7D")


def _measuring(protocol: Protocol) -> list[Reference]:
    asked = [("datasets", protocol.dataset.partition("/")[0])]
    asked += [("metrics", one.name) for one in protocol.metrics]
    asked += [("extractors", protocol.extractor)]
    return [one for kind, name in asked for one in _known(kind, name)]


@cache
def _known(kind: str, name: str) -> tuple[Reference, ...]:
    """What to cite for something that this version has; nothing otherwise."""
    return cited(kind, name) if name in registry.names(kind) else ()
