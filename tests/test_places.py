"""Where things are kept: without a home folder, without a name, and with a `~`."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from genbench import places

ROOT = Path(__file__).resolve().parent.parent
posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX")


@pytest.fixture
def homeless(monkeypatch, tmp_path):
    """As for `docker run --user 12345`: no HOME, no entry in the passwd file."""
    import pwd

    def unknown(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "BENCH_CACHE", "BENCH_DATA", "TORCH_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    places._homeless.cache_clear()
    yield tmp_path
    places._homeless.cache_clear()


@posix
def test_without_a_home_things_are_kept_in_a_folder_of_ones_own_among_the_temporary_ones(homeless):
    folder = homeless / f"genbench-{os.getuid()}"
    assert (places.cache_folder(), places.data_folder()) == (folder / "cache", folder / "data")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert places.home() is None
    assert places.expanded("~/a") == Path("~/a")


@posix
def test_a_folder_that_others_can_write_into_is_not_trusted(homeless):
    (homeless / f"genbench-{os.getuid()}").mkdir()
    (homeless / f"genbench-{os.getuid()}").chmod(0o777)
    assert places.cache_folder().parent != homeless / f"genbench-{os.getuid()}"
    assert places.cache_folder() == places.cache_folder()


@posix
def test_without_a_home_weights_are_looked_for_and_a_site_is_written(homeless):
    from bench.site.folder import check_place
    from bench.weights import status

    assert status()
    check_place(homeless / "site", homeless / "results", force=False)


@pytest.fixture
def elsewhere():
    """A folder that everybody can write into, and reach: those of pytest are for one user."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@posix
@pytest.mark.skipif(os.name == "posix" and os.getuid() != 0, reason="only root can be somebody else")
def test_a_user_without_a_home_and_without_a_name_gets_a_fid(elsewhere):
    code = (
        "import os, sys\n"
        "sys.path[:0] = sys.argv[1:2]\n"
        "from bench.cli import main\n"
        "fid = ['fid', 'digits:real-1', 'digits:real-2', '--extractor', 'pixels', '--limit', '20', '--json']\n"
        "try:\n"
        "    main([*fid, '--no-cache'])\n"  # all is imported: Python itself may be where only root can read
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "os.setgid(54321); os.setuid(54321)\n"
        "main(fid)\n"
    )
    keep = {key: value for key, value in os.environ.items() if key in ("PATH", "OMP_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)],
        cwd=elsewhere,
        env={**keep, "TMPDIR": str(elsewhere)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in elsewhere.iterdir()] == ["genbench-54321"]
    assert list((elsewhere / "genbench-54321/cache/features").iterdir())


# ----- the home folder of a name


@pytest.mark.parametrize("variable", ["BENCH_CACHE", "BENCH_DATA"])
def test_a_tilde_in_a_variable_is_the_home_folder(variable, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv(variable, "~/kept")
    found = {"BENCH_CACHE": places.cache_folder, "BENCH_DATA": places.data_folder}[variable]()
    assert found == tmp_path / "kept"


def test_a_tilde_in_an_option_in_python_and_in_the_name_of_a_data_set_is_the_home_folder(tmp_path, monkeypatch):
    import numpy as np
    from click.testing import CliRunner

    import bench
    from bench.cli import main
    from bench.datasets import data_root

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    images = np.random.RandomState(0).randint(0, 256, (6, 8, 8, 3)).astype(np.uint8)
    np.save(tmp_path / "a.npy", images)
    done = CliRunner().invoke(main, ["stats", "~/a.npy", "-o", "~/b.npz", "--extractor", "digits-cnn"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "b.npz").is_file()
    assert bench.fid("~/a.npy", "~/b.npz", extractor="digits-cnn")["fid"] == pytest.approx(0, abs=1e-6)
    assert data_root("~/data") == tmp_path / "data"
    with pytest.raises(bench.InputError, match=str(tmp_path / "none")):
        from bench.datasets import open_dataset

        open_dataset("folder:~/none")
