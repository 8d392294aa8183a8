"""The public file formats: known bytes in, known pixels out; damaged files are named."""

import pickle
import re
import sys

import numpy as np
import pytest
from dataset_layouts import (
    pixels,
    write_celeba,
    write_cifar10,
    write_idx,
    write_images,
    write_stl10,
    write_svhn,
    write_svhn2mnist,
    write_tiny_imagenet,
)
from PIL import Image

from bench.datasets import open_dataset
from bench.datasets.images import centre_square, open_rgb, resized
from bench.datasets.svhn2mnist import SPLITS, pairs
from bench.measuring.subject import open_subject
from bench.runs.jobs import prepare
from metrics.errors import InputError


def load(name, root, split="train", domain=""):
    return open_dataset(name).load(split, root, domain)


def test_idx_files_give_their_bytes_and_labels(tmp_path):
    write_idx(tmp_path, "MNIST")
    part = load("mnist", tmp_path)
    assert np.array_equal(part.read(0, 30)[:, 0], pixels(0, 30, 28, 28))
    assert part.labels.tolist() == [i % 10 for i in range(30)]


def test_packed_idx_files_read_like_plain_ones(tmp_path):
    write_idx(tmp_path / "plain", "FashionMNIST")
    write_idx(tmp_path / "packed", "FashionMNIST", packed=True)
    rows = [load("fashion-mnist", tmp_path / where, "test").read(0, 20) for where in ("plain", "packed")]
    assert np.array_equal(*rows)


@pytest.mark.parametrize("packed", [False, True])
def test_a_cut_idx_file_is_named(tmp_path, packed):
    write_idx(tmp_path, "MNIST", packed)
    (cut,) = (tmp_path / "MNIST/raw").glob("train-images*")
    cut.write_bytes(cut.read_bytes()[:-100])
    with pytest.raises(InputError, match="train-images"):
        load("mnist", tmp_path)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>"])
def test_a_file_that_is_no_idx_is_named(tmp_path, content):
    write_idx(tmp_path, "MNIST")
    (tmp_path / "MNIST/raw/train-labels-idx1-ubyte").write_bytes(content)
    with pytest.raises(InputError, match=r"train-labels.* is not an idx file"):
        load("mnist", tmp_path)


def test_images_and_labels_of_different_number_are_refused(tmp_path):
    write_idx(tmp_path, "MNIST")
    raw = tmp_path / "MNIST" / "raw"
    (raw / "train-labels-idx1-ubyte").write_bytes((raw / "t10k-labels-idx1-ubyte").read_bytes())
    with pytest.raises(InputError, match="30 images but 20 labels"):
        load("mnist", tmp_path)


def test_a_smaller_fashion_mnist_keeps_the_brightness(tmp_path):
    write_idx(tmp_path, "FashionMNIST")
    full, small = (load(name, tmp_path).read(0, 30) for name in ("fashion-mnist", "fashion-mnist-24"))
    # a resize is a weighted mean: the borders and the rounding move the mean of 784 noisy pixels by a few levels
    assert np.abs(full.mean(axis=(1, 2, 3)) - small.mean(axis=(1, 2, 3))).max() < 6


def test_stl10_planes_are_column_major_and_resized_whole(tmp_path):
    write_stl10(tmp_path)
    stored = pixels(0, 12, 3, 96, 96)[5]
    expected = resized(Image.fromarray(stored.transpose(2, 1, 0)), 64)
    part = load("stl10", tmp_path)
    assert np.array_equal(part.read(5, 6)[0], np.asarray(expected).transpose(2, 0, 1))
    assert part.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert load("stl10", tmp_path, "unlabeled").labels is None


def test_a_cut_stl10_file_is_named(tmp_path):
    write_stl10(tmp_path)
    cut = tmp_path / "stl10_binary" / "test_X.bin"
    cut.write_bytes(cut.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"test_X.bin is cut: 27647 bytes after 11 whole images"):
        load("stl10", tmp_path, "test")


def test_labels_of_stl10_outside_one_to_ten_are_refused(tmp_path):
    write_stl10(tmp_path)
    (tmp_path / "stl10_binary" / "train_y.bin").write_bytes(bytes(range(12)))
    with pytest.raises(InputError, match=r"train_y\.bin"):
        load("stl10", tmp_path)


def test_svhn_writes_zero_as_ten(tmp_path):
    write_svhn(tmp_path)
    part = load("svhn", tmp_path)
    assert np.array_equal(part.read(3, 4)[0], pixels(0, 32, 32, 3, 12)[..., 3].transpose(2, 0, 1))
    assert part.labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2]


