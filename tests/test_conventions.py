"""One FID as several tools print it: each row against the tool's own code, and what is refused."""

import json
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from _random_weights import random_images
from click.testing import CliRunner
from scipy.linalg import sqrtm

import bench
from bench import registry
from bench.cli import main
from bench.measuring.conventions import about_conventions, conventions
from bench.measuring.sets import MeasuredSet
from bench.measuring.tools import TOOLS
from metrics.errors import InputError

DIGITS = {"extractor": "digits-cnn", "workers": 0}
draw = np.random.default_rng(4)
A, B = draw.normal(3, 1, (120, 6)).astype(np.float32), draw.gamma(2, 1, (110, 6)).astype(np.float32)


def images(seed, count=30, size=20):
    return random_images(seed, count, size, size)


def by_tool(a, b):
    """The rows of features that are the same with every resize."""
    inception = registry.load("extractors", "inception")
    sets = [MeasuredSet(name, count=len(rows), arrays={"pool": rows}) for name, rows in (("a", a), ("b", b))]
    resized = [dict.fromkeys(inception.resize, one) for one in sets]
    measuring = SimpleNamespace(extractor=inception, resize="tf1")
    found = conventions(SimpleNamespace(measuring=measuring, known=(None, None), resized=resized))
    return {row["tool"]: row for row in found}


@pytest.fixture(scope="module")
def rows():
    return by_tool(A, B)


def of_torch_fidelity(a, b):
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    both = [fid_features_to_statistics(torch.from_numpy(rows)) for rows in (a, b)]
    return fid_statistics_to_metric(*both, False)["frechet_inception_distance"]


def of_pytorch_fid(a, b):
    score = pytest.importorskip("pytorch_fid.fid_score")
    both = [rows.astype(np.float64) for rows in (a, b)]
    (mean_a, mean_b), (cov_a, cov_b) = (
        [np.mean(rows, axis=0) for rows in both],
        [np.cov(rows, rowvar=False) for rows in both],
    )
    return score.calculate_frechet_distance(mean_a, cov_a, mean_b, cov_b)


def of_clean_fid(a, b):
    return pytest.importorskip("cleanfid.fid").fid_from_feats(a, b)


def of_torchmetrics(a, b):
    image = pytest.importorskip("torchmetrics.image.fid")
    metric = image.FrechetInceptionDistance(feature=Flat(a.shape[1]))
    metric.update(torch.from_numpy(a), real=True)
    metric.update(torch.from_numpy(b), real=False)
    return float(metric.compute())


class Flat(torch.nn.Module):
    """Features that come as features."""

    def __init__(self, width):
        super().__init__()
        self.num_features = width

    def forward(self, rows):
        return rows


def of_ttur(a, b):
    a, b = (rows[: len(rows) - len(rows) % 50].astype(np.float64) for rows in (a, b))
    root = sqrtm(np.cov(a, rowvar=False).dot(np.cov(b, rowvar=False)))
    step = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    return step + np.trace(np.cov(a, rowvar=False) + np.cov(b, rowvar=False) - 2 * root)


def of_adm(a, b):
    """The same functions as clean-fid's: means in float32."""
    return of_clean_fid(a, b)


def of_stylegan3(a, b):
    (mean_a, cov_a), (mean_b, cov_b) = (raw_moments(rows.astype(np.float64)) for rows in (a, b))
    return np.square(mean_b - mean_a).sum() + np.trace(cov_a + cov_b - 2 * sqrtm(cov_b @ cov_a)).real


def raw_moments(rows):
    mean = rows.sum(axis=0) / len(rows)
    return mean, rows.T @ rows / len(rows) - np.outer(mean, mean)


PRINTED = {
    "torch-fidelity": of_torch_fidelity,
    "pytorch-fid": of_pytorch_fid,
    "clean-fid": of_clean_fid,
    "torchmetrics": of_torchmetrics,
    "torchmetrics, antialias=False": of_torchmetrics,
    "TTUR": of_ttur,
    "ADM evaluator": of_adm,
    "stylegan3": of_stylegan3,
}


def test_every_tool_is_compared_with_its_own_code():
    assert list(PRINTED) == [tool.name for tool in TOOLS]


