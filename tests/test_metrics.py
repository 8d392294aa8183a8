"""What every metric promises, whatever it computes: one test per promise, over all plug-ins."""

import inspect
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from bench import registry
from metrics.errors import InputError
from metrics.types import Metric

METRICS = registry.names("metrics")
SETS = {"set": 1, "pair": 2, "triplet": 3}  # how many sets of images a metric takes
SEVERAL = [name for name in METRICS if registry.describe("metrics", name)["arity"] != "set"]
IMAGES = 40


def _inputs(metric: Metric, seed: int = 0, count: int = IMAGES) -> list[np.ndarray]:
    draw = np.random.default_rng(seed)
    if metric.feature == "images":
        sets = [draw.integers(0, 256, size=(count, 3, 12, 12), dtype=np.uint8) for _ in range(3)]
    else:
        sets = [draw.normal(loc=0.2 * i, size=(count, 6)).astype(np.float32) for i in range(3)]
    return sets[: SETS[metric.arity]]


def _options(metric: Metric) -> dict:
    """One split, where a metric has splits: the score of the whole set is what the order must not change."""
    return {"splits": 1} if "splits" in inspect.signature(metric.compute).parameters else {}


@pytest.fixture(params=METRICS)
def metric(request) -> Metric:
    found = registry.load("metrics", request.param)
    return replace(found, compute=_labelled(found.compute)) if found.labels else found


def _labelled(compute):
    """A metric that reads labels, with some that go with the rows."""

    def labelled(logits):
        return compute(logits, labels=(logits.flat[:: max(1, logits[:1].size)] > 0).astype(np.int64))

    return labelled


def test_there_are_metrics():
    assert {"inception-score", "kid", "prdc", "mse"} <= set(METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_described_by_literals_without_importing_it(name):
    described = registry.describe("metrics", name)
    assert described["name"] == name == registry.load("metrics", name).name
    assert described["title"]
    assert described["source"]


def test_outputs_have_names_of_their_own_and_a_direction(metric):
    names = [output.name for output in metric.outputs]
    assert names
    assert len(set(names)) == len(names)
    assert all(output.better in ("lower", "higher", "neither") and output.title for output in metric.outputs)


def test_options_are_keyword_only_and_have_defaults(metric):
    parameters = list(inspect.signature(metric.compute).parameters.values())
    inputs, options = parameters[: len(_inputs(metric))], parameters[len(_inputs(metric)) :]
    assert all(parameter.default is parameter.empty for parameter in inputs)
    assert all(option.kind is option.KEYWORD_ONLY and option.default is not option.empty for option in options)


def test_a_metric_says_how_many_images_it_needs(metric):
    options = {**_options(metric), **({"k": 1} if "k" in inspect.signature(metric.compute).parameters else {})}
    metric.compute(*_inputs(metric, count=metric.least), **options)
    with pytest.raises(InputError, match="at least"):
        metric.compute(*_inputs(metric, count=metric.least - 1), **options)


def test_all_outputs_are_finite_floats_and_the_result_is_strict_json(metric):
    result = metric.compute(*_inputs(metric))
    for output in metric.outputs:
        assert type(result[output.name]) is float
        assert math.isfinite(result[output.name])
    json.dumps(result, allow_nan=False)


def test_the_same_inputs_give_the_same_result(metric):
    assert metric.compute(*_inputs(metric)) == metric.compute(*_inputs(metric))


def test_the_inputs_are_left_as_they_were(metric):
    inputs = _inputs(metric)
    metric.compute(*inputs)
    assert all(np.array_equal(after, before) for after, before in zip(inputs, _inputs(metric), strict=True))


def test_the_order_of_the_images_does_not_matter(metric):
    inputs = _inputs(metric)
    order = np.random.default_rng(1).permutation(IMAGES)
    orders = [order, order if metric.feature == "images" else order[::-1], order]  # pairs of images stay together
    moved = [array[rows] for array, rows in zip(inputs, orders, strict=False)]
    before, after = metric.compute(*inputs, **_options(metric)), metric.compute(*moved, **_options(metric))
    for output in metric.outputs:
        assert after[output.name] == pytest.approx(before[output.name], rel=1e-9, abs=1e-12)  # order of sums


def test_one_image_is_an_input_error(metric):
    with pytest.raises(InputError):
        metric.compute(*_inputs(metric, count=1))


def test_no_image_is_an_input_error(metric):
    with pytest.raises(InputError):
        metric.compute(*_inputs(metric, count=0))


def test_a_wrong_number_of_axes_is_an_input_error(metric):
    with pytest.raises(InputError, match="expected"):
        metric.compute(*(array[..., 0] if metric.feature == "images" else array[:, 0] for array in _inputs(metric)))


@pytest.mark.parametrize("metric", SEVERAL, indirect=True)
def test_sets_of_different_width_are_an_input_error(metric):
    *others, last = _inputs(metric)
    with pytest.raises(InputError, match="expected"):
        metric.compute(*others, last[:, :-1])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_an_input_error(metric, value):
    inputs = [array.astype(np.float32) / 255 if metric.feature == "images" else array for array in _inputs(metric)]
    inputs[-1][3].flat[0] = value
    with pytest.raises(InputError, match="expected"):
        metric.compute(*inputs)


def test_messages_of_input_errors_are_one_line(metric):
    with pytest.raises(InputError) as caught:
        metric.compute(*_inputs(metric, count=1))
    assert "\n" not in str(caught.value)
