"""Where everything lies in a site, as addresses from its top folder."""

from pathlib import PurePosixPath
from urllib.parse import quote

from bench.leaderboard.entries import Entry

INDEX, GALLERY, METRICS, READING = "index.html", "gallery.html", "metrics.html", "reading.html"
FEED = "feed.atom"


def track_file(track: str) -> str:
    """The page of a track."""
    return f"tracks/{track}.html"


def entry_file(entry: Entry) -> str:
    """The page of an entry."""
    return f"entries/{entry.track}/{entry.slug}.html"


def data_file(track: str, kind: str) -> str:
    """The data of a track as a file of a kind: csv, json, bib, atom or js."""
    return f"tracks/{track}.{kind}"


def entry_data_file(entry: Entry, kind: str) -> str:
    """An entry as a file of a kind: json or bib."""
    return f"entries/{entry.track}/{entry.slug}.{kind}"


def picture_file(entry: Entry, picture: str) -> str:
    """A picture of an entry."""
    return f"pictures/{entry.track}/{entry.slug}/{picture}"


def strip_file(track: str, slug: str) -> str:
    """Some images of an entry in a row."""
    return f"strips/{track}/{slug}.webp"


def real_file(track: str) -> str:
    """Some real images of a track in a row."""
    return f"strips/{track}.webp"


def sheet_file(track: str) -> str:
    """What the style sheet of the site cannot know of a track."""
    return f"tracks/{track}.css"


def address(file: str) -> str:
    """A file's relative address, as it stands in a link."""
    return quote(file)


def up_from(file: str) -> str:
    """The way from a page to the top: "../" for every folder that it is in."""
    return "../" * (len(PurePosixPath(file).parts) - 1)


def track_href(track: str) -> str:
    return address(track_file(track))


def entry_href(entry: Entry) -> str:
    return address(entry_file(entry))
