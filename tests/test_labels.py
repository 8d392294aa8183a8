"""The classes of images: where they come from, and what they are called in a classifier."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from bench import registry
from bench.datasets import open_dataset
from bench.measuring.classes import about_numbers, class_numbers, with_labels
from bench.options import checked
from bench.settings.sets import LabelledSettings
from bench.sources import open_source
from metrics.errors import InputError
from metrics.extractors.types import Extractor

PIXELS = np.arange(6 * 8 * 8 * 3, dtype=np.int64).reshape(6, 8, 8, 3).astype(np.uint8)
TWO_OF_THREE = ("a", "b", "c", "a", "b", "c")


def folders(root, *names):
    for row, name in enumerate(names):
        path = root / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PIXELS[row]).save(path)
    return root


def saved(path, **arrays):
    np.savez(path, **arrays)
    return open_source(path)


def classifier(*names, width=None):
    taps = {"pool": 3, "logits": len(names) if width is None else width}
    return Extractor(
        *("stub", "", "", "", taps, "pool", ("none",), dict), logits="logits", class_names=lambda: tuple(names)
    )


# ----- where they come from


def test_images_in_folders_are_of_the_classes_that_these_name(tmp_path):
    source = open_source(folders(tmp_path, "cat/1", "cat/old/2", "dog/1"))
    assert source.keys == ("cat/1.png", "cat/old/2.png", "dog/1.png")
    assert source.labels == ("cat", "cat", "dog")


def test_a_folder_that_all_images_share_is_no_class(tmp_path):
    assert open_source(folders(tmp_path, "all/cat/1", "all/dog/1")).labels == ("cat", "dog")
    assert open_source(tmp_path / "all" / "cat").labels == ()


@pytest.mark.parametrize("names", [("1", "2"), ("cat/1", "2"), ("cat/1", "cat/2")])
def test_images_beside_folders_or_all_in_one_are_of_no_class(tmp_path, names):
    assert open_source(folders(tmp_path, *names)).labels == ()


def test_a_zip_has_the_classes_of_the_folder_in_it(tmp_path):
    folder = folders(tmp_path / "in", "cat/1", "dog/1")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as file:
        for path in sorted(folder.rglob("*.png")):
            file.write(path, f"set/{path.relative_to(folder)}")
    assert open_source(tmp_path / "set.zip").labels == ("cat", "dog")


def test_classes_stay_with_their_images_when_some_are_drawn_or_skipped(tmp_path):
    folder = folders(tmp_path, "cat/1", "cat/2", "cow/1", "dog/1", "dog/2")
    drawn = open_source(folder, limit=3)
    assert drawn.labels == tuple(key.split("/")[0] for key in drawn.keys)
    (folder / "cow" / "1.png").write_bytes(b"broken")
    assert open_source(folder, skip_corrupt=True).labels == ("cat", "cat", "dog", "dog")
    assert drawn.taken([2, 0]).labels == (drawn.labels[2], drawn.labels[0])


@pytest.mark.parametrize("name", ["labels", "y", "arr_1"])
def test_an_array_beside_the_images_says_their_classes(tmp_path, name):
    plain = saved(tmp_path / "plain.npz", arr_0=PIXELS)
    source = saved(tmp_path / "set.npz", arr_0=PIXELS, **{name: np.array([0, 1, 2, 0, 1, 2])})
    assert source.labels == ("0", "1", "2", "0", "1", "2")
    assert (plain.labels, plain.digest) == ((), source.digest)


def test_the_array_may_hold_names_and_the_images_may_have_any_name(tmp_path):
    assert saved(tmp_path / "set.npz", x=PIXELS, labels=np.array(TWO_OF_THREE)).labels == TWO_OF_THREE


def test_an_array_that_is_not_one_class_for_each_image_is_left_aside_with_a_note(tmp_path):
    source = saved(tmp_path / "set.npz", arr_0=PIXELS, labels=np.eye(6))
    assert source.labels == ()
    assert source.notes == ("labels: 'labels' is float64 [6, 6]; expected 6 whole numbers or names; it is left aside",)
    assert saved(tmp_path / "other.npz", arr_0=PIXELS, arr_1=PIXELS).notes == ()


def test_a_split_has_the_classes_of_its_data_set():
    names = open_source("shapes:test", limit=20).labels
    assert set(names) <= set(open_dataset("shapes").classes)
    assert open_source("digits:real-1").labels[:3] != ()
    assert open_source("digits:test").labels.count("7") == 50


def test_the_labels_of_a_data_set_of_torch_come_with_its_images():
    from torch import from_numpy
    from torch.utils.data import DataLoader, TensorDataset

    labels = np.array([4, 0, 4, 1, 2, 3])
    images = TensorDataset(from_numpy(PIXELS.transpose(0, 3, 1, 2).copy()), from_numpy(labels))
    for given in (images, DataLoader(images, batch_size=4)):
        assert open_source(given).labels == tuple(map(str, labels))
    pairs = [(PIXELS[0], "cat"), (PIXELS[1], "dog")]
    assert open_source(pairs).labels == ("cat", "dog")
    assert open_source([*pairs, (PIXELS[2], 0.5)]).labels == ()


# ----- labels that are given


def test_labels_are_given_to_the_images_in_turn_also_where_some_were_drawn():
    source = open_source(PIXELS)
    assert with_labels([source], ("a", "b", "c"))[0].labels == TWO_OF_THREE
    some = replace(source.taken([1, 4, 5]), name="some")
    assert with_labels([some], ("a", "b", "c"))[0].labels == ("b", "b", "c")


def test_one_label_for_each_image_of_the_whole_set_fits_where_some_are_drawn_or_skipped(tmp_path):
    letters = tuple("abcdef")
    folder = folders(tmp_path / "set", *"012345")
    pairs = [(one, 0) for one in PIXELS]
    for given in (PIXELS, folder, pairs):
        drawn = open_source(given, limit=3, seed=1)
        assert with_labels([drawn], letters)[0].labels == tuple(letters[place] for place in drawn.places)
    (folder / "2.png").write_bytes(b"broken")
    assert with_labels([open_source(folder, skip_corrupt=True)], letters)[0].labels == tuple("abdef")


def test_labels_that_are_almost_as_many_as_the_images_are_told_of(tmp_path):
    folder = folders(tmp_path, *"012345")
    (folder / "2.png").write_bytes(b"broken")
    found = with_labels([open_source(folder, skip_corrupt=True)], "abcde")[0]
    assert "labels: 5 for 6 images, so the last images have the first labels again" in found.notes
    assert not any("again" in note for note in with_labels([open_source(PIXELS)], "abc")[0].notes)


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_labels_are_a_list_an_array_or_a_tensor(kind):
    found = checked(LabelledSettings, {"labels": kind([3, 1])})
    assert found["labels"] == (3, 1)


def test_several_labels_are_of_the_last_set_only_and_one_is_of_the_first_too():
    real, made = open_source(PIXELS), open_source(PIXELS[::-1])
    assert [one.labels for one in with_labels([real, made], ("a", "b", "c"))] == [(), TWO_OF_THREE]
    assert [set(one.labels) for one in with_labels([real, made], ["zebra"])] == [{"zebra"}, {"zebra"}]
    known = replace(real, labels=TWO_OF_THREE)
    assert [set(one.labels) for one in with_labels([known, made, real], [3])] == [{"a", "b", "c"}, {"3"}, set()]


def test_labels_that_are_given_stand_before_those_of_the_set_which_is_said():
    known = replace(open_source(PIXELS), labels=TWO_OF_THREE)
    found = with_labels([known], ["zebra"])[0]
    assert set(found.labels) == {"zebra"}
    assert found.notes[-1] == "labels: those that were given are used, not those that came with the images"


def test_labels_in_turn_over_files_that_are_not_in_the_order_of_their_numbers_are_warned_of(tmp_path):
    source = open_source(folders(tmp_path, "1", "2", "10"))
    assert "not of its numbers" in with_labels([source], ("a", "b", "c"))[0].notes[-1]
    assert with_labels([source], ("a",))[0].notes == source.notes


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["a"] * 7, "7 labels for 6 images of array; expected at most one for each"),
        (["a", " "], "a label is ' '; expected the name or the number of a class"),
        ([0.5], "a label is 0.5; expected the name or the number of a class"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, expected):
    with pytest.raises(InputError, match="^" + expected):
        with_labels([open_source(PIXELS)], labels)


# ----- what they are in a classifier


def numbers(labels, extractor):
    return class_numbers(replace(open_source(PIXELS), name="made", labels=labels), extractor).tolist()


def test_a_class_is_found_by_its_name_then_by_its_number():
    animals = classifier("tabby cat", "Dog", "dog", "3", "cow")
    assert numbers(("cow", "TABBY_CAT", "dog", "1"), animals) == [4, 0, 2, 1]
    assert numbers(("3",), animals) == [3]
    assert numbers(("0", "9"), classifier(width=10)) == [0, 9]


@pytest.mark.parametrize(
    ("labels", "extractor", "expected"),
    [
        ((), classifier("cat", "dog"), "made does not say the class of each image, so .*--labels A,B,"),
        (("cot",), classifier("cat", "dog"), r"made: extractor 'stub' has no class 'cot'\. Did you mean 'cat'"),
        (("2",), classifier("cat", "dog"), r"has no class '2'\. There are 2 classes, such as 'cat' and 'dog'"),
        (("9" * 5000,), classifier("cat", "dog"), r"has no class '9{50,60} \.\.\.\. There are 2 classes"),
        (("zebra",), classifier(width=8), "has no names for its 8 classes, so 'zebra' is none; expected 0 to 7"),
        (("DOG",), classifier("Dog", "dog"), r"has 2 classes 'DOG'; give one of the numbers \[0, 1\]"),
    ],
)
def test_a_class_that_the_classifier_does_not_know_is_refused(labels, extractor, expected):
    with pytest.raises(InputError, match=expected):
        numbers(labels, extractor)


def test_classes_that_are_known_by_their_numbers_only_are_told_of_as_another_order_is_no_error():
    made = replace(open_source(PIXELS), name="made", labels=("cat", "1", "1", "cat", "cat", "cat"))
    assert about_numbers(made, classifier("cat", "dog")) == [
        "made: labels are taken by their numbers: 1 is 'dog' of extractor 'stub'; is that meant?"
    ]
    assert about_numbers(made, classifier(width=3)) == [
        "made: extractor 'stub' has no names for its classes; are the labels numbers in its order?"
    ]
    assert about_numbers(made, classifier("CAT", "1")) == []


@pytest.mark.parametrize(
    ("extractor", "name"),
    [
        *(("digits-layout", "digits"), ("digits-cnn", "digits"), ("shapes-cnn", "shapes"), ("mnist-layout", "mnist")),
        *(("fashion-cnn", "fashion-mnist"), ("fashion-layout", "fashion-mnist")),
    ],
)
def test_the_small_classifiers_have_the_classes_of_their_data_sets(extractor, name):
    assert registry.load("extractors", extractor).class_names() == open_dataset(name).classes


def test_classifiers_of_imagenet_know_its_names_in_the_usual_order():
    for name in ("efficientnet-lite0", "inception-torchvision", "torchvision:resnet18"):
        extractor = registry.load("extractors", name).opened()
        names = extractor.class_names()
        assert (len(names), names[339], names[340]) == (extractor.classes, "sorrel", "zebra")


def test_the_inception_of_papers_has_no_names_for_its_classes():
    assert registry.load("extractors", "inception").class_names() == ()
