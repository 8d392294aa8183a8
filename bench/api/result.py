"""What a measuring function returns."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bench import __version__


class Result(Mapping[str, Any]):
    """Frozen scores by key, plain values that JSON can hold; `result.fid` is `result["fid"]`."""

    __slots__ = ("_scores",)

    def __init__(self, scores: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_scores", dict(scores))

    @classmethod
    def of(cls, values: Mapping[str, Any], warnings: Iterable[str]) -> "Result":
        """Values with the version that made them, and each warning once."""
        return cls({**values, "version": __version__, "warnings": list(dict.fromkeys(warnings))})

    def __getitem__(self, key: str) -> Any:
        return self._scores[key]

    def __getattr__(self, key: str) -> Any:
        if key.startswith("_") or key not in self._scores:
            raise AttributeError(f"no score {key!r}; there are: {', '.join(self)}")
        return self._scores[key]

    def __setattr__(self, key: str, value: Any) -> None:
        raise AttributeError(f"a result is frozen; dict(result) can be changed, got {key} = {value!r}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._scores)

    def __len__(self) -> int:
        return len(self._scores)

    def __repr__(self) -> str:
        return f"Result({self._scores!r})"

    def __reduce__(self) -> tuple[type["Result"], tuple[dict[str, Any]]]:
        return Result, (self._scores,)