def test_svhn_is_found_straight_below_the_root(tmp_path):
    write_svhn(tmp_path)
    assert load("svhn", tmp_path / "svhn").count == 12


@pytest.mark.parametrize("keep", [0, 60, 5_000])
def test_a_cut_svhn_file_is_named(tmp_path, keep):
    write_svhn(tmp_path)
    cut = tmp_path / "svhn" / "train_32x32.mat"
    cut.write_bytes(cut.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"train_32x32\.mat"):
        load("svhn", tmp_path)


def test_a_house_number_gets_a_digit_of_its_class(tmp_path):
    write_svhn2mnist(tmp_path)
    numbers, digits = (load("svhn2mnist", tmp_path, domain=domain) for domain in ("svhn", "mnist"))
    assert numbers.labels.tolist() == digits.labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2]
    assert np.array_equal(numbers.read(0, 12), load("svhn", tmp_path).read(0, 12))
    written = load("mnist", tmp_path).read(0, 30)
    rows = digits.read(0, 12)
    assert np.array_equal(rows[10, 2, 2:30, 2:30], written[11, 0])  # the second 1
    assert rows[:, :, :2].max() == rows[..., 30:].max() == 0


def test_the_pairs_of_svhn_and_mnist_are_as_many_as_their_classes_allow():
    """Images per class 0 to 9 of the published files."""
    svhn = {
        "train": [4948, 13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659],
        "test": [1744, 5099, 4149, 2882, 2523, 2384, 1977, 2019, 1660, 1595],
    }
    mnist = {
        "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    }
    for split in SPLITS:
        first, second = (np.repeat(np.arange(10), counts[split]) for counts in (svhn, mnist))
        rows, partners = pairs(first, second)
        assert len(rows) == len(set(rows)) == len(set(partners)) == SPLITS[split]
        assert np.array_equal(first[rows], second[partners])


def test_files_without_a_common_class_are_refused(tmp_path):
    write_svhn2mnist(tmp_path)
    from scipy.io import savemat

    noughts = np.full((12, 1), 10, np.uint8)
    savemat(tmp_path / "svhn" / "train_32x32.mat", {"X": pixels(0, 32, 32, 3, 12), "y": noughts})
    raw = tmp_path / "MNIST" / "raw" / "train-labels-idx1-ubyte"
    raw.write_bytes(raw.read_bytes()[:8] + bytes([1] * 30))
    with pytest.raises(InputError, match="share no class"):
        load("svhn2mnist", tmp_path, domain="svhn")


def test_cifar10_batches_are_joined_in_order(tmp_path):
    write_cifar10(tmp_path)
    part = load("cifar10", tmp_path)
    assert part.count == 30
    assert np.array_equal(part.read(6, 12), pixels(1, 6, 3072).reshape(6, 3, 32, 32))


def test_a_cifar10_batch_that_would_run_code_is_refused(tmp_path):
    class Doctored:
        def __reduce__(self):
            return sys.setrecursionlimit, (4321,)

    write_cifar10(tmp_path)
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps({"data": Doctored()}, 2))
    before = sys.getrecursionlimit()
    with pytest.raises(InputError, match="setrecursionlimit"):
        load("cifar10", tmp_path, "test")
    assert sys.getrecursionlimit() == before


def test_a_cut_cifar10_batch_is_named(tmp_path):
    write_cifar10(tmp_path)
    cut = tmp_path / "cifar-10-batches-py" / "data_batch_3"
    cut.write_bytes(cut.read_bytes()[:-50])
    with pytest.raises(InputError, match="data_batch_3"):
        load("cifar10", tmp_path)


def test_a_truncated_image_is_named_when_it_is_read(tmp_path):
    write_images(tmp_path / "horse2zebra" / "testA", ["a.jpg", "b.jpg"], (256, 256))
    cut = tmp_path / "horse2zebra" / "testA" / "b.jpg"
    cut.write_bytes(cut.read_bytes()[:-2000])
    part = load("horse2zebra", tmp_path, "test", "horse")
    assert part.read(0, 1).shape == (1, 3, 256, 256)
    with pytest.raises(InputError, match=r"b\.jpg does not decode"):
        part.read(1, 2)
    cut.write_text("no image")
    with pytest.raises(InputError, match=r"b\.jpg does not decode as an image \(it begins like no image\); "):
        part.read(1, 2)


def test_transparency_is_put_on_white(tmp_path):
    Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(tmp_path / "clear.png")
    assert np.asarray(open_rgb(tmp_path / "clear.png")).min() == 255


