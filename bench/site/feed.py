"""Atom feeds (RFC 4287) of the newest entries. Their times are those of the entries, so the same results give the same
bytes; their addresses are relative, so they work at any address."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from bench.leaderboard.entries import Entry
from bench.site.places import address, entry_file, up_from
from bench.site.published import Published
from bench.storage.provenance import time_of

ATOM = "http://www.w3.org/2005/Atom"
MOST = 50  # entries of a feed
FIRST = "1970-01-01T00:00:00Z"  # of a feed without entries
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class News:
    """An entry and what is said of it."""

    entry: Entry
    summary: str


def newest(entries: Sequence[Entry]) -> str:
    """When the newest of these was made; "" where there is none."""
    return max((one.created_utc for one in entries if time_of(one.created_utc)), default="")


def feed(file: str, title: str, about: Published, news: Sequence[News]) -> bytes:
    """The feed that will lie at `file`: the newest entries, the newest first."""
    known = [one for one in news if time_of(one.entry.created_utc)]
    known.sort(key=lambda one: (one.entry.created_utc, one.entry.track, one.entry.slug), reverse=True)
    root = ElementTree.Element("feed", xmlns=ATOM)
    _add(root, "id", _id("feed", about.source, about.title, file))
    _add(root, "title", title)
    _add(root, "updated", newest([one.entry for one in known]) or FIRST)
    _add(ElementTree.SubElement(root, "author"), "name", about.title)
    _add(root, "generator", "bench site")
    if about.licence:
        _add(root, "rights", about.licence)
    for one in known[:MOST]:
        _add_entry(root, file, one)
    ElementTree.indent(root, " ")
    made: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return made + b"\n"


def _add_entry(root: ElementTree.Element, file: str, one: News) -> None:
    entry = one.entry
    made = ElementTree.SubElement(root, "entry")
    _add(made, "id", _id(entry.track_id, entry.slug, entry.created_utc))
    _add(made, "title", f"{entry.about.name} on {entry.track}")
    _add(made, "updated", entry.created_utc)
    if entry.about.authors:
        _add(ElementTree.SubElement(made, "author"), "name", entry.about.authors)
    ElementTree.SubElement(
        made, "link", rel="alternate", type="text/html", href=up_from(file) + address(entry_file(entry))
    )
    _add(made, "summary", one.summary)


def _add(parent: ElementTree.Element, tag: str, words: str) -> None:
    """A part with its words; XML has no place for some letters of other people."""
    ElementTree.SubElement(parent, tag).text = NOT_XML.sub("�", words)


def _id(*parts: str) -> str:
    """An identifier that stays the same for the same thing."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(("bench site", *parts))).urn
