"""What several checkpoints are called beside each other: by what differs between them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bench.exploring._opening import Opened
from reference_models.loop import to_json


def differing(opened: Sequence[Opened]) -> list[str]:
    """The settings of which the checkpoints of some model have more than one value, in their order."""
    configs = [(one.loaded.spec.name, to_json(one.loaded.config)) for one in opened]
    first = dict(reversed(configs))
    found = {name for model, config in configs for name in config | first[model] if _apart(config, first[model], name)}
    return [name for name in dict.fromkeys(name for _, config in configs for name in config) if name in found]


def names_of(opened: Sequence[Opened]) -> list[str]:
    """One name per checkpoint: model, settings, seed and steps, as far as they differ; a number where nothing does.

    Of several settings that differ only those stand in a name that are not the recipe's; "recipe" where all are.
    """
    parts: list[list[str]] = [[] for _ in opened]
    models = [one.loaded.spec.name for one in opened]
    settings = differing(opened)
    for place, one in enumerate(opened):
        if len(set(models)) > 1:
            parts[place].append(models[place])
        config, recipe = to_json(one.loaded.config), to_json(one.loaded.spec.recipe(one.subject.dataset.recipe_name))
        mine = [name for name in settings if name in config]
        shown = mine if len(settings) == 1 else [name for name in mine if _apart(config, recipe, name)]
        if settings:
            parts[place] += [f"{name}={_word(config[name])}" for name in shown] or ["recipe"] * (len(set(models)) == 1)
    _add(parts, [f"seed {one.loaded.state['seed']}" for one in opened], always=True)
    _add(parts, [f"{one.loaded.state['step']:,} steps" for one in opened], always=False)
    names = [", ".join(part) for part in parts]
    repeated = {name for name, count in Counter(names).items() if count > 1}
    return [f"{name} ({place + 1})".strip() if name in repeated else name for place, name in enumerate(names)]


def _apart(config: Mapping[str, Any], other: Mapping[str, Any], name: str) -> bool:
    """Whether two configurations of a model differ in a setting, which one of them may be without (an average)."""
    return config.get(name) != other.get(name)


def _add(parts: list[list[str]], words: Sequence[str], *, always: bool) -> None:
    """Add what differs; unless `always`, only where the names would be equal without it."""
    needed = always or len({tuple(part) for part in parts}) < len(parts)
    if needed and len(set(words)) > 1:
        for part, word in zip(parts, words, strict=True):
            part.append(word)


def _word(value: Any) -> str:
    if isinstance(value, bool | None):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def setting_words(opened: Sequence[Opened]) -> Mapping[str, list[str | None]]:
    """Each setting that differs, and its value in every checkpoint; None where a model has no such setting."""
    configs = [to_json(one.loaded.config) for one in opened]
    return {name: [_word(config[name]) if name in config else None for config in configs] for name in differing(opened)}
