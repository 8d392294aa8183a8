"""The script that checks a GPU: what it reports where a check fails, and where there is no GPU."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))

import gpu_check

from metrics.errors import InputError


def refused():
    raise InputError("no such numbers here")


def test_a_check_that_fails_is_one_line_of_the_report_and_the_others_go_on():
    tasks = {"good": lambda: (True, "fine"), "wrong": lambda: (False, "off"), "raises": lambda: 1 / 0}
    checks = [gpu_check.tried(name, task, 1.0) for name, task in {**tasks, "refused": refused}.items()]
    checks.append(gpu_check.tried("late", tasks["good"], 0.0))
    assert [one.ok for one in checks] == [True, False, False, None, None]
    report = gpu_check.markdown("A card, 80 GiB", checks)
    assert report.startswith("# A card, 80 GiB\n")
    assert "| raises | FAILED | ZeroDivisionError: division by zero |" in report
    assert "| refused | not tried | no such numbers here |" in report


@pytest.mark.skipif(gpu_check.torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_script_says_how_to_try_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["gpu_check.py", "-o", str(tmp_path / "report")])
    with pytest.raises(SystemExit, match="2"):
        gpu_check.main()
    assert "torch sees no CUDA GPU here; --device cpu tries the script itself" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()