@pytest.mark.parametrize("name", PRINTED)
def test_a_row_is_what_the_tool_makes_of_the_same_features(rows, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # they call scipy in a way that it will drop
        printed = PRINTED[name](A, B)
    assert rows[name]["as_printed"]
    assert rows[name]["fid"] == pytest.approx(printed, rel=2e-7)  # float32 of some results; the others agree to 1e-12


def test_the_means_of_some_are_rounded_to_single_precision():
    far = by_tool(A + np.float32(1000), B + np.float32(1001))
    assert far["torch-fidelity"]["fid"] == pytest.approx(of_torch_fidelity(A + 1000, B + np.float32(1001)), rel=1e-9)
    assert far["torch-fidelity"]["fid"] != pytest.approx(far["pytorch-fid"]["fid"], rel=1e-7)


def test_a_set_in_whole_batches_loses_no_image_to_ttur():
    found = by_tool(A[:100], B[:50])
    assert found["TTUR"]["fid"] == found["pytorch-fid"]["fid"]


def test_of_few_images_the_root_of_a_matrix_is_no_printed_value():
    found = by_tool(A[:5], B)
    assert found["torch-fidelity"]["as_printed"] and not found["pytorch-fid"]["as_printed"]
    assert any("no more images than features" in said for said in about_conventions(list(found.values())))
    assert not about_conventions(list(by_tool(A, B).values()))
    assert found["torch-fidelity"]["fid"] == pytest.approx(of_torch_fidelity(A[:5], B), rel=1e-5)


def test_differences_are_from_the_first_row(rows):
    first = rows["torch-fidelity"]["fid"]
    assert all(row["difference"] == row["fid"] - first for row in rows.values())


# ----- images


@pytest.fixture(scope="module")
def found():
    return bench.fid(images(0), images(1), conventions=True, cache=False, **DIGITS)


def test_each_row_has_the_features_of_its_own_resize(found):
    rows = {row["tool"]: row for row in found["conventions"]}
    for name, resize in (("pytorch-fid", "torch"), ("clean-fid", "clean"), ("torchmetrics", "antialias")):
        alone = bench.fid(images(0), images(1), resize=resize, cache=False, **DIGITS)
        assert rows[name]["fid"] == pytest.approx(alone.fid, rel=1e-6), name
    assert rows["pytorch-fid"]["fid"] != pytest.approx(rows["clean-fid"]["fid"], rel=1e-3)


def test_the_plain_result_stays_what_it_is(found):
    alone = bench.fid(images(0), images(1), cache=False, **DIGITS)
    assert {**alone, "warnings": found.warnings} == {key: found[key] for key in alone}


def test_another_network_than_inception_is_said(found):
    assert any("these tools use Inception" in warning for warning in found.warnings)
    assert {row["scaling"] for row in found["conventions"]} == {"the network's"}


def test_the_table_holds_what_is_printed_and_what_the_tools_do(found):
    table = found.tables["conventions"]
    assert [row[0].value for row in table.rows] == [tool.name for tool in TOOLS]
    assert [row[1].value for row in table.rows] == [row["fid"] for row in found["conventions"]]
    assert "TTUR: drops the images behind the last whole batch" in " ".join(table.notes)


def test_the_command_prints_a_row_for_each_tool():
    command = ["fid", "digits:real-1", "digits:real-2", "--limit", "60", "--extractor", "digits-cnn", "--conventions"]
    text = CliRunner().invoke(main, command).stdout
    assert all(tool.name in text for tool in TOOLS)
    assert "bicubic of Pillow, antialiased" in text
    parsed = json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)
    assert [row["tool"] for row in parsed["conventions"]] == [tool.name for tool in TOOLS]


# ----- files of statistics


@pytest.fixture
def saved(tmp_path):
    bench.save_statistics(images(0), tmp_path / "saved.npz", resize="tf1", **DIGITS)
    return tmp_path / "saved.npz"


def test_statistics_serve_their_own_resize_and_the_tools_that_read_them(saved):
    result = bench.fid(saved, images(1), resize="tf1", conventions=True, **DIGITS)
    rows = {row["tool"]: row for row in result["conventions"]}
    wanted = bench.fid(images(0), images(1), resize="tf1", conventions=True, **DIGITS)
    assert rows["ADM evaluator"]["fid"] == pytest.approx(by_name(wanted, "ADM evaluator"), rel=1e-5)
    assert rows["clean-fid"]["fid"] is None and "give the images" in rows["clean-fid"]["note"]
    assert "takes the statistics in saved.npz" in rows["pytorch-fid"]["note"]
    assert rows["pytorch-fid"]["fid"] != pytest.approx(by_name(wanted, "pytorch-fid"), rel=1e-3)  # another resize


def by_name(result, tool):
    return next(row["fid"] for row in result["conventions"] if row["tool"] == tool)


def test_what_has_no_images_is_refused(saved):
    with pytest.raises(InputError, match="--conventions needs the images of all sets, and the statistics file"):
        bench.fid(saved, saved, resize="tf1", conventions=True, **DIGITS)
    np.savez(saved.with_name("features.npz"), features=A)
    with pytest.raises(InputError, match="--conventions needs the images of all sets, and the array of features"):
        bench.fid(saved.with_name("features.npz"), images(1), conventions=True, **DIGITS)


def test_an_extractor_with_one_resize_is_refused():
    with pytest.raises(InputError, match="--conventions compares ways to resize images, and extractor 'efficientnet"):
        bench.fid(images(0), images(1), extractor="efficientnet-lite0", conventions=True)


@pytest.mark.parametrize("kind", ["csv", "md", "html", "latex"])
def test_no_format_loses_the_rows_of_an_option(tmp_path, kind):
    np.save(tmp_path / "a.npy", images(1).transpose(0, 2, 3, 1))
    sets = [str(tmp_path / "a.npy")] * 2
    options = ["--conventions", "--influence", "2", "--extractor", "digits-cnn", "--format", kind]
    found = CliRunner().invoke(main, ["fid", *sets, *options])
    assert found.exit_code == 0, found.output
    assert all(word in found.stdout for word in ("pytorch-fid", "stylegan3", "the images that move the FID most"))
