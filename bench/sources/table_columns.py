"""Which column of a table holds the images, and which one their classes.

Images are bytes, or {bytes, path} as the library `datasets` of Hugging Face writes them, which also says in the schema
which columns are images, and what the numbers of a class are called.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from bench.sources.labels import of_values
from genbench.names import did_you_mean
from metrics.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

MOST_SCHEMA_BYTES = 2**24
MOST_LABEL_LETTERS = 256
LABELS = ("label", "labels", "cls", "class", "y")


def image_column(schema: "pa.Schema", asked: str, where: str) -> str:
    """The column of the images: the one that was asked for, or the only one; InputError where there is not one."""
    found = _image_columns(schema)
    listed = ", ".join(found)
    if not found:
        has = _described(schema)
        raise InputError(f"{where} has no column of images; expected one of bytes, or of {{bytes, path}}. It has {has}")
    if asked and asked not in found:
        raise InputError(f"{where} has no column of images {asked!r}. {did_you_mean(asked, found)}")
    if not asked and len(found) > 1:
        raise InputError(f"{where} has several columns of images, {listed}; name one: {where}#{found[0]}")
    return asked or found[0]


def label_column(schema: "pa.Schema") -> tuple[str, tuple[str, ...]]:
    """The column of the classes, "" where there is none, and the names of their numbers."""
    features = _features(schema)
    named = [name for name in schema.names if _kind(features.get(name)) == "ClassLabel"]
    usual = [name for name in LABELS if name in schema.names]
    column = named[0] if len(named) == 1 else next(iter(usual), "")
    known = features.get(column)
    names = known.get("names") if isinstance(known, Mapping) else None
    fit = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return column, tuple(names) if fit and names else ()


def labels_of(values: Iterable[Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """The classes of all rows; () where a row has none, or something other than a whole number or a short name."""
    found = list(values)
    return of_values(found, names) if all(map(_is_label, found)) else ()


def _is_label(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MOST_LABEL_LETTERS
    return isinstance(value, int) and not isinstance(value, bool)


def parts_of(schema: "pa.Schema", column: str) -> tuple[str, ...]:
    """Of a column of {bytes, path} the parts that are of the right kind; () of a column of bytes."""
    import pyarrow as pa

    kind = schema.field(column).type
    if not pa.types.is_struct(kind):
        return ()
    right = {"bytes": _is_bytes, "path": _is_text}
    return tuple(one.name for one in kind if one.name in right and right[one.name](one.type))


def _image_columns(schema: "pa.Schema") -> list[str]:
    features = _features(schema)
    said = [name for name in schema.names if _kind(features.get(name)) == "Image"]
    found = [field.name for field in schema if _may_hold_images(field.type) and schema.names.count(field.name) == 1]
    return [name for name in found if name in said] or found


def _may_hold_images(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return [one.name for one in kind if one.name == "bytes" and _is_bytes(one.type)] == ["bytes"]
    return _is_bytes(kind)


def _is_bytes(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _features(schema: "pa.Schema") -> Mapping[str, Any]:
    """What `datasets` says of each column; nothing where it is damaged, because the columns themselves are there."""
    said = (schema.metadata or {}).get(b"huggingface", b"")
    try:
        features = json.loads(said)["info"]["features"] if len(said) <= MOST_SCHEMA_BYTES else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def _kind(feature: Any) -> str:
    return str(feature.get("_type", "")) if isinstance(feature, Mapping) else ""


def _described(schema: "pa.Schema") -> str:
    shown = ", ".join(f"{field.name} ({field.type})"[:60] for field in list(schema)[:4])
    return (shown or "no columns") + (", ..." if len(schema.names) > 4 else "")
