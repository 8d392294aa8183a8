"""What every data set keeps to, each tried on its own images: drawn ones, or tiny files in the public layout."""

from pathlib import Path

import numpy as np
import pytest
from dataset_layouts import LAYOUTS, write_images

from bench import registry
from bench.datasets import data_root, eval_set, open_dataset
from bench.datasets._types import Dataset, Split
from bench.datasets.order import permutation, uniforms
from bench.datasets.splits import load_part
from metrics.errors import InputError

NAMES = registry.names("datasets")
EMBEDDED = [name for name in NAMES if name not in LAYOUTS]


@pytest.fixture(params=NAMES)
def data_set(request, tmp_path):
    if request.param in LAYOUTS:
        LAYOUTS[request.param](tmp_path)
    return open_dataset(request.param)


def every_part(data_set, root):
    for split in data_set.splits:
        for domain in data_set.domains or ("",):
            yield split, domain, data_set.load(split, root, domain)


def test_the_file_name_is_the_name(data_set):
    assert data_set.name in NAMES
    assert registry.describe("datasets", data_set.name)["title"] == data_set.title


def test_rows_are_bytes_of_the_stated_shape(data_set, tmp_path):
    for _, _, part in every_part(data_set, tmp_path):
        rows = part.read(0, 3)
        assert rows.dtype == np.uint8
        assert rows.shape == (3 if part.count >= 3 else part.count, *data_set.shape)


def test_rows_do_not_depend_on_the_batch(data_set, tmp_path):
    for _, _, part in every_part(data_set, tmp_path):
        stop = min(part.count, 12)
        together = part.read(0, stop)
        assert np.array_equal(together, np.concatenate([part.read(i, i + 1) for i in range(stop)]))
        assert np.array_equal(part.take(range(stop - 1, -1, -1)), together[::-1])


def test_slices_end_at_the_last_row_and_may_be_empty(data_set, tmp_path):
    for _, _, part in every_part(data_set, tmp_path):
        assert len(part.read(part.count - 1, part.count + 5)) == 1
        assert part.read(2, 2).shape == (0, *data_set.shape)


def test_labels_and_names_go_with_the_rows(data_set, tmp_path):
    for _, _, part in every_part(data_set, tmp_path):
        if part.labels is not None:
            assert part.labels.dtype == np.int64
            assert part.labels.shape == (part.count,)
            assert part.labels.min() >= 0
            assert part.labels.max() < len(data_set.classes)
        if part.names is not None:
            assert len(set(part.names)) == part.count


def test_domains_of_a_paired_set_have_the_same_count(data_set, tmp_path):
    if data_set.paired:
        for split in data_set.splits:
            first, second = (data_set.load(split, tmp_path, domain) for domain in data_set.domains)
            assert first.count == second.count


def test_an_unknown_split_or_domain_is_named(data_set, tmp_path):
    domain = data_set.domains[0] if data_set.domains else ""
    with pytest.raises(InputError, match="no split 'validate'; it has"):
        data_set.load("validate", tmp_path, domain)
    with pytest.raises(InputError, match="no domain 'cats'"):
        data_set.load("test", tmp_path, "cats")


def test_the_first_images_of_a_split_are_a_split(tmp_path):
    whole, few = (load_part(open_dataset("digits"), words, tmp_path) for words in ("train", "train:7"))
    assert (whole.count, few.count) == (1_297, 7)
    assert (few.read(0, 7) == whole.read(0, 7)).all()
    assert few.labels.tolist() == whole.labels[:7].tolist()


@pytest.mark.parametrize("count", ["0", "1298", "", "-1", "many", "7:2", "07", "\u0667", " 7", "7" * 5000])
def test_a_split_has_no_other_number_of_first_images_than_it_has(count, tmp_path):
    words = f"train:{count}"
    with pytest.raises(InputError, match=f"{words} of digits: expected train:N, the first N .* from 1 to 1297"):
        load_part(open_dataset("digits"), words, tmp_path)


def test_every_data_set_says_what_it_is(data_set):
    assert data_set.licence and data_set.source and data_set.howto and data_set.extractors
    assert len(data_set.domains) in (0, 2)
    assert list(data_set.eval_sets) == ["real 1", "real 2"]


def test_evaluation_sets_fit_into_their_splits(data_set):
    needed: dict[str, int] = {}
    for split, count in data_set.eval_sets.values():
        needed[split] = needed.get(split, 0) + count
    for split, count in needed.items():
        published = data_set.splits[split]
        assert count <= (min(published) if isinstance(published, tuple) else published)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_missing_data_is_one_line_that_says_how_to_get_it(name, tmp_path):
    data_set = open_dataset(name)
    with pytest.raises(InputError) as error:
        data_set.load("test", tmp_path, data_set.domains[0] if data_set.domains else "")
    message = str(error.value)
    assert "\n" not in message
    assert str(tmp_path) in message
    assert data_set.howto in message if data_set.fetch is None else f"fetch {name} --data-root {tmp_path}" in message


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_training_and_test_images_share_no_content(name):
    data_set = open_dataset(name)
    domain = data_set.domains[-1] if data_set.domains else ""
    parts = [data_set.load(split, Path(), domain) for split in ("train", "test")]
    contents = [{row.tobytes() for row in part.read(0, 1_300 if name == "digits" else 300)} for part in parts]
    assert not contents[0] & contents[1]


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_evaluation_sets_are_disjoint_and_whole(name):
    data_set = open_dataset(name)
    domain = data_set.domains[-1] if data_set.domains else ""
    first, second = (eval_set(data_set, which, Path(), domain) for which in data_set.eval_sets)
    assert first.count == data_set.eval_sets["real 1"][1]
    assert not {row.tobytes() for row in first.read(0, 100)} & {row.tobytes() for row in second.read(0, 100)}


