"""One number out of many: the mean of the logarithms of the ratios to real images, a named choice and no default.

Each plain number that is asked for a second opinion counts once, as the logarithm of what it is of real 2's: of a
distance, how much further the generated images are from real 1 than real 2 is; of a score of which higher is better,
how much lower theirs is than that of real 2. 0 is like real images, log 2 = 0.69 twice as far on average. A number of 0
has no logarithm, so that an entry without any precision has no mean and stands last.

`METRIC` describes it as a metric is described; it is made of the numbers of others and of no features.
"""

import math

from bench.second_opinions.ratios import Scores, plain_numbers
from bench.storage.records import Numbers
from metrics.types import Metric, Output

NAME, KEY = "mean-log-ratio", "mean_log_ratio"


def log_ratios(scores: Scores, real_2: Scores) -> dict[str, float]:
    """By key: the logarithm of how much worse a number is than that of real 2; numbers that one side lacks are left
    out, and one of 0 is infinitely worse."""
    found = {}
    for _, output, value, real in plain_numbers(scores, real_2):
        log = math.log(value / real) if value else -math.inf
        found[output.name] = log if output.better == "lower" else -log
    return found


def mean_log_ratio(scores: Scores, real_2: Scores) -> Numbers:
    """Their mean under its key; None where there is none, or one of them is not finite."""
    logs = log_ratios(scores, real_2).values()
    mean = sum(logs) / len(logs) if logs else math.inf
    return {KEY: mean if math.isfinite(mean) else None}


METRIC = Metric(
    name=NAME,
    title="Mean log ratio",
    source="bench.second_opinions.mean_ratio: the numbers of an entry beside those of real 2",
    feature="pool",
    arity="pair",
    outputs=(
        Output(
            *(KEY, "Mean log ratio", "lower"),
            says="mean of the logarithms of its numbers over those of real 2; 0 is like real images",
            shown="table",
        ),
    ),
    compute=mean_log_ratio,
)
