"""`bench sample --images`: one's own images through a model that translates or reconstructs."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from tiny_runs import tiny_run

from bench.cli import main
from bench.sources import open_source
from reference_models.loop import load, reconstruct, translate


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folders of tiny runs: one that translates one way, one that translates both, one that reconstructs."""
    folder = tmp_path_factory.mktemp("runs")
    trained = {"pix2pix": "edges2shapes", "cyclegan-emoji": "digits2styles", "vae": "digits", "dcgan": "digits"}
    return {model: tiny_run(folder, model, dataset) for model, dataset in trained.items()}


@pytest.fixture
def faces(tmp_path):
    """Three images 90x70, one of them below; the middle 70x70 of each has one colour."""
    folder = tmp_path / "faces"
    (folder / "more").mkdir(parents=True)
    for place, name in enumerate(("a.png", "b.png", "more/c.png")):
        pixels = np.full((90, 70, 3), 255, np.uint8)
        pixels[10:80] = (80 * place, 40, 200)
        Image.fromarray(pixels).save(folder / name)
    return folder


def sample(*arguments):
    return CliRunner().invoke(main, ["sample", *map(str, arguments)])


def refused(*arguments):
    result = sample(*arguments)
    assert (result.exit_code, result.output.strip().count("\n")) == (2, 0), result.output
    return result.stderr


def test_images_of_a_folder_are_translated_as_the_middle_square_at_the_model_s_size(runs, faces, tmp_path):
    result = sample(runs["pix2pix"], "--images", faces, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    about = json.loads(result.stdout)
    assert (about["count"], about["images"]) == (3, str(faces))
    with Image.open(about["sheet"]) as sheet:
        reds = {red for _, (red, green, blue) in sheet.convert("RGB").getcolors(1 << 20) if (green, blue) == (40, 200)}
    assert reds == {0, 80, 160}  # the inputs stand in it
    made = open_source(tmp_path / "out")
    model = load(runs["pix2pix"]).model
    for place in range(3):
        given = np.empty((1, 3, 64, 64), np.uint8)
        given[:] = np.array([80 * place, 40, 200], np.uint8)[:, None, None]
        gap = np.abs(translate(model, given, "x-to-y")[0].astype(int) - made.read(place)).max()
        assert gap <= 1  # a value on the edge of two integers may round the other way in another batch


def test_what_is_made_of_an_image_has_its_name_so_that_both_can_be_paired(runs, faces, tmp_path):
    assert sample(runs["vae"], "--images", faces, "-o", tmp_path / "out").exit_code == 0
    assert open_source(tmp_path / "out").keys == ("a.png", "b.png", "more/c.png")
    assert [path.name for path in tmp_path.glob("*.png")] == ["out-beside-inputs.png"]  # not among what is measured
    (faces / "a.jpg").write_bytes((faces / "a.png").read_bytes())
    assert sample(runs["vae"], "--images", faces, "-o", tmp_path / "two").exit_code == 0
    assert open_source(tmp_path / "two").keys == ("a.jpg.png", "a.png.png", "b.png.png", "more/c.png.png")


def test_images_are_reconstructed_in_grey_by_a_model_of_grey_images(runs, faces, tmp_path):
    assert sample(runs["vae"], "--images", faces, "-n", 2, "-o", tmp_path / "out.npz").exit_code == 0
    made = np.load(tmp_path / "out.npz")["arr_0"].transpose(0, 3, 1, 2)
    grey = np.array(Image.new("RGB", (32, 32), (80, 40, 200)).convert("L"))
    assert made.shape == (2, 1, 32, 32)
    assert np.abs(reconstruct(load(runs["vae"]).model, grey[None, None])[0].astype(int) - made[1]).max() <= 1


def test_what_cannot_be_made_of_a_folder_is_one_line(runs, faces, tmp_path):
    out = ("-o", tmp_path / "out")
    assert "takes no --images" in refused(runs["dcgan"], "--images", faces, *out)
    assert "choose --direction" in refused(runs["cyclegan-emoji"], "--images", faces, *out)
    assert "reconstructs images and knows no --direction" in refused(
        runs["vae"], "--images", faces, "--direction", "x-to-y", *out
    )
    assert "knows no --classes and no --truncation" in refused(
        runs["vae"], "--images", faces, "--truncation", "0.5", *out
    )
    assert "holds 3 images; ask for at most that many" in refused(runs["vae"], "--images", faces, "-n", 4, *out)
    assert "no such folder" in refused(runs["vae"], "--images", tmp_path / "none", *out)
    assert "choose another" in refused(runs["vae"], "--images", faces, "-o", faces, "--force")
    (faces / "broken.png").write_bytes(b"no image")
    assert "broken.png does not decode" in refused(runs["vae"], "--images", faces, *out)
    (tmp_path / "empty").mkdir()
    assert "no image in it" in refused(runs["vae"], "--images", tmp_path / "empty", *out)
    assert not (tmp_path / "out").exists()
