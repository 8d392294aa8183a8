"""The values that describe a generator with published weights; nothing heavy is imported before it is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from reference_models.types import Model


class PublicFile(NamedTuple):
    """A public weights file. `size` in bytes and `sha256` of the whole file; 0 and "" where neither is on record."""

    name: str
    url: str
    sha256: str
    size: int
    licence: str


@dataclass(frozen=True)
class Pretrained:
    """A generator with published weights, which is sampled and not trained here.

    `shape` is that of its images; `classes` the number of its labels, `labels` what they number. `saved_as` names the
    files of weights and settings in a folder that the original package saves. `build(state, settings)` makes the model
    out of the tensors of a weights file and its JSON settings (None: those of this generator); ModelError where they
    do not fit.
    """

    name: str
    title: str
    source: str
    shape: tuple[int, int, int]
    classes: int
    labels: str
    file: PublicFile
    saved_as: tuple[str, str]
    build: Callable[[Mapping[str, "Tensor"], Mapping[str, Any] | None], "Model"]
