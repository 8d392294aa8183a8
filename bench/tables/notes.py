"""What stands under the tables of runs: how long was trained, what the numbers are made with, and how to read them."""

from bench import registry
from bench.measuring.dependence import NOT_INDEPENDENT
from bench.measuring.evaluation import REAL_1
from bench.names import counted
from bench.protocol import Protocol
from bench.storage.records import TRAINED_ON, RunRecord
from bench.tables.of_record import labels_of, translation_errors

NO_INCEPTION = ", NOT Inception: compare only with numbers"
COMPLETE = 0.999  # the last step of an epoch may be a part of one


def notes_of(record: RunRecord) -> tuple[str, ...]:
    """All notes of the first table of a run."""
    found = [budget_note(record), made_with_note(record), run_bias_note(record)]
    if not record.protocol.logits:
        found.append(no_score_note(record.protocol.extractor))
    found += [*_translation_note(record), *_split_note(record), *_seen_note(record)]
    kept = [one for one in record.warnings if one.startswith("weights ") or NOT_INDEPENDENT in one]
    return tuple(found + kept)


def no_score_note(extractor: str) -> str:
    """Why the columns of the Inception Score are empty."""
    return f"no Inception Score: {extractor} is not a classifier"


def _translation_note(record: RunRecord) -> list[str]:
    """What was translated, where partners of it exist: they must not be what the translations are compared with."""
    if not any(translation_errors(record, label) for label in labels_of(record)):
        return []
    if record.protocol.translated == REAL_1:
        return [
            "NOT independent: the generated images are translations of the partners of real 1, so their FID and "
            "KID are too low and the intervals are wrong; `bench evaluate` measures them by the current protocol"
        ]
    return [f"the generated images are translations of {record.protocol.translated}, whose partners are not in real 1"]


def _split_note(record: RunRecord) -> list[str]:
    train = [one for one in record.protocol.real if one.split != "test"]
    if not train:
        return []
    name, split = train[0].name, train[0].split
    seen = ", and a model that repeats its training images scores too well" if name == REAL_1 else ""
    return [f"{name} is from the {split} split, because the test split has too few images for two sets{seen}"]


def _seen_note(record: RunRecord) -> list[str]:
    """Where somebody chose the split of a real set to train on."""
    split = record.train_split.partition(":")[0]
    seen = [one.name for one in record.protocol.real if one.split == split] if record.train_split != TRAINED_ON else []
    if not seen:
        return []
    return [f"TRAINED ON {split}, the split of {' and '.join(dict.fromkeys(seen))}: what it repeats scores too well"]


def budget_note(record: RunRecord) -> str:
    """How long a model was trained, and whether that is its whole recipe."""
    done = record.training
    if done is None:
        return "budget: not known, because the checkpoint has no training.json"
    where = record.environment.gpu or f"{record.environment.cores} cores of {record.environment.cpu}"
    device = f" on {where}" if done.device else ""
    took = f"{counted(done.steps, 'step')} ({_epochs(done.epochs)}) in {_duration(done.seconds)}{device}"
    changes = ", ".join(record.changes)
    changed = f"; changed settings: {changes}" if changes else ""
    if record.recipe:
        took = f"{took}, started from the {record.recipe} recipe"
    if record.train_split != TRAINED_ON:
        return f"budget: {took}, on {record.train_split}, which are not the training images of the recipe{changed}"
    if done.epochs < done.full_epochs * COMPLETE:
        share = f"{100 * done.epochs / done.full_epochs:.2g} %"
        return f"budget: {took}, {share} of the recipe's {done.full_epochs:,.4g} epochs: NOT the full recipe{changed}"
    if record.recipe:  # its epochs may be of fewer images than those of the recipe
        return f"budget: {took}{changed}"
    return f"budget: {took}, {'as long as ' if changes else ''}the full recipe{changed}"


def _epochs(count: float) -> str:
    return "1 epoch" if count == 1 else f"{count:,.4g} epochs"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def made_with_note(record: RunRecord) -> str:
    """What the numbers of a record are made with."""
    return extractor_note(record.protocol, f"protocol {record.protocol_id}")


def run_bias_note(record: RunRecord) -> str:
    """How to read two FIDs of its images."""
    return bias_note(record.protocol, min(one.count for one in record.sets))


def extractor_note(protocol: Protocol, which: str) -> str:
    """What the numbers of a table are made with."""
    apart = "" if registry.load("extractors", protocol.extractor).is_inception else f"{NO_INCEPTION} of this protocol"
    return f"features: {protocol.extractor}, resize {protocol.resize}{apart} ({which})"


def bias_note(protocol: Protocol, count: int) -> str:
    """How to read two FIDs of so many images per set."""
    return few_images_note(count, registry.load("extractors", protocol.extractor).taps[protocol.pool])


def few_images_note(count: int, width: int, *, noise: bool = True, more: bool = False) -> str:
    """The same for features of this width; `noise` where it is among the sets, `more` where some sets are larger."""
    images = f"{count:,} images{' or more' if more else ''}"
    share = "is mostly bias" if count <= width else "is biased upwards"
    return (
        f"[ ] are 95 % intervals. With {images} per set and {width:,} features the plain FID {share}: with "
        "unlimited images, real 1 against real 2 would be 0. The corrected value has no such bias, and it can be "
        f"below 0. {'Noise is uniform random pixels. ' if noise else ''}Real 1 against itself is always 0"
    )
