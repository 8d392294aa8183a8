"""The numbers of a submission: what `bench run` would measure of the same images, and how many of them were copied."""

from dataclasses import dataclass

import numpy as np

from bench.leaderboard.influence import influences, rows_of
from bench.leaderboard.open_tracks import COPIES, MEMORISATION, OpenTrack, numbers
from bench.measuring.copies import copies
from bench.measuring.evaluation import OPTIONS, measured
from bench.measuring.scoring import compute
from bench.measuring.sets import MeasuredSet
from bench.sources import ImageSource
from bench.storage.records import Numbers


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Scores by metric, then by key, the features float32 [n, d] and class logits [n, c] behind them (None where the
    extractor predicts none), and how each image of real 1 moves the scores: float32 [k, images of real 1]."""

    scores: dict[str, Numbers]
    features: np.ndarray
    logits: np.ndarray | None
    influence: np.ndarray


def evaluate_images(opened: OpenTrack, images: ImageSource) -> Evaluated:
    """Measure a set of images under the rules of a track."""
    generated: MeasuredSet = measured(opened.evaluation, images, opened.report)
    found = numbers(opened.scores_against_real_1(generated))
    features = opened.features(generated)
    train, held_out = opened.closest_among
    found[MEMORISATION] = compute(opened.memorisation, train, features, held_out, options=OPTIONS)
    workers = opened.evaluation.measure.workers
    found[COPIES] = copies(opened.whole_train, images, opened.held_out, workers=workers)
    logits = generated.arrays.get("logits")
    metrics = rows_of(opened.rules.protocol)
    moves = influences(metrics, opened.features(opened.real_1), features)
    return Evaluated(found, features, logits, moves)
