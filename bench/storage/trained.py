"""The trained models that come with this project, exported as others export theirs: below bench/trained, by name."""

import json
from pathlib import Path
from typing import Any

CONFIG = "config.json"  # of an exported model
TRAINED = Path(__file__).resolve().parent.parent / "trained"


def trained_names() -> list[str]:
    """The trained models that come with this project."""
    return sorted(path.parent.name for path in TRAINED.glob(f"*/{CONFIG}"))


def describe_trained() -> list[dict[str, Any]]:
    """What `bench list` says of them: what each is, by its config.json; no weights are read."""
    found = []
    for name in trained_names():
        about = json.loads((TRAINED / name / CONFIG).read_text(encoding="utf-8"))  # the careful reader needs numpy
        weights = about["weights"]
        found.append(
            {
                "name": name,
                "title": f"{about['title']}, trained on {about['data']['name']} for {about['steps']:,} steps",
                "source": f"bench sample {name} -n 16",
                "package": "",
                "model": about["model"],
                "dataset": about["data"]["name"],
                "seed": about["seed"],
                "steps": about["steps"],
                "sha256": weights["sha256"],
                "bits": weights["bits"],
            }
        )
    return found
