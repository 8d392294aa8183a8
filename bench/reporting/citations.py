"""What to cite, as BibTeX. `papers.bib` holds the entries; what a model, a metric, a network or a data set says of its
`source` names them by arXiv number, DOI or address, so nothing is listed twice.

What another package offers may have a source that is not among them: it gets an entry made of what it says.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from bench import __version__, registry
from bench.reporting.given import Given
from genbench.names import did_you_mean
from metrics.errors import InputError

FILE = Path(__file__).with_name("papers.bib")
KINDS = ("models", "metrics", "datasets", "extractors", "pretrained")
ENTRY = re.compile(r"^@(\w+)\{([^,]+),\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^  (\w+) = \{(.*)\},$", re.MULTILINE)
ARXIV, DOI, ADDRESS = (
    re.compile(r"arXiv (\d{4}\.\d{4,5})"),
    re.compile(r"doi (10\.\S+?)(?=[,;)]|\s|$)"),
    r"https?://[^\s,;]+",
)
ACCENTS = {"'": "\u0301", '"': "\u0308", "`": "\u0300", "^": "\u0302", "~": "\u0303"}
ACCENT = re.compile(r"\{?\\(['\"`^~])\{?(\w)\}?\}?")
PLACES = ("journal", "booktitle", "institution", "howpublished", "note")
OWN_DATA = "drawn by this project"
MATCHED_BY = "data"  # a field for us, of the data sets that an entry is to be cited for


@dataclass(frozen=True)
class Reference:
    """An entry: its kind, such as article, its key, and its fields as BibTeX has them."""

    kind: str
    key: str
    fields: dict[str, str] = field(hash=False)

    @cached_property
    def bibtex(self) -> str:
        """The entry as text."""
        told = {name: value for name, value in self.fields.items() if name != MATCHED_BY}
        lines = [f"  {name} = {{{value}}}," for name, value in told.items()]
        return "\n".join((f"@{self.kind}{{{self.key},", *lines, "}")) + "\n"

    @property
    def plain(self) -> str:
        """The entry as a line for people."""
        names = [" ".join(reversed(one.split(", ", 1))) for one in _read(self.fields.get("author", "")).split(" and ")]
        who = (
            names[0]
            if len(names) == 1
            else f"{', '.join(names[:-1])} and {names[-1]}".replace(" and others", " et al.")
        )
        said = [self.fields[name] for name in PLACES if name in self.fields]
        where = [_read(one) for one in said[:1] if "eprint" not in self.fields or not one.startswith("arXiv")]
        at = [self.fields[name] for name in ("volume", "pages") if name in self.fields]
        told = [who, _read(self.fields["title"]), ", ".join(filter(None, (*where, *at, self.fields.get("year"))))]
        told += [f"arXiv {self.fields['eprint']}" if "eprint" in self.fields else ""]
        told += [f"doi {self.fields['doi']}" if "doi" in self.fields else ""]
        ended = [one if one.endswith((".", "?")) else f"{one}." for one in told if one]
        return " ".join(ended).replace("--", "–")


def _read(words: str) -> str:
    """Words of BibTeX with their accents and without their braces."""
    said = ACCENT.sub(lambda found: unicodedata.normalize("NFC", found[2] + ACCENTS[found[1]]), words)
    return said.replace(r"{\l}", "ł").replace("{", "").replace("}", "").replace("\\", "")


@dataclass(frozen=True)
class Citations(Sequence[Reference]):
    """References in order; `str` of it is BibTeX."""

    references: tuple[Reference, ...]

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        return self.references[place]

    def __len__(self) -> int:
        return len(self.references)

    def __str__(self) -> str:
        return bibtex(self.references)


def bibtex(references: Iterable[Reference]) -> str:
    """The entries as one text."""
    return "\n".join(one.bibtex for one in references)


def software() -> Reference:
    """This project."""
    told = {
        "author": "{The bench contributors}",
        "title": "genbench: measures and compares image generators",
        "year": "2026",
        "note": f"Version {__version__}",
    }
    return Reference("misc", "genbench", told)


@cache
def papers() -> tuple[Reference, ...]:
    """All entries of papers.bib."""
    found = ENTRY.findall(FILE.read_text(encoding="utf-8"))
    return tuple(Reference(kind, key, dict(FIELD.findall(fields))) for kind, key, fields in found)


def cited(kind: str, name: str) -> tuple[Reference, ...]:
    """What to cite for a model, metric, data set or network."""
    about = registry.describe(kind, name)
    source = str(about["source"])
    wanted = {("eprint", one) for one in ARXIV.findall(source)}
    wanted |= {("doi", one) for one in DOI.findall(source)}
    wanted |= {(MATCHED_BY, one) for one in re.findall(ADDRESS, source)}
    known = [one for one in papers() if any(one.fields.get(key) == value for key, value in wanted)]
    if OWN_DATA in source:
        known.append(software())
    if known:
        return tuple(sorted(known, key=lambda one: _place(one, source)))
    told = {"title": f"{{{about['title']}}}", "note": without_commands(source)}
    return (Reference("misc", f"{name}-{kind}", told),)


def _place(one: Reference, source: str) -> int:
    """Where the source names it."""
    said = [source.find(value) for key, value in one.fields.items() if key in ("eprint", "doi", MATCHED_BY)]
    return min((place for place in said if place >= 0), default=len(source))


def without_commands(words: str) -> str:
    """Words in which no letter is a command of TeX."""
    return re.sub(r"([&%$#_])", r"\\\1", words.replace("\\", "/").replace("{", "(").replace("}", ")"))


def cited_by_runs(runs: Iterable[Given]) -> tuple[Reference, ...]:
    """What to cite for runs: their models, data sets, metrics and networks, and this project."""
    asked: list[tuple[str, str]] = []
    for run in runs:
        asked.append(("models", run.spec.name))
        base = run.dataset.partition("/")[0]
        asked += [] if base.startswith("folder:") else [("datasets", base)]
        for record in run.records:
            asked += [("metrics", one.name) for one in record.protocol.metrics]
            asked += [("extractors", record.protocol.extractor)]
    there = [(kind, name) for kind, name in asked if name in registry.names(kind)]
    return each_once([*(one for kind, name in there for one in cited(kind, name)), software()])


def cited_by_name(name: str) -> tuple[Reference, ...]:
    """What to cite for what has this name; InputError where nothing has it."""
    known = {kind: registry.names(kind) for kind in KINDS}
    kinds = [kind for kind in KINDS if name in known[kind]]
    if not kinds:
        every = [one for names in known.values() for one in names]
        raise InputError(f"nothing is called {name!r}. {did_you_mean(name, every, 'See `bench list`, or give a run')}")
    return each_once(one for kind in kinds for one in cited(kind, name))


def each_once(found: Iterable[Reference]) -> tuple[Reference, ...]:
    """References without repetitions."""
    return tuple({one.key: one for one in found}.values())