def test_a_transparent_palette_is_put_on_white(tmp_path):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    image.save(tmp_path / "palette.png", transparency=bytes([255, 0]))
    assert np.asarray(open_rgb(tmp_path / "palette.png")).min() == 255


def test_sixteen_bits_are_cut_to_eight(tmp_path):
    Image.fromarray(np.full((4, 4), 0x8040, np.uint16)).save(tmp_path / "deep.png")
    assert np.unique(np.asarray(open_rgb(tmp_path / "deep.png"))).tolist() == [0x80]


def test_the_middle_square_of_a_face_is_kept():
    face = Image.fromarray(np.repeat(np.arange(218, dtype=np.uint8)[:, None], 178, axis=1))
    kept = np.asarray(centre_square(face))
    assert kept.shape == (178, 178)
    assert (kept[0, 0], kept[-1, 0]) == (20, 197)


def test_shrinking_does_not_alias():
    stripes = Image.fromarray(np.tile(np.array([0, 255], np.uint8), (64, 32)))
    # one-pixel stripes are more than 16 pixels can hold and must come out as even grey; the border sees half a kernel
    inner = np.asarray(resized(stripes, 16), float)[:, 2:-2]
    assert np.ptp(inner) < 8


def test_a_label_of_tiny_imagenet_is_the_same_class_in_every_part(tmp_path):
    write_tiny_imagenet(tmp_path)
    train, test = load("tiny-imagenet", tmp_path), load("tiny-imagenet", tmp_path, "test")
    names = open_dataset("tiny-imagenet").classes
    assert [names[label] for label in train.labels[::4]] == ["goldfish", "tabby", "acorn"]
    assert [names[label] for label in test.labels] == ["goldfish", "tabby", "acorn", "goldfish"]
    assert (len(names), len(set(names)), train.names[0]) == (200, 200, "n01443537/images/n01443537_0.JPEG")


def test_grey_files_of_tiny_imagenet_are_repeated_over_three_channels(tmp_path):
    write_tiny_imagenet(tmp_path)
    file = tmp_path / "tiny-imagenet-200" / "val" / "images" / "val_0.JPEG"
    Image.open(file).convert("L").save(file)
    read = load("tiny-imagenet", tmp_path, "test").read(0, 1)
    assert read.shape == (1, 3, 64, 64)
    assert np.array_equal(read[:, 0], read[:, 2])


def test_an_image_of_tiny_imagenet_without_a_class_is_named(tmp_path):
    write_tiny_imagenet(tmp_path)
    folder = tmp_path / "tiny-imagenet-200"
    said = folder / "val" / "val_annotations.txt"
    said.write_text(said.read_text().replace("val_2.JPEG", "other.JPEG"))
    with pytest.raises(InputError, match=r"val_2\.JPEG is of none of the 200 classes"):
        load("tiny-imagenet", tmp_path, "test")
    said.unlink()
    with pytest.raises(InputError, match=r"no .*val_annotations\.txt"):
        load("tiny-imagenet", tmp_path, "test")
    (folder / "train" / "n12267677").rename(folder / "train" / "acorns")
    with pytest.raises(InputError, match=r"acorns.*is of none of the 200 classes"):
        load("tiny-imagenet", tmp_path)


def test_celeba_labels_say_who_smiles(tmp_path):
    write_celeba(tmp_path)
    part = load("celeba", tmp_path)
    assert part.names == ("000001.jpg", "000002.jpg", "000003.jpg")
    assert part.labels.tolist() == [1, 0, 1]


def test_celeba_labels_are_the_attributes_asked_for(tmp_path):
    write_celeba(tmp_path)
    path = tmp_path / "celeba" / "list_attr_celeba.txt"
    path.write_text(path.read_text().replace("000003.jpg 1 -1", "000003.jpg 1 1"))
    young = open_subject("celeba/Young", tmp_path)
    assert (young.name, young.dataset.name, young.dataset.classes) == ("celeba/Young", "celeba", ("not young", "young"))
    assert young.dataset.load("train", tmp_path).labels.tolist() == [0, 0, 1]
    both = open_subject("celeba/Smiling+Young", tmp_path).dataset
    assert both.classes == ("not smiling not young", "not smiling young", "smiling not young", "smiling young")
    assert both.load("train", tmp_path).labels.tolist() == [2, 0, 3]
    assert (both.load("train", tmp_path).read(0, 3) == load("celeba", tmp_path).read(0, 3)).all()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Smilling", "no attribute 'Smilling'. Did you mean 'Smiling'"),
        ("male", "Did you mean 'Male'"),
        ("Male+", "no attribute ''"),
        ("Male+Male", "different attributes"),
        ("Male+Young+Bald+Bangs+Goatee", "1 to 4"),
    ],
)
def test_celeba_attributes_that_cannot_be_labels_are_refused(word, said):
    with pytest.raises(InputError, match=re.escape(said)):
        open_subject(f"celeba/{word}")


