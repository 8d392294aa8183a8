"""The model card of an exported model: what the Hugging Face Hub shows of it, and reads from the lines above it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bench import registry
from bench.measuring.evaluation import GENERATED, REAL_1
from bench.storage.records import RunRecord
from bench.tables.markdown import markdown
from bench.tables.run_tables import run_tables

CARD, PREVIEW = "README.md", "preview.png"
LICENCE = "mit"  # of the weights, as of the code
PIPELINES = {"paired": "image-to-image", "unpaired": "image-to-image"}
SHOWN = (("fid", "fid", "FID"), ("fid", "fid_corrected", "FID, corrected"), ("kid", "kid", "KID"))


def card(about: Mapping[str, Any], record: RunRecord | None, preview: bool) -> str:
    """README.md of an exported model: `about` is its config.json, `record` what was measured of it."""
    return "\n".join(["---", *_metadata(about, record), "---", "", *_body(about, record, preview)]) + "\n"


def _metadata(about: Mapping[str, Any], record: RunRecord | None) -> Iterator[str]:
    """The lines that the Hub reads, as YAML."""
    yield f"license: {LICENCE}"
    yield f"library_name: {about['library']}"
    yield f"pipeline_tag: {PIPELINES.get(about['task'], 'unconditional-image-generation')}"
    yield from ("tags:", f"- {_word(about['model'])}", "- image-generation")
    yield from ("datasets:", f"- {_word(about['data']['name'])}")
    if record is None:
        return
    yield from ("model-index:", f"- name: {_word(_name(about))}", "  results:")
    yield from ("  - task:", f"      type: {PIPELINES.get(about['task'], 'unconditional-image-generation')}")
    yield from ("    dataset:", f"      type: {_word(about['data']['name'])}", f"      name: {_word(_data(about))}")
    yield "    metrics:"
    for pair in record.pairs:
        if (pair.a, pair.b) == (REAL_1, GENERATED):
            for metric, key, title in SHOWN:
                if (value := pair.scores.get(metric, {}).get(key)) is not None:
                    what = f"{title} of {pair.domain}" if pair.domain else title
                    words = f"{what} by {record.protocol.extractor}, protocol {record.protocol_id}"
                    yield from (f"    - type: {metric}", f"      value: {value!r}", f"      name: {_word(words)}")


def _body(about: Mapping[str, Any], record: RunRecord | None, preview: bool) -> Iterator[str]:
    """What people read."""
    yield from (f"# {_name(about)}", "")
    split = about["data"].get("split", "")
    images = f"{_data(about)} ({split})" if split else _data(about)
    yield from (f"{about['title']} ({about['paper']}), trained by genbench on: {images}.", "")
    if preview:
        yield from (f"![samples]({PREVIEW})", "")
    yield from ("```", "bench sample FOLDER -n 64 -o samples          # a copy of this folder")
    yield from ("bench sample hub:OWNER/NAME -n 64 -o samples  # from the Hugging Face Hub", "```", "")
    settings = ", ".join(f"{name} {value}" for name, value in about["settings"].items())
    yield from (f"- training: {about['steps']:,} steps, seed {about['seed']}; {settings}", _weights(about))
    yield f"- licence of the weights: MIT; of the data: {_licence(about)}"
    yield f"- sha256 of the checkpoint that was measured: {about['checkpoint_sha256']}"
    if record is None:
        yield from ("", "This checkpoint was not measured; `bench evaluate` does it.")
        return
    yield from (f"- protocol {record.protocol_id}: {_protocol(record)}", "")
    yield "\n".join(map(markdown, run_tables(record))).rstrip()


def _weights(about: Mapping[str, Any]) -> str:
    weights = about["weights"]
    rounded = ", so the images differ from those of the checkpoint by rounding" if weights["bits"] == 16 else ""
    return f"- weights: {weights['file']}, sha256 {weights['sha256']}; {weights['bits']} bits{rounded}"


def _protocol(record: RunRecord) -> str:
    one = record.protocol
    return (
        f"features of {one.extractor} (version {one.extractor_version}), resize {one.resize}, "
        f"{' and '.join(f'{count:,}' for count in one.generated)} generated images, seed of the noise "
        f"{one.sampling_seed}"
    )


def _name(about: Mapping[str, Any]) -> str:
    split = about["data"].get("split", "")
    return f"{about['model']} on {about['data']['name']}{f', trained on {split}' if split else ''}"


def _data(about: Mapping[str, Any]) -> str:
    """The data set in words, as far as this project knows it."""
    return _described(about, "title") or str(about["data"]["name"])


def _licence(about: Mapping[str, Any]) -> str:
    return _described(about, "licence") or "not known"


def _described(about: Mapping[str, Any], field: str) -> str:
    name = about["data"]["name"].partition("/")[0]
    known = not name.startswith("folder:") and name in registry.names("datasets")
    return str(registry.describe("datasets", name).get(field, "")) if known else ""


def _word(text: str) -> str:
    """A text as YAML reads it, whatever is in it: JSON is YAML."""
    return json.dumps(text)
