"""How closely the numbers of one result agree with each other, where one of them follows from the others."""

AGREES = 1e-6  # of a value
TINY = 1e-12  # of a share that is had by another order of operations
WHOLE = 1e-6  # images: how far from a whole number a count may be that is had from a share


def agree(a: float, b: float) -> bool:
    """Whether two probabilities are one but for rounding."""
    return abs(a - b) <= AGREES * max(abs(a), abs(b)) + 1e-300