def small(images, eval_sets, paired=False):
    part = Split(len(images), lambda start, stop: images[start:stop], names=tuple(map(str, range(len(images)))))
    return Dataset(
        name="small",
        title="",
        source="",
        licence="",
        shape=images.shape[1:],
        splits={"test": len(images), "train": len(images)},
        load=lambda split, root, domain: part,
        howto="add some",
        paired=paired,
        eval_sets=eval_sets,
    )


def test_sets_of_one_split_take_their_images_in_turn(tmp_path):
    images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
    data_set = small(images, {"real 1": ("test", 4), "real 2": ("test", 6)})
    rows = [eval_set(data_set, name, tmp_path).read(0, 9).ravel().tolist() for name in data_set.eval_sets]
    assert sorted(rows[0] + rows[1]) == list(range(10))


def test_a_second_set_repeats_no_image_of_the_first_even_where_the_files_do(tmp_path):
    images = (np.arange(10, dtype=np.uint8) // 2).reshape(10, 1, 1, 1)  # each image twice
    data_set = small(images, {"real 1": ("test", 3), "real 2": ("train", 3)})
    rows = [set(eval_set(data_set, name, tmp_path).read(0, 9).ravel().tolist()) for name in data_set.eval_sets]
    assert not rows[0] & rows[1]


def test_a_take_without_a_quick_way_reads_row_by_row():
    images = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1)
    part = Split(5, lambda start, stop: images[start:stop])
    assert part.take([3, 0, 3]).ravel().tolist() == [3, 0, 3]
    assert part.take([]).shape == (0, 1, 1, 1)


def test_too_few_images_for_a_set_is_said(tmp_path):
    data_set = small(np.zeros((3, 1, 1, 1), np.uint8), {"real 1": ("test", 4)})
    with pytest.raises(InputError, match=r"'real 1' needs 4 images .* finds 3 among 3; add some"):
        eval_set(data_set, "real 1", tmp_path)


def test_an_unknown_set_is_named(tmp_path):
    with pytest.raises(InputError, match="no evaluation set 'real 9'; it has real 1"):
        eval_set(open_dataset("digits"), "real 9", tmp_path)


def test_an_unknown_data_set_is_answered_with_the_close_name():
    with pytest.raises(InputError, match="Did you mean 'digits'"):
        open_dataset("digitz")


def test_the_data_root_is_what_is_given_then_the_environment_then_the_user_folder(monkeypatch, tmp_path):
    assert data_root(tmp_path) == tmp_path
    monkeypatch.setenv("BENCH_DATA", "/somewhere")
    assert data_root(None) == Path("/somewhere")
    monkeypatch.delenv("BENCH_DATA")
    assert data_root(None).name == "genbench"


def test_random_numbers_depend_on_seed_and_index_only():
    together = uniforms(7, np.arange(5), 3)
    assert np.array_equal(uniforms(7, np.array([4, 1]), 3), together[[4, 1]])
    assert not np.intersect1d(together, uniforms(8, np.arange(5), 3)).size


def test_random_numbers_are_even_over_the_unit_interval():
    values = uniforms(1, np.arange(20_000), 2)
    assert values.min() >= 0 and values.max() < 1
    # the mean of 20,000 uniforms has a standard deviation of 0.002
    assert np.allclose(values.mean(axis=0), 0.5, atol=0.01)
    assert abs(np.corrcoef(values.T)[0, 1]) < 0.03


def test_the_order_of_evaluation_is_published_and_may_not_change():
    assert permutation(680, 8).tolist() == [4, 0, 7, 3, 1, 5, 2, 6]


def test_a_folder_is_a_data_set(tmp_path):
    write_images(tmp_path / "mine", [f"{i}.png" for i in range(20)], (40, 30))
    data_set = open_dataset(f"folder:{tmp_path / 'mine'}:16")
    train, test = (data_set.load(split, tmp_path, "") for split in ("train", "test"))
    assert (train.count, test.count, train.read(0, 1).shape) == (10, 10, (1, 3, 16, 16))
    assert not set(train.names) & set(test.names)
    assert eval_set(data_set, "real 2", tmp_path).count == 5


def test_a_folder_with_train_and_test_keeps_them(tmp_path):
    write_images(tmp_path / "mine" / "train", [f"{i}.png" for i in range(8)], (20, 20))
    write_images(tmp_path / "mine" / "test", [f"{i}.png" for i in range(3)], (20, 20))
    assert open_dataset(f"folder:{tmp_path / 'mine'}").splits == {"train": 8, "test": 3}


@pytest.mark.parametrize("tail, said", [("none", "no such folder"), ("", "holds 0 images"), (":4", "size of 4 pixels")])
def test_a_folder_that_cannot_be_used_says_why(tmp_path, tail, said):
    with pytest.raises(InputError, match=said):
        open_dataset(f"folder:{tmp_path}/{tail}")
