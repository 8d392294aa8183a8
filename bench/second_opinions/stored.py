"""The same ratios out of what is stored: of a run's record, of an entry beside its track's real 2.

No features are there, so that an interval is made of the standard errors that were kept: those of the corrected value,
over the plain one. Two distances share real 1, and how they move together with it was not kept: their relative errors
are added, which no correlation makes too small. Numbers without a standard error (precision to coverage) have a ratio
and no interval, and do not take part in the line in words.
"""

import math
from dataclasses import replace

from bench.measuring.evaluation import GENERATED, REAL_2
from bench.measuring.flags import flags
from bench.second_opinions.opinion_table import NOTE, opinion_table
from bench.second_opinions.ratios import Opinion, Scores, in_order, opinion, plain_numbers
from bench.second_opinions.words import in_words
from bench.storage.records import Numbers, RunRecord
from bench.tables.of_record import labels_of, scores_of, who
from bench.tables.run_tables import run_tables
from bench.tables.seed_means import ONE_SEED
from bench.tables.table import Table
from metrics.arithmetic.quantiles import Z95
from metrics.types import Metric, Output

ASKED = "the line in words has only the numbers whose standard error is stored; `bench opinions` asks all of them"


def stored_opinions(extractor: str, scores: Scores, real_2: Scores) -> tuple[Opinion, ...]:
    """The numbers of scores that are asked for a second opinion, beside those of real 2."""
    found = []
    for metric, output, value, real in plain_numbers(scores, real_2):
        errors = [_relative_error(metric, output, one[metric.name]) for one in (scores, real_2)]
        low, high = _ends(value / real, metric, errors)
        beside = opinion(extractor, metric, output, value, real)
        found.append(replace(beside, ratio=value / real, low=low, high=high))
    return in_order(found)


def stored_words(opinions: tuple[Opinion, ...], scores: Scores) -> str:
    """The line in words, with copies where these were looked for."""
    looked = "memorisation" in scores or "copies" in scores
    return in_words(opinions, flags(scores.get("memorisation", {}), scores.get("copies", {})) if looked else None)


def tables_of(record: RunRecord, of_seeds: str = ONE_SEED) -> list[Table]:
    """The tables that are written beside a record, and what is shown only: the ratios, and a note of its seeds."""
    first, *others = run_tables(record)
    beside = record_table(record)
    return [replace(first, notes=(*first.notes, of_seeds)), *others, *([beside] if beside else [])]


def record_table(record: RunRecord) -> Table | None:
    """The ratios of a run; None where its record has not the sets for them."""
    rows: list[Opinion] = []
    words: list[str] = []
    for label in labels_of(record):
        found = stored_opinions(
            record.protocol.extractor, *(scores_of(record, label, name) for name in (GENERATED, REAL_2))
        )
        rows += [replace(one, title=f"{one.title} {label}".rstrip()) for one in found]
        words += [f"{label}: {in_words(found, None)}".removeprefix(": ")] if found else []
    if not rows:
        return None
    title = f"Beside real images. {who(record)}"
    made_with = {"protocol": record.protocol_id, "extractor": record.protocol.extractor}
    return opinion_table("ratios", title, rows, (*words, NOTE, ASKED), **made_with)


def _relative_error(metric: Metric, output: Output, scores: Numbers) -> float | None:
    """The standard error of a number over the number; that of its corrected value, where it has one."""
    at = next((one.interval for one in metric.outputs if one.corrects == output.name), output.interval)
    error, value = scores.get(at.se) if at else None, scores.get(output.name)
    return error / value if error is not None and value and value > 0 else None


def _ends(ratio: float, metric: Metric, errors: list[float | None]) -> tuple[float | None, float | None]:
    known = [error for error in errors if error is not None]
    if len(known) < len(errors) or ratio <= 0:
        return None, None
    reach = Z95 * (sum(known) if metric.arity == "pair" else math.hypot(*known))
    return ratio * math.exp(-reach), ratio * math.exp(reach)