def test_an_attribute_that_the_list_lacks_is_named(tmp_path):
    write_celeba(tmp_path)
    with pytest.raises(InputError, match="does not name the attribute Bald"):
        open_subject("celeba/Bald", tmp_path).dataset.load("train", tmp_path)


def test_a_conditional_gan_is_given_the_combinations_of_attributes(tmp_path):
    write_celeba(tmp_path)
    job = prepare("cgan", open_subject("celeba/Smiling+Young", tmp_path), settings=("width=2",), workdir=tmp_path)
    assert (len(job.data.classes), job.folder.name) == (4, "cgan-celeba-Smiling-Young-width-2-seed0")


def test_celeba_without_attributes_has_no_labels(tmp_path):
    write_celeba(tmp_path)
    (tmp_path / "celeba" / "list_attr_celeba.txt").unlink()
    assert load("celeba", tmp_path, "test").labels is None
    with pytest.raises(InputError, match="which has the attributes"):
        open_subject("celeba/Male", tmp_path).dataset.load("test", tmp_path)


def test_a_cut_attribute_list_is_named(tmp_path):
    write_celeba(tmp_path)
    path = tmp_path / "celeba" / "list_attr_celeba.txt"
    path.write_text("\n".join(path.read_text().splitlines()[:4]))
    with pytest.raises(InputError, match=r"has no row for 000003\.jpg"):
        load("celeba", tmp_path)


def test_edges_stand_left_of_shoes(tmp_path):
    folder = tmp_path / "edges2shoes" / "val"
    folder.mkdir(parents=True)
    pair = np.zeros((256, 512, 3), np.uint8)
    pair[:, 256:] = 200
    Image.fromarray(pair).save(folder / "1_AB.png")
    assert load("edges2shoes", tmp_path, "test", "edges").read(0, 1).max() == 0
    assert load("edges2shoes", tmp_path, "test", "shoes").read(0, 1).min() == 200


def test_a_shoe_without_its_edges_is_refused(tmp_path):
    write_images(tmp_path / "edges2shoes" / "val", ["1_AB.jpg"], (256, 256))
    with pytest.raises(InputError, match="an image of 256x256; expected edges and shoe side by side"):
        load("edges2shoes", tmp_path, "test", "edges").read(0, 1)


def test_a_sketch_without_a_photo_is_named(tmp_path):
    write_images(tmp_path / "cufs" / "train" / "photo", ["f-1.jpg"], (200, 250))
    write_images(tmp_path / "cufs" / "train" / "sketch", ["f-1.jpg", "f-2.jpg"], (200, 250))
    with pytest.raises(InputError, match="f-2 of train has no photo"):
        load("cufs", tmp_path, "train", "photo")


def test_cufs_pairs_are_equal_names_in_whatever_folders(tmp_path):
    train = tmp_path / "cufs" / "train"
    write_images(train / "photo" / "x", ["b.jpg"], (200, 250))
    write_images(train / "photo" / "y", ["a.jpg"], (200, 250))
    write_images(train / "sketch", ["a.jpg", "b.jpg"], (200, 250))
    assert load("cufs", tmp_path, "train", "photo").names == ("x/b.jpg", "y/a.jpg")
    assert load("cufs", tmp_path, "train", "sketch").names == ("b.jpg", "a.jpg")
    write_images(train / "photo" / "z", ["a.jpg"], (200, 250))
    with pytest.raises(InputError, match="a is twice in train/photo"):
        load("cufs", tmp_path, "train", "photo")


def test_binarised_sketches_split_two_levels_apart(tmp_path):
    face = np.full((250, 200), 180, np.uint8)
    face[:, :80] = 60
    for part in ("photo", "sketch"):
        (tmp_path / "cufs" / "train" / part).mkdir(parents=True)
        Image.fromarray(face).save(tmp_path / "cufs" / "train" / part / "f-1.png")
    sketch = load("cufs-sketches", tmp_path).read(0, 1)[0, 0]
    assert np.unique(sketch).tolist() == [0, 255]
    assert (sketch[0, 0], sketch[0, -1]) == (0, 255)
