"""Whether the published runs stand: which are there, missing, stale, failed or begun, and what each would take."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from bench.measuring.evaluation import find_measure, protocol_of
from bench.measuring.measure import Measure
from bench.measuring.subject import Subject, open_subject
from bench.names import counted
from bench.protocol import Protocol, RealSet, difference
from bench.reproducing.plan import PlannedRun
from bench.reproducing.published import Published, config_of, extractor_of, published
from bench.runs.model_code import code_of
from bench.storage.records import RunRecord, run_name, slug
from metrics.errors import InputError
from reference_models.errors import ModelError
from reference_models.loop.checkpoints import FILE_NAME, read_state

State = Literal["there", "missing", "stale", "failed", "begun"]
STATES: tuple[State, ...] = ("there", "stale", "failed", "begun", "missing")


@dataclass(frozen=True)
class Standing:
    """How one seed of a planned run stands. `why` says what is stale or what failed; `took_seconds` is its training
    where it was published, `takes_seconds` what it would be here (None: not timed)."""

    name: str
    seed: int
    state: State
    why: str
    took_seconds: float | None
    takes_seconds: float | None = None


def standings(
    runs: Mapping[str, PlannedRun], records: Sequence[RunRecord], results: Path, workdir: Path, root: Path | None
) -> Iterator[Standing]:
    """How each seed of these runs stands."""
    differs = cache(lambda dataset, extractor: _Now(dataset, extractor, root))
    for name, run in runs.items():
        try:
            now, (config, changes) = differs(run.dataset, extractor_of(run)), config_of(run)
        except (InputError, ModelError) as error:
            raise InputError(f"runs.{name} of the plan: {error}") from error
        for seed in run.seeds:
            found = published(run, seed, changes, records, results)
            name_of_it = run_name(f"{run.model}-{slug(run.dataset)}", seed, changes, run.train_split)
            folder = workdir / "runs" / name_of_it
            state, why = _state(run, found, config, now, folder)
            yield Standing(name, seed, state, why, found.seconds if found else None)


def _state(
    run: PlannedRun, found: Published | None, config: dict[str, Any], now: "_Now", folder: Path
) -> tuple[State, str]:
    if found is None or found.error:
        steps = _steps(folder)
        if steps is not None:
            return "begun", f"{counted(steps, 'step')} in {folder}"
        lacks = [now.lacks, run.needs and f"it needs {run.needs}"]
        return ("missing", ", ".join(filter(None, lacks))) if found is None else ("failed", found.error)
    reasons = [f"protocol ({', '.join(now.differs(found.protocol))})"] if now.differs(found.protocol) else []
    code, current = found.code or run.code, code_of(run.model)
    reasons += [f"code of {run.model}"] if code and current and code != current else []
    reasons += ["settings of the recipe"] if found.config != config else []
    return ("stale", ", ".join(reasons)) if reasons else ("there", "")


def _steps(folder: Path) -> int | None:
    """How far a training in this folder has come; None where there is none that can go on."""
    try:
        return int(read_state(folder / FILE_NAME)["step"]) if (folder / FILE_NAME).is_file() else None
    except ModelError:
        return None


class _Now:
    """The protocol of a data set and an extractor as it is today, held against earlier ones without opening images."""

    def __init__(self, dataset: str, extractor: str, root: Path | None) -> None:
        self.subject, self.lacks = open_subject(dataset, root), ""
        self.measure: Measure | None = None
        try:
            self.measure = find_measure(self.subject, extractor, offline=True, cache=False)
        except InputError:
            self.lacks = f"the weights of {extractor} are not here"
        if not _data_here(self.subject):
            self.lacks = f"the images of {dataset} are not here"

    def differs(self, earlier: Protocol) -> tuple[str, ...]:
        """The fields of a protocol that are others today; none where the weights to tell are not here."""
        if self.measure is None:
            return ()
        return difference(protocol_of(self.subject, self.measure, self._real(earlier)), earlier)

    def _real(self, earlier: Protocol) -> Iterator[RealSet]:
        """The real sets of today, with the digests of those that an earlier protocol has too."""
        known = {replace(one, digest=""): one for one in earlier.real}
        for label in self.subject.labels:
            for name, (split, count) in (self.subject.dataset.eval_sets or {}).items():
                now = RealSet(name, label, split, count, "")
                yield known.get(now, now)


def _data_here(subject: Subject) -> bool:
    try:
        for split in dict.fromkeys(("train", *(split for split, _ in (subject.dataset.eval_sets or {}).values()))):
            for domain in subject.domains:
                subject.dataset.load(split, subject.root, domain)
    except InputError:
        return False
    return True
