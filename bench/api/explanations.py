"""Why a FID is what it is: `explain`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from bench import __version__
from bench.measuring.conventions import conventions
from bench.measuring.doctor import examine
from bench.measuring.given import ready_set
from bench.measuring.opening import open_sets
from bench.measuring.scoring import Options, check_count, load_metrics
from bench.measuring.setup import Images, Setup
from bench.options import checked
from bench.settings.sets import Explaining, SetSettings
from bench.tables.several import Tables
from genbench.surroundings import numpy_defaults
from metrics.errors import InputError
from metrics.extractors.types import Extractor
from metrics.fid import METRIC as FID
from metrics.options import shown

if TYPE_CHECKING:
    from bench.exploring import Explored

LEAST = 8  # images of each set: fewer say nothing of shares and directions


class _Keywords(Explaining, SetSettings, total=False):
    """All of them."""


@dataclass(frozen=True)
class Explanation:
    """What was found of one FID, and the folder and files that it was written to, if it was."""

    found: "Explored"
    folder: Path | None = None
    files: tuple[Path, ...] = ()

    @property
    def said(self) -> tuple[str, ...]:
        """The main cause, and what belongs to it, in sentences."""
        return tuple(self.found.about["said"])

    @property
    def tables(self) -> Tables:
        """Its numbers."""
        return Tables(self.found.tables, self.found.notes)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the pictures as JSON values."""
        place = None if self.folder is None else str(self.folder)
        return {**self.found.json(), "version": __version__, "folder": place, "files": [str(one) for one in self.files]}

    def __repr__(self) -> str:
        return f"Explanation({self.said[0]!r})"

    def _repr_html_(self) -> str:
        return self.tables._repr_html_()


@numpy_defaults()
def explain(a: Images, b: Images, **keywords: Unpack[_Keywords]) -> Explanation:
    """Why the FID of two sets of images is what it is: `said` in sentences, `tables`, and pictures in `output`.

    The further keywords are those of `fid`, and those of `bench explain`. `fid` are FIDs that you were given for the
    same images: it is said which tool prints each and what makes them differ. Raises InputError for fewer than 8 images
    of a set, for what holds no images, and where classes are wanted and the extractor has none.
    """
    own = checked(Explaining, {name: value for name, value in keywords.items() if name in Explaining.__annotations__})
    setup = Setup.of({name: value for name, value in keywords.items() if name not in own})
    given, output, wanted = _numbers(own["fid"]), own["output"], own["groups"]
    if output is not None:
        from bench.explaining import FILE
        from bench.exploring import check_folder

        check_folder(output, own["force"], FILE)
    _check_images((a, b), setup)
    setup.check_there(a, b)
    measuring = setup.measure()
    names = _class_names(measuring.extractor, wanted)
    chosen = (FID, *(load_metrics("is") if names else ()))
    opened = open_sets(
        (a, b),
        chosen,
        setup,
        Options(setup.settings["seed"]),
        measuring=measuring,
        every_resize=bool(given),
    )
    for source in opened.sources:
        assert source is not None, "sets without images were refused"
        check_count(source, LEAST, "an explanation")
    return _explained(opened, own, given, names)


def _explained(opened: Any, own: Any, given: Sequence[float], names: Sequence[str]) -> Any:
    from bench.explaining import explain as look
    from bench.exploring import write

    setup = opened.setup
    how = setup.settings
    diagnosis = examine(
        opened.sources,
        dims=opened.measuring.extractor.taps[opened.measuring.extractor.pool],
        workers=how["workers"],
        progress=how["progress"],
    )
    found = look(
        opened,
        diagnosis,
        conventions(opened) if given else (),
        given=given,
        names=names,
        clusters=own["clusters"],
        seed=how["seed"],
        workers=how["workers"],
    )
    if own["output"] is None:
        return Explanation(found)
    return Explanation(found, own["output"], tuple(write(found, own["output"], force=own["force"])))


def _check_images(sets: Sequence[Images], setup: Setup) -> None:
    """InputError for a set that is measured already, and whose images are not there or not the same."""
    for images in sets:
        ready = ready_set(images, setup)
        if ready:
            remedy = "save its arr_0 in a file of its own" if ready.with_images else "give the images"
            raise InputError(f"an explanation needs images, and {ready.measured.name} is {ready.what}; {remedy}")


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    found = []
    for value in values:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise InputError(f"a given FID is {shown(value)}; expected a number, such as 12.3") from None
        if not 0 <= number < float("inf"):
            raise InputError(f"a given FID is {number}; expected a number of at least 0")
        found.append(number)
    return tuple(found)


def _class_names(extractor: Extractor, wanted: str | None) -> tuple[str, ...]:
    """The names of its classes; () where clusters are wanted. InputError where classes are and it has none."""
    if wanted == "clusters" or (wanted is None and not extractor.classes):
        return ()
    if not extractor.classes:
        raise InputError(
            f"--groups classes needs class predictions, and extractor {extractor.name!r} has none; take clusters, or "
            "an extractor that is a classifier"
        )
    return extractor.class_names() or tuple(map(str, range(extractor.classes)))
