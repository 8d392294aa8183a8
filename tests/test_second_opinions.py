"""Vendi score, MIND, FLD, CMMD and sFID against closed forms and against second implementations."""

import math

import numpy as np
import pytest
import torch

import bench
from metrics import cmmd, fid, fld, mind, sfid, vendi
from metrics.errors import InputError

draw = np.random.RandomState(3)


# ----- Vendi score


def test_images_at_right_angles_count_in_full():
    assert vendi.compute(np.eye(6)[:4])["vendi"] == pytest.approx(4)


def test_images_that_point_one_way_count_once():
    assert vendi.compute(np.outer([1.0, 2.0, 5.0], draw.randn(7)))["vendi"] == pytest.approx(1)


@pytest.mark.parametrize("copies", [1, 3])  # 3: more images than dimensions
def test_groups_of_copies_count_by_their_entropy(copies):
    shares = np.array([1, 1, 2]) / 4
    features = np.eye(3)[[0, 1, 2, 2] * copies]
    assert vendi.compute(features)["vendi"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))


@pytest.mark.parametrize("n", [5, 40])
def test_both_ways_to_the_eigenvalues_agree_with_the_kernel_matrix(n):
    features = draw.randn(n, 8)
    rows = features / np.linalg.norm(features, axis=1, keepdims=True)
    shares = np.linalg.eigvalsh(rows @ rows.T / n)
    shares = shares[shares > 1e-12]
    assert vendi.compute(features)["vendi"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-9)


def test_an_image_whose_features_are_all_0_is_named():
    features = draw.randn(5, 3)
    features[2] = 0
    with pytest.raises(InputError, match="row 2 are all 0"):
        vendi.compute(features)


# ----- MIND


def reference_mind(x, y, directions):
    """As torch-fidelity's development branch computes it for sets of one size."""
    one, two = torch.from_numpy(x) @ directions.T, torch.from_numpy(y) @ directions.T
    return float(3 * x.shape[1] * ((one.sort(dim=0)[0] - two.sort(dim=0)[0]) ** 2).mean(dim=0).mean())


