"""Tracks for people: what is here of each, and its rules in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import registry, weights
from bench.datasets import data_root, open_dataset
from bench.leaderboard.entries import read_track
from bench.leaderboard.entry_places import entry_paths, track_path
from bench.leaderboard.open_tracks import WHOLE_VALUES
from bench.leaderboard.tracks import CLOSEST_AMONG, TRAIN, Track, tracks
from bench.measuring.declared import declared, protocol_metrics
from bench.measuring.evaluation import NOISE_SEED, OPTIONS, REAL_1, REAL_2, SAMPLING_SEED
from bench.measuring.subject import TEST
from bench.protocol import DRAWN, MetricChoice
from bench.storage.result_places import first_of
from metrics.errors import InputError

if TYPE_CHECKING:
    from bench.datasets import Dataset
    from bench.leaderboard.tracks import Rules


@dataclass(frozen=True)
class Line:
    """One track in the list: whether its images and the weights of its extractor are here, and how many entries a
    results folder has."""

    name: str
    dataset: str
    domain: str
    extractor: str
    images: int
    sets: Mapping[str, tuple[str, int]]
    table: str
    data_here: bool
    weights_here: bool
    entries: int


def list_tracks(results: Path, root: Path | None = None) -> list[Line]:
    """All tracks, sorted by name; looks for images and weights and opens none of them."""
    known = tracks().values()
    here: dict[tuple[str, str, str], bool] = {}
    with_weights = {name: _weights_here(name) for name in {track.extractor for track in known}}
    lines = []
    for track in known:
        name, _, domain = track.subject.partition("/")
        parts = {TRAIN, TEST, *(split for split, _ in track.sets.values())}
        for part in parts:
            if (name, part, domain) not in here:
                here[name, part, domain] = _split_here(open_dataset(name), part, data_root(root), domain)
        line = Line(
            name=track.name,
            dataset=name,
            domain=domain,
            extractor=track.extractor,
            images=track.count,
            sets=track.sets,
            table=track.table,
            data_here=all(here[name, part, domain] for part in parts),
            weights_here=with_weights[track.extractor],
            entries=len(entry_paths(results, track.name)),
        )
        lines.append(line)
    return lines


def _split_here(dataset: "Dataset", part: str, root: Path, domain: str) -> bool:
    try:
        dataset.load(part, root, domain)
    except InputError:
        return False
    return True


def _weights_here(extractor: str) -> bool:
    try:
        weights.find(registry.load("extractors", extractor))
    except InputError:
        return False
    return True


def stored_rules(track: Track, results: Path) -> "Rules | None":
    """The rules that a results folder has for a track; None where it has none. InputError for a damaged record."""
    path = first_of(results, track_path(results, track.name))
    return read_track(path).rules if path.is_file() else None


def rules_in_words(track: Track, rules: "Rules | None", why: str = "") -> list[tuple[str, str]]:
    """Every rule of a track as (what, text): those that `rules` hold, where they are known, and otherwise those that
    this version would give it; what only its images decide then says `why` it is not known."""
    name, _, domain = track.subject.partition("/")
    dataset, stored = open_dataset(name), rules.protocol if rules else None
    channels, height, width = stored.shape if stored else dataset.shape
    colour = "grey" if channels == 1 else "colour"
    extractor = registry.load("extractors", stored.extractor if stored else track.extractor)
    version, pool = (stored.extractor_version, stored.pool) if stored else (extractor.version, extractor.pool)
    sets = {one.name: (one.split, one.count) for one in stored.real} if stored else track.sets
    translated = stored.translated if stored else track.translated
    count = sets[translated][1]
    noise_seed, sampling_seed = (stored.noise_seed, stored.sampling_seed) if stored else (NOISE_SEED, SAMPLING_SEED)
    drawn = stored.labels == DRAWN if stored else bool(dataset.classes)
    labels = f"; labels are {'drawn with them' if drawn else 'taken in turn'}" if dataset.classes else ""
    whole = f"among all training images, if these have at most {WHOLE_VALUES:,} values"
    facts = [
        ("data set", f"{dataset.title}; licence: {dataset.licence}" + (f"; its domain {domain}" if domain else "")),
        (
            "made for",
            f"{track.table} of the CIS 680 assignment 4" if track.table else "comparing any models on this data set",
        ),
        ("to submit", f"{count:,} images, {width}x{height}, {colour}; as the model made them, without selection"),
        (REAL_1, _set_in_words(*sets[REAL_1]) + "; every distance is measured to these"),
        (REAL_2, _set_in_words(*sets[REAL_2]) + "; as a perfect generator would score"),
        (
            "noise",
            f"{count:,} images of uniform pixels, seed {noise_seed}; as a generator that learned nothing scores",
        ),
        ("extractor", f"{extractor.name} version {version}: {extractor.title}; features {pool}"),
        ("resize", stored.resize if stored else extractor.resize[0]),
        ("metrics", _metrics_in_words(stored.metrics if stored else _planned_metrics(extractor.logits))),
        ("copies", f"by features among at most {CLOSEST_AMONG:,} training and as many test images; by pixels {whole}"),
        ("sampling", f"models are sampled from the noise rows 0 to {count - 1:,} of seed {sampling_seed}{labels}"),
    ]
    if domain:
        apart = "; its partners are in real 1, so the sets are NOT independent" if translated == REAL_1 else ""
        other = next(one for one in dataset.domains if one != domain)
        given = f"a model that translates gets {translated} of {other}"
        facts.append(("translation", given + (apart if dataset.paired else "")))
    if rules is None:
        return [*facts, ("id", f"not known here: {why}")]
    return [("id", rules.id), *facts, *_digests(rules)]


def _set_in_words(split: str, count: int) -> str:
    return f"{count:,} images of the {split} split"


def _planned_metrics(logits: str) -> list[MetricChoice]:
    return [MetricChoice(metric.name, metric.version, OPTIONS.fitting(metric)) for metric in protocol_metrics(logits)]


def _metrics_in_words(chosen: Sequence[MetricChoice]) -> str:
    """Those of sets and pairs of sets; paired errors are no part of a track."""
    known = [(one, declared(one.name)) for one in chosen]
    return "; ".join(
        f"{metric.title if metric else one.name} version {one.version}{_options(one.options)}"
        for one, metric in known
        if not metric or metric.feature != "images"
    )


def _options(options: Mapping[str, Any]) -> str:
    said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in options.items() if value is not False)
    return f" ({said})" if said else ""


def _digests(rules: "Rules") -> Iterable[tuple[str, str]]:
    protocol = rules.protocol
    yield "weights", f"sha256 {protocol.extractor_sha256}" if protocol.extractor_sha256 else "none"
    for one in (*protocol.real, rules.train, rules.held_out):
        yield f"digest of {one.name}", f"{one.digest[:12]}, {one.count:,} images of the {one.split} split"
