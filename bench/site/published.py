"""What whoever publishes a site says of it: its title, where entries are sent to, the licence of its data."""

from dataclasses import dataclass

from bench.names import shown
from bench.settings.boards import TITLE
from bench.site.links import safe_link
from metrics.errors import InputError

MOST = 200  # letters of a title or a licence


@dataclass(frozen=True)
class Published:
    """`title` stands on every page; `source` is the address of the repository that holds the results, "" where none is
    named; `licence` is that of the numbers and pictures, in words."""

    title: str = TITLE
    source: str = ""
    licence: str = ""


UNSAID = Published()


def check_published(about: Published) -> Published:
    """The same; InputError for an address that is no web address, and for words that are none or too many."""
    if about.source and not safe_link(about.source):
        raise InputError(
            f"--source is {about.source!r}; expected the http or https address of the repository that holds the results"
        )
    for name, words in (("title", about.title), ("licence", about.licence)):
        if len(words) > MOST or words != shown(words) or (name == "title" and not words.strip()):
            raise InputError(f"--{name} is {shown(words)[:MOST]!r}; expected 1 to {MOST} letters in one line")
    return about
