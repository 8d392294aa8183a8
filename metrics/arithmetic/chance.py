"""How improbable a count is by chance, where images are no independent draws but come in bunches."""

import numpy as np

from genbench.shapes import Float64, Num


def effective_number(counts: Num[np.ndarray, " k"]) -> int:
    """(sum c)^2 / sum c^2, rounded down: as many independent draws as bunches of c images are worth (Kish 1965).

    Bunches of one size give their number: 1,000 images near to one and the same are one draw.
    """
    values = np.asarray(counts, np.float64)
    return int(values.sum() ** 2 / (values**2).sum() * (1 + 1e-12))  # a whole number stays one


def hypergeometric_tail(at_least: int, drawn: int, marked: int, population: int) -> float:
    """P(X >= at_least) of the number X of marked ones among `drawn` of a `population`, drawn without replacement."""
    most = min(drawn, marked)
    least = max(at_least, drawn + marked - population, 0)
    if at_least <= max(drawn + marked - population, 0):
        return 1.0
    if least > most:
        return 0.0
    found = np.arange(least, most + 1, dtype=np.float64)
    logs = (
        _log_choose(float(marked), found)
        + _log_choose(float(population - marked), drawn - found)
        - _log_choose(float(population), np.array([float(drawn)]))
    )
    return float(min(1.0, np.exp(logs).sum()))


def more_often(hits: int, drawn: int, others_hits: int, others: int) -> float:
    """Fisher's exact test, one-sided: the probability of so many hits among `drawn`, or more, where hits are as likely
    as among the `others`, given how many there are in both together."""
    return hypergeometric_tail(hits, drawn, hits + others_hits, drawn + others)


def _log_choose(n: float, k: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    from scipy.special import gammaln  # 0.2 s that an answer from the cache can do without

    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
