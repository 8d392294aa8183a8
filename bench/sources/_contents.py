"""What the arrays of a file are that are no images: statistics under other names, features. For messages."""

from collections.abc import Mapping

SAVE = "numpy.savez(OUT, mu=..., sigma=...) writes statistics that `bench fid` reads"


def contents(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """In words, with what to do; "" where nothing is known about arrays of these names and shapes."""
    for cov, shape in shapes.items():
        mean = next((name for name, other in shapes.items() if shape == (*other, *other) and len(other) == 1), "")
        if mean:
            keep = f"numpy.savez(OUT, mu=file[{mean!r}], sigma=file[{cov!r}])"
            return f"these look like a mean and a covariance, which `bench fid` takes as mu and sigma: {keep}"
    rows = next((name for name, shape in shapes.items() if len(shape) == 2), "")
    if rows:
        keep = f"numpy.savez(OUT, features=file[{rows!r}])"
        return f"{rows} looks like features, which `bench fid` takes by the name features: {keep}"
    return ""
