"""A folder written whole or not at all."""

from pathlib import Path

import pytest

from bench.storage.folders import whole_folder
from metrics.errors import InputError


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def there(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made/old.txt").write_text("old")
    return tmp_path / "made"


def write(folder):
    with whole_folder(folder) as unfinished:
        (unfinished / "new.txt").write_text("new")


def test_a_folder_takes_the_place_of_the_one_that_was_there(there):
    write(there)
    assert content(there) == {"new.txt": "new"}
    assert [path.name for path in there.parent.iterdir()] == ["made"]


def test_a_folder_is_made_where_there_is_none(tmp_path):
    write(tmp_path / "a/b/made")
    assert content(tmp_path) == {"a/b/made/new.txt": "new"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_fails_while_it_is_written_changes_nothing(there, error):
    with pytest.raises(error), whole_folder(there) as unfinished:
        (unfinished / "new.txt").write_text("new")
        raise error
    assert content(there.parent) == {"made/old.txt": "old"}


@pytest.mark.parametrize(
    ("error", "told"), [(KeyboardInterrupt, KeyboardInterrupt), (OSError(5, "broken"), InputError)]
)
def test_what_fails_while_it_takes_its_place_puts_the_old_one_back(there, monkeypatch, error, told):
    real = Path.rename

    def failing(path, target):
        if ".tmp-" in path.name:
            raise error
        return real(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(told):
        write(there)
    monkeypatch.undo()
    assert content(there.parent) == {"made/old.txt": "old"}
