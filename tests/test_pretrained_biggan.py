"""BigGAN-deep against the package whose files it reads, layer by layer, with random weights and few channels."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from biggan_peer import CLASSES, layers_of, random_peer, save, settings, the_package
from network_facts import count, outputs
from scipy import stats

from bench import registry, weights
from bench.runs.generators import find_weights, open_generator
from bench.runs.samples import labels_of
from metrics.errors import InputError
from reference_models.errors import ModelError
from reference_models.loop.noise import Noise
from reference_models.loop.sampling import sample, sample_embedded
from reference_models.pretrained._biggan_deep import BigganDeep, DeepConfig, StoredBatchNorm
from reference_models.pretrained._biggan_deep_files import build, converted, read_config

NAMES = registry.names("pretrained")


@pytest.fixture(scope="module")
def package():
    return random_peer()


def ours(network, side=128):
    return build(network.state_dict(), settings(side), side, layers_of(side))


def inputs(count=3):
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(count, 16, generator=generator)
    return noise, torch.arange(count) % CLASSES


@pytest.mark.parametrize("truncation", [0.4, 1.0, 0.02, 0.47])
def test_every_layer_is_the_packages(package, truncation):
    model = ours(package)
    model.truncate(truncation)
    noise, labels = inputs()
    one_hot = torch.nn.functional.one_hot(labels, CLASSES).float()
    theirs = outputs([*package.generator.layers, package.generator.bn], lambda: package(noise, one_hot, truncation))
    here = outputs([*model.layers, model.bn], lambda: model.generate(noise, model.embeddings(labels)))
    assert len(here) == len(theirs) == 11 + 1 + 1
    for place, (mine, other) in enumerate(zip(here, theirs, strict=True)):
        assert mine.shape == other.shape
        error = (mine - other).norm() / other.norm()
        assert error < 1e-5, place  # float32: other orders of sums in up to 11 blocks
    assert here[-1].std() > 0.05  # and the images are not flat


@pytest.mark.parametrize("side", [256, 512])
def test_the_larger_ones_are_the_packages_too(side):
    peer = random_peer(side)
    model = ours(peer, side)
    model.truncate(0.5)
    noise, labels = inputs(1)
    with torch.no_grad():
        theirs = peer(noise, torch.nn.functional.one_hot(labels, CLASSES).float(), 0.5)
        here = model.generate(noise, model.embeddings(labels))
    assert here.shape == (1, 3, side, side)
    assert (here - theirs).norm() / theirs.norm() < 1e-5  # float32, as above


def test_images_are_the_packages_but_for_their_rounding(package):
    model = ours(package)
    noise, labels = inputs()
    with torch.no_grad():
        theirs = package(noise, torch.nn.functional.one_hot(labels, CLASSES).float(), 1.0)
        here = model.sample(noise, labels).permute(0, 2, 3, 1).numpy().astype(int)
    shown = np.stack([np.asarray(image) for image in the_package().convert_to_images(theirs)]).astype(int)
    assert np.abs(here - shown).max() <= 1  # floor(127.5 x + 128) here, floor(128 x + 128) there
    assert np.abs(here - shown).mean() < 0.6


# ---- what the files say


def test_the_settings_for_256_are_the_published_ones_byte_for_byte():
    side, sha256 = (
        256,
        "edd106f65ff28ee1638491a978cfa6bc50dfa0344aab70749a7b8eb08bbec677",
    )  # of biggan-deep-256-config.json
    values = {**settings(side), "z_dim": 128, "class_embed_dim": 128, "channel_width": 128, "num_classes": 1000}
    config = DeepConfig(side, layers_of(side))
    assert read_config(values) == config
    text = json.dumps({**vars(config), "layers": [list(layer) for layer in config.layers]}, indent=2, sort_keys=True)
    assert hashlib.sha256(f"{text}\n".encode()).hexdigest() == sha256


@pytest.mark.parametrize(("side", "millions"), [(128, 50.4), (256, 55.9), (512, 56.2)])
def test_the_generators_have_the_published_numbers_of_parameters(side, millions):
    with torch.device("meta"):
        model = BigganDeep(DeepConfig(side, layers_of(side)))
    unused = 125 * (9 * 128 + 1)  # outputs of the last convolution that are left out here
    assert round((count(model) + unused) / 1e6, 1) == millions


def test_the_parameters_for_128_are_those_worked_out_by_hand():
    def norm(channels):
        return 2 * 256 * channels

    def block(before, after):
        inside = before // 4
        convolutions = before * inside + 2 * 9 * inside**2 + inside * after + 3 * inside + after
        return norm(before) + 3 * norm(inside) + convolutions

    widths = [(128 * before, 128 * after) for _, before, after in layers_of(128)]
    attention = 2 * 256 * 32 + 2 * 256 * 128 + 1
    expected = 1000 * 128 + 257 * 16 * 2048 + sum(block(*one) for one in widths) + attention + 2 * 128 + 3 * 1153
    with torch.device("meta"):
        assert count(BigganDeep(DeepConfig(128, layers_of(128)))) == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_says_what_it_is_and_where_it_comes_from(name):
    spec = registry.load("pretrained", name)
    assert spec.name == name
    assert spec.title == registry.describe("pretrained", name)["title"]
    assert spec.file.url.endswith(spec.file.name)
    assert spec.file.url.startswith("https://")
    assert bool(spec.file.sha256) == bool(spec.file.size)
    assert spec.shape[0] == 3


def test_a_weight_is_divided_by_its_norm(package):
    state = package.state_dict()
    name = "generator.layers.3.conv_1"
    matrix = state[f"{name}.weight_orig"].flatten(1).double()
    largest = torch.linalg.matrix_norm(matrix, 2)
    found = converted(state)["layers.3.convs.1.weight"].flatten(1).double()
    assert torch.allclose(found, matrix / largest, atol=1e-6)


# ---- truncation


def test_statistics_are_those_stored_for_the_truncation():
    norm = StoredBatchNorm(2, replace(DeepConfig(128, layers_of(128)), z_dim=4, class_embed_dim=4), False)
    norm.means.copy_(torch.arange(102.0).reshape(51, 2))
    norm.truncation = 0.4
    assert norm.statistics()[0].tolist() == [40, 41]
    norm.truncation = 1.0
    assert norm.statistics()[0].tolist() == [100, 101]
    norm.truncation = 0.405  # a quarter of the way; the package gives this share to the lower row
    assert norm.statistics()[0].tolist() == pytest.approx([41.5, 42.5], abs=1e-4)


def test_noise_has_the_packages_distribution():
    model = BigganDeep(read_config(settings()))
    model.truncate(0.4)
    noise = model.draw(Noise(0, 0, 4000)).double().numpy().ravel()
    assert np.abs(noise).max() <= 0.8
    assert stats.kstest(noise / 0.4, stats.truncnorm(-2, 2).cdf).pvalue > 0.01
    theirs = the_package().truncated_noise_sample(4000, 16, truncation=0.4, seed=0).ravel()
    assert stats.ks_2samp(noise, theirs).pvalue > 0.01


def test_a_row_of_noise_is_its_own(package):
    model = ours(package)
    whole, last = sample(model, 3, 0, 4), sample(model, 3, 3, 4, labels=Noise(3, 3, 4).labels(model.classes))
    assert np.abs(whole[3:].astype(int) - last).max() <= 1  # a value on the edge of two integers


@pytest.mark.parametrize("bound", [0.0, -0.4, 1.1, float("nan")])
def test_other_truncations_are_refused(bound):
    with pytest.raises(ModelError, match="above 0 and up to 1"):
        BigganDeep(read_config(settings())).truncate(bound)


def test_a_class_between_two_classes(package):
    model = ours(package)
    noise = model.draw(Noise(0, 0, 3))
    embeddings = model.class_embeddings()
    assert embeddings.shape == (CLASSES, model.embedding_dim)
    assert torch.equal(embeddings, package.embeddings.weight.T)
    strip = torch.lerp(embeddings[0], embeddings[5], torch.tensor([[0.0], [0.5], [1.0]]))
    images = sample_embedded(model, noise[:1].expand(3, -1), strip)
    assert not np.array_equal(images[0], images[1])
    assert np.abs(images[2].astype(int) - model.sample(noise[:1], torch.tensor([5]))[0].numpy()).max() <= 1


# ---- opening files


@pytest.fixture
def saved(package, tmp_path):
    """A folder as the package saves it."""
    save(package, tmp_path)
    return tmp_path


def test_a_folder_of_the_package_is_opened(saved, package):
    generator = open_generator(Path("biggan-deep-128"), weights_file=saved)
    assert (generator.name, generator.batch_size, generator.official) == ("biggan-deep-128", 64, False)
    assert generator.model.class_embeddings().shape == (CLASSES, 16)
    assert (sample(generator.model, 0, 0, 2) == sample(ours(package), 0, 0, 2)).all()


def test_files_of_the_old_format_are_opened(saved, package):
    torch.save(package.state_dict(), saved / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    assert open_generator(Path("biggan-deep-128"), weights_file=saved).model.classes == CLASSES


def test_published_names_are_found_where_weights_are_kept(saved, monkeypatch):
    spec = registry.load("pretrained", "biggan-deep-128")
    folder = saved / "kept"
    folder.mkdir()
    (saved / "pytorch_model.bin").rename(folder / spec.file.name)
    (saved / "config.json").rename(folder / f"{spec.name}-config.json")
    monkeypatch.setenv("BENCH_WEIGHTS", str(folder))
    assert find_weights(spec).path == folder / spec.file.name
    assert open_generator(Path("biggan-deep-128")).model.classes == CLASSES
    rows = {row.name: row for row in weights.status()}
    assert rows[spec.file.name].place == "BENCH_WEIGHTS"


def test_missing_weights_are_one_line_with_all_that_helps(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name in NAMES:
        spec = registry.load("pretrained", name)
        with pytest.raises(InputError) as caught:
            open_generator(Path(name))
        message = str(caught.value)
        known = spec.file.sha256 or "not on record"
        assert all(part in message for part in (spec.file.url, known, f"bench weights fetch {name}", "--weights"))
        assert "\n" not in message
        with pytest.raises(InputError) as caught:
            open_generator(Path(name), offline=True)
        assert "bench weights fetch" not in str(caught.value)


def damage_weights(folder):
    (folder / "pytorch_model.bin").write_bytes(b"abc")


def leave_one_out(folder):
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    del state["generator.layers.2.conv_1.bias"]
    torch.save(state, folder / "pytorch_model.bin")


def forget_a_vector(folder):
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    del state["generator.gen_z.weight_u"]
    torch.save(state, folder / "pytorch_model.bin")


def spoil_one(folder):
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    state["generator.conv_to_rgb.bias"][0] = torch.nan
    torch.save(state, folder / "pytorch_model.bin")


def add_one(folder):
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    torch.save({**state, "generator.more": torch.zeros(1)}, folder / "pytorch_model.bin")


def other_width(folder):
    (folder / "config.json").write_text(json.dumps({**settings(), "channel_width": 16}))


def other_side(folder):
    (folder / "config.json").write_text(json.dumps(settings(256)))


def other_fields(folder):
    (folder / "config.json").write_text(json.dumps({**settings(), "depth": 3}))


def other_type(folder):
    (folder / "config.json").write_text(json.dumps({**settings(), "layers": [[1, 2]]}))


def broken_chain(folder):
    (folder / "config.json").write_text(json.dumps({**settings(), "layers": settings()["layers"][1:]}))


def no_json(folder):
    (folder / "config.json").write_text("{")


def cut(name):
    """One tensor without its last row, or with one more where it is a single number."""

    def harm(folder):
        state = torch.load(folder / "pytorch_model.bin", weights_only=True)
        key = next(key for key in state if key.endswith(name))
        state[key] = torch.zeros(2) if state[key].numel() == 1 else state[key][:-1].clone()
        torch.save(state, folder / "pytorch_model.bin")

    return harm


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (cut("gen_z.weight_u"), r"gen_z\.weight_orig without its vectors generator\.gen_z\.weight_u and"),
        (cut("gen_z.weight_v"), r"gen_z\.weight_orig without its vectors"),
        (cut("gen_z.bias"), r"have gen_z\.bias as \[.*\], expected \["),
        (cut(".gamma"), r"gamma as \[2\], expected \[\]; they are of another network than BigGAN-deep at 128x128"),
        (cut("embeddings.weight"), r"have embeddings\.weight as"),
        (damage_weights, "damaged|pickle"),
        (leave_one_out, r"lack layers\.2\.convs\.1\.bias"),
        (forget_a_vector, r"gen_z\.weight_u"),
        (add_one, "unknown more"),
        (spoil_one, r"'generator\.conv_to_rgb\.bias' holds NaN or infinity"),
        (other_width, "expected"),
        (other_side, "256x256 generator, asked for is 128x128"),
        (other_fields, "depth"),
        (other_type, "another type"),
        (broken_chain, "another network"),
        (no_json, "is not a readable JSON"),
    ],
)
def test_what_is_no_such_generator_is_refused(saved, harm, message):
    harm(saved)
    with pytest.raises((InputError, ModelError), match=message) as caught:
        open_generator(Path("biggan-deep-128"), weights_file=saved)
    assert "\n" not in str(caught.value)


def test_a_place_without_weights_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no weights at .*biggan-deep-128-pytorch_model\.bin or pytorch_model\.bin"):
        open_generator(Path("biggan-deep-128"), weights_file=tmp_path)


def test_a_name_that_is_nothing_names_the_generators():
    with pytest.raises(InputError, match=r"no generator of that name\. Did you mean 'biggan-deep-512'"):
        open_generator(Path("biggan-deep-1024"))
    with pytest.raises(InputError, match="--weights is for a pretrained generator"):
        open_generator(Path("runs/dcgan-digits-seed0"), weights_file=Path("w.bin"))


# ---- labels by name and number


def test_classes_are_names_or_numbers(saved):
    generator = open_generator(Path("biggan-deep-128"), weights_file=saved)
    assert labels_of(generator, "6, 0").tolist() == [6, 0]
    assert labels_of(generator._replace(classes=("cat", "dog")), "dog,0").tolist() == [1, 0]
    for wrong in ("7", "-1", "dog", "", "1,,2"):
        with pytest.raises(InputError, match="no class"):
            labels_of(generator, wrong)