def test_it_is_the_public_implementation_where_both_sets_have_one_size():
    x, y = draw.randn(50, 9), draw.randn(50, 9) * 2 + 1
    directions = torch.randn(70, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    directions /= directions.norm(dim=1, keepdim=True)
    found = 3 * 9 * mind.squared_distances(x, y, directions.numpy()).mean()
    assert found == pytest.approx(reference_mind(x, y, directions), rel=1e-12)


def test_moved_sets_are_as_far_apart_as_they_were_moved():
    x, move = draw.randn(30, 200), 3 * draw.randn(200)
    found = mind.compute(x, x + move, directions=20_000)
    expected = 3 * 200 * (move @ move) / 200  # E (u.v)^2 = |v|^2 / d
    assert abs(found["mind"] - expected) < 5 * found["mind_directions_sd"]
    assert found["mind_directions_sd"] == pytest.approx(expected * math.sqrt(2 / 20_000), rel=0.1)


def test_a_set_and_its_images_each_three_times_are_the_same():
    x = draw.randn(7, 4)
    assert mind.compute(x, np.repeat(x, 3, axis=0), directions=5)["mind"] == pytest.approx(0, abs=1e-24)


def test_unequal_sizes_are_what_common_multiples_say():
    x, y = draw.randn(6, 4), draw.randn(4, 4)
    many = mind.compute(np.repeat(x, 2, axis=0), np.repeat(y, 3, axis=0), directions=5)
    assert mind.compute(x, y, directions=5) == pytest.approx(many)


def test_the_order_of_the_images_does_not_matter():
    x, y = draw.randn(30, 4), draw.randn(20, 4)
    assert mind.compute(x[::-1], y)["mind"] == pytest.approx(mind.compute(x, y)["mind"], rel=1e-12)


# ----- FLD


def reference_fit(x, centres, steps=50):
    """Log-variances as the authors fit them, by automatic differentiation."""
    x, centres = torch.from_numpy(x), torch.from_numpy(centres)
    d, squared = x.shape[1], torch.cdist(x, centres, compute_mode="donot_use_mm_for_euclid_dist") ** 2
    far = 0.81 * torch.cdist(x, x.mean(dim=0, keepdim=True)) ** 2
    logs = ((squared.min(dim=0).values + 1e-3) / d).log().requires_grad_()
    origin = torch.zeros((), dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([logs, origin], lr=0.5)

    def density(of, log):
        return -0.5 * of / log.exp() - d / 2 * (log + math.log(2 * math.pi))

    for _ in range(steps):
        adam.zero_grad()
        parts = torch.cat([density(squared, logs) - math.log(len(centres)), density(far, origin)], dim=1)
        (-torch.logsumexp(parts, dim=1).mean() / d).backward()
        adam.step()
        with torch.no_grad():
            logs.clamp_(-40, 20)
    return logs.detach().numpy()


def test_widths_are_those_of_the_authors_fit():
    x, centres = draw.randn(30, 5), draw.randn(20, 5)
    centres[:3] = x[:3]  # copies
    assert fld.fitted(x, centres) == pytest.approx(reference_fit(x, centres), rel=1e-6, abs=1e-6)


def sets(n=120, d=4):
    return draw.randn(n, d), draw.randn(n, d), draw.randn(n, d)


def test_new_images_of_the_same_kind_score_about_0():
    train, generated, held_out = sets(400)
    assert abs(fld.compute(train, generated, held_out)["fld"]) < 6


def test_worse_images_score_higher():
    train, generated, held_out = sets()
    values = [fld.compute(train, generated + shift, held_out)["fld"] for shift in (0, 1, 3)]
    assert values == sorted(values) and values[2] > values[0] + 50


def test_copies_of_the_training_set_score_high_and_leave_a_gap():
    train, generated, held_out = sets()
    copies, new = (fld.compute(train, images, held_out) for images in (train, generated))
    assert copies["fld"] > new["fld"] + 50
    assert copies["fld_gap"] < new["fld_gap"] - 50


def test_features_that_do_not_vary_are_left_out():
    train, generated, held_out = sets()
    more = [np.hstack([values, np.full((len(values), 2), 7.0)]) for values in (train, generated, held_out)]
    assert fld.compute(*more) == pytest.approx(fld.compute(train, generated, held_out))


def test_held_out_images_without_any_difference_are_refused():
    train, generated, _ = sets()
    with pytest.raises(InputError, match="all the same features"):
        fld.compute(train, generated, np.ones((10, 4)))


def test_sets_of_other_widths_are_refused():
    train, generated, held_out = sets()
    with pytest.raises(InputError, match=r"\[3, 4\] dimensions"):
        fld.compute(train, generated[:, :3], held_out)


# ----- CMMD


def reference_cmmd(x, y, sigma=10, scale=1000):
    """Unbiased and as the authors' code, term by term."""
    x, y = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (x, y))

    def kernel(a, b):
        return np.exp(-np.square(a[:, None] - b[None]).sum(axis=2) / (2 * sigma**2))

    xx, yy, xy = kernel(x, x), kernel(y, y), kernel(x, y)
    n, m = len(x), len(y)
    unbiased = (xx.sum() - n) / (n * (n - 1)) + (yy.sum() - m) / (m * (m - 1)) - 2 * xy.mean()
    return scale * unbiased, scale * (xx.mean() + yy.mean() - 2 * xy.mean())


def test_both_estimates_are_those_of_the_paper_and_of_its_code():
    x, y = draw.randn(30, 6), draw.randn(20, 6) + 0.5
    found = cmmd.compute(x, y)
    assert (found["cmmd"], found["cmmd_biased"]) == pytest.approx(reference_cmmd(x, y), rel=1e-9)


def test_the_length_of_features_does_not_matter():
    x, y = draw.randn(30, 6), draw.randn(20, 6) + 0.5
    assert cmmd.compute(7 * x, y) == pytest.approx(cmmd.compute(x, y), rel=1e-9)


def test_another_width_is_another_number():
    x, y = draw.randn(30, 6), draw.randn(20, 6) + 0.5
    assert cmmd.compute(x, y, sigma=1)["cmmd"] == pytest.approx(reference_cmmd(x, y, sigma=1)[0])
    with pytest.raises(InputError, match="width of the kernel of CMMD is 0; expected from 1 to 1000"):
        cmmd.compute(x, y, sigma=0)
    with pytest.raises(InputError, match="the width of the kernel of CMMD is 1001; expected from 1 to 1000"):
        cmmd.compute(x, y, sigma=1001)


@pytest.mark.usefixtures("without_checks_of_shapes")
def test_its_standard_error_is_that_of_many_draws():
    def value(seed):
        random = np.random.RandomState(seed)
        return cmmd.compute(random.randn(40, 3), random.randn(60, 3) + 0.4)

    values = [value(seed) for seed in range(300)]
    spread = np.std([one["cmmd"] for one in values])
    assert np.sqrt(np.mean([one["cmmd_sd"] ** 2 for one in values])) == pytest.approx(spread, rel=0.15)


def test_influence_is_what_leaving_an_image_out_does():
    x, y = draw.randn(60, 5), draw.randn(50, 5) + 0.3
    moves, _ = cmmd.influence(x, y)
    without = np.array([cmmd.compute(np.delete(x, i, axis=0), y)["cmmd"] for i in range(60)])
    assert np.corrcoef(moves, -(without - without.mean()))[0, 1] > 0.999


def test_a_value_below_0_is_explained_unless_its_interval_is_there_too():
    assert "below 0" in cmmd.notes({"cmmd": -0.1, "cmmd_high": 0.2}, (), {})[0]
    for values in (
        {"cmmd": 0.1, "cmmd_high": 0.2},
        {"cmmd": -0.2, "cmmd_high": -0.1},
        {"cmmd": -0.2, "cmmd_high": None},
    ):
        assert cmmd.notes(values, (), {}) == []


# ----- sFID


def test_it_is_the_fid_of_spatial_features():
    x, y = draw.randn(40, 6), draw.randn(30, 6) + 0.2
    found, expected = sfid.compute(x, y), fid.compute(x, y)
    assert found == {
        f"s{key}": expected[key] for key in ("fid", "fid_corrected", "fid_sd", "fid_low", "fid_high", "fid_room")
    }


def test_an_extractor_without_such_features_is_answered_with_those_that_have_them():
    images = np.zeros((5, 8, 8, 3), np.uint8)
    with pytest.raises(InputError, match=r"sfid needs features that keep their place.*'pixels' has none.*: inception$"):
        bench.score(images, images + 1, metrics="sfid", extractor="pixels")
