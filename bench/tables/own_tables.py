"""Tables 5, 6 and 7 of anybody's own sets: the same tables as those of a run."""

from collections.abc import Iterable

from bench.measuring.evaluation import GENERATED, MEAN_IMAGE, NOISE, REAL_1, RECONSTRUCTED
from bench.measuring.own_sets import OwnSets, own_metrics
from bench.measuring.refusing import not_computed
from bench.measuring.scoring import Options
from bench.storage.records import SetScores
from bench.tables.columns import Number, numbers_of
from bench.tables.notes import NO_INCEPTION, few_images_note, no_score_note
from bench.tables.run_tables import WORDS
from bench.tables.set_tables import Sheet, error_rows, error_table, first_table, other_tables, signed
from bench.tables.several import Tables
from bench.tables.table import Table
from metrics.fid import METRIC as FID
from metrics.inception_score import METRIC as IS
from metrics.types import Metric

SHOWN = 3  # generated sets in a title


def own_tables(own: OwnSets, options: Options) -> Tables:
    """Table 7 of several domains, Table 5 where images were reconstructed, else Table 6; then the other distances."""
    reconstructed = own.pair_scores(REAL_1, RECONSTRUCTED) is not None
    others = [one for one in own_metrics(images=False) if one not in (FID, IS)]
    sheet = Sheet(
        number=7 if len(own.made) > 1 else 5 if reconstructed else 6,
        who=_who(own),
        scored=own,
        made=own.made,
        numbers=numbers_of(own_metrics(images=False)),
        options=options.fitting(IS),
        notes=_notes(own),
        short=(_features_note(own), *_missing(own, others), *own.others),
        protocol="",
        extractor=own.question["extractor"] or "",
        words=WORDS,
    )
    tables = [first_table(sheet), *([_reconstruction(own, sheet)] if reconstructed else []), *other_tables(sheet)]
    return Tables(tuple(signed(table, sheet.protocol, sheet.extractor) for table in tables))


def _who(own: OwnSets) -> str:
    if len(own.made) > 1:
        return " and ".join(own.made)
    generated = [name for name in own.made[""] if name != NOISE]
    if generated == [GENERATED]:
        return own.about[2].removeprefix(f"{GENERATED} is ").rpartition(" (")[0] or own.about[2]
    more = len(generated) - SHOWN
    return ", ".join(generated[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _reconstruction(own: OwnSets, sheet: Sheet) -> Table:
    shown = {RECONSTRUCTED: f"{REAL_1} vs reconstructed", MEAN_IMAGE: f"{REAL_1} vs their mean image"}
    numbers = tuple(Number(metric, one) for metric in own_metrics(images=True) for one in metric.outputs)
    rows = error_rows(own, numbers, REAL_1, shown, "")
    title = f"Reconstruction error. {sheet.who}"
    return error_table("reconstruction", title, numbers, rows, _missing(own, own_metrics(images=True)))


def _notes(own: OwnSets) -> tuple[str, ...]:
    counts = [one.count for one in own.sets if one.count and _has_fid(own, one)]
    found = ["; ".join(own.about), _features_note(own)]
    if counts and own.dims:
        noise = any(NOISE in made for made in own.made.values())
        found.append(few_images_note(min(counts), own.dims, noise=noise, more=min(counts) < max(counts)))
    if not own.classes:
        found.append(no_score_note(own.question["extractor"]))
    found += _missing(own, (FID, IS) if own.classes else (FID,))
    return (*found, *own.warnings)


def _has_fid(own: OwnSets, one: SetScores) -> bool:
    pair = own.pair_scores(REAL_1, one.name, one.domain)
    return pair is not None and pair.scores[FID.name]["fid"] is not None


def _missing(own: OwnSets, metrics: Iterable[Metric]) -> tuple[str, ...]:
    """Why some of these metrics have no value."""
    names = [metric.name for metric in metrics]
    return tuple(not_computed(name, reason) for name, reason in own.reasons.items() if name in names)


def _features_note(own: OwnSets) -> str:
    how = own.question
    if how["extractor"] is None:
        return "features: an extractor that the sets do not name; compare only with numbers of the same features"
    resize = f", resize {how['resize']}" if how["resize"] else ""
    apart = "" if own.inception else f"{NO_INCEPTION} of the same features"
    sha256 = how["extractor_sha256"]
    weights = f"weights {sha256[:12]}" if sha256 else "no weights"
    return f"features: {how['extractor']}{resize}{apart} ({weights})"
