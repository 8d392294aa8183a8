"""Options of the checks under known damage."""

from pathlib import Path
from typing import Annotated, TypedDict

from bench.options import Network, Option, Progress
from bench.settings import shared
from bench.settings.shared import BATCH_SIZE
from metrics.options import MOST_SEED, SEED

_extractor = "Repeat it for several.  [default: that of the data set which needs no download]"
_n = "Images on each side; repeat it.  [default: 100 and 1000, or a fifth of the set]"


class SanitySettings(TypedDict, total=False):
    """The keywords of `sanity`."""

    extractor: Annotated[tuple[Network, ...], Option(_extractor, (), metavar="NAME")]
    metric: Annotated[tuple[str, ...], Option("Repeat it for several.  [default: all that fit]", (), metavar="NAME")]
    check: Annotated[tuple[str, ...], Option("Repeat it for several.  [default: all]", (), metavar="NAME")]
    n: Annotated[tuple[int, ...], Option(_n, (), metavar="N", least=1)]
    synthetic: Annotated[bool, Option("Fifteen checks on synthetic data instead, without images.", False)]
    output: Annotated[Path | None, Option("A new folder for tables and pictures.", letter="-o", metavar="DIR")]
    resize: Annotated[str | None, shared.resize]
    weights: Annotated[Path | None, shared.weights]
    offline: Annotated[bool, shared.offline]
    trust_code: Annotated[bool, shared.trust_code]
    device: Annotated[str, shared.device]
    workers: Annotated[int, shared.workers]
    batch_size: Annotated[int, Option(default=BATCH_SIZE, least=1)]
    cache: Annotated[bool, Option("Compute everything.", True, "--no-cache")]
    seed: Annotated[int, Option("Of the damage and of the splits.", SEED, least=0, most=MOST_SEED)]
    data_root: Annotated[Path | None, shared.data_root]
    force: Annotated[bool, shared.force]
    progress: Annotated[Progress | None, shared.progress]
