"""Which extractors are asked where nobody names any: those that need no download and fit, and those that are here.

| what                            | fits                                                                       |
|---------------------------------|----------------------------------------------------------------------------|
| trained, comes with the project | the data set that REAL is a split of; everything else: efficientnet-lite0  |
| trained, with public weights    | every set, where the weights (and the package that runs them) are here     |

Nothing is ever downloaded for an extractor that nobody named. `pixels` and `vgg16-random` have learned nothing: they
are asked by name only.
"""

from bench import registry, weights
from bench.datasets import open_dataset
from bench.measuring.setup import Images
from bench.sources.splits import split_named
from metrics.errors import InputError
from metrics.extractors.needed import require
from metrics.extractors.types import Extractor


def fitting_extractors(real: Images) -> tuple[str, ...]:
    """The names, the one that came with the project first."""
    own = [name for name in _of_dataset(real) if _comes_trained(registry.load("extractors", name))]
    here = [name for name in registry.names("extractors") if _is_here(registry.load("extractors", name))]
    return tuple(dict.fromkeys([*(own or [weights.NEEDS_NO_DOWNLOAD]), *here]))


def _of_dataset(real: Images) -> tuple[str, ...]:
    named = split_named(real)
    return open_dataset(named[0]).extractors if named and not named[0].startswith("folder:") else ()


def _comes_trained(extractor: Extractor) -> bool:
    return bool(extractor.shipped or extractor.packaged)


def _is_here(extractor: Extractor) -> bool:
    """Whether its public weights are; a file that $BENCH_WEIGHTS names for another extractor are not its weights."""
    if not extractor.weights:
        return False
    try:
        require(extractor.needed, extractor.name)
        found = weights.find(extractor)
    except InputError:
        return False
    names = {name for file in extractor.weights for name in (file.name, file.name_in_hub)}
    return found.official or (found.path is not None and found.path.name in names)
