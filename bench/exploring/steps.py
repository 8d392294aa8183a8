"""Sampling steps against quality: FID, Inception Score, precision and recall of images made in fewer or more steps.

For the models that make an image in many steps, `ddpm` and `flow-matching`: Song, Meng and Ermon 2021, table 1, and
Lipman et al. 2023, figure 7, have such curves. Each step asks the network once, so the steps are also what an image
costs. With the steps of the recipe it is the plain sampling, and the numbers are those of the run's record.
"""

from collections.abc import Callable, Sequence
from functools import partial

from bench.exploring._levels import draw_levels, levels_about, levels_table, measure_levels
from bench.exploring._opening import Opened, require
from bench.exploring._pictures import plot_panels
from bench.exploring._types import Explored, Picture
from bench.measuring.evaluation import Evaluation
from bench.options import Progress
from bench.tables.table import Column
from metrics.errors import InputError
from reference_models.types import Model

STEPS = (1, 2, 5, 10, 20, 50, 100)


def explore(
    opened: Opened,
    evaluation: Evaluation,
    *,
    steps: Sequence[int] = STEPS,
    repeats: int = 1,
    report: Progress | None = None,
) -> Explored:
    """Measure a model's samples made in each of these numbers of steps; `report(name, done, total)`.

    The opened model itself stays as it is. Raises InputError for a model that makes an image at once, a number of steps
    below 1, and fewer than 1 repeat; ModelError for more steps than the model knows.
    """
    require(opened, "does not make an image in many steps", lambda model: model.sampling_steps > 0)
    if not steps or min(steps) < 1 or repeats < 1:
        words = ", ".join(map(str, steps)) or "none"
        raise InputError(f"steps {words} with {repeats} repeats; expected whole numbers, all of them 1 or more")
    levels = {str(number): _in_steps(number) for number in sorted(set(steps))}
    found = measure_levels(opened, evaluation, "sampling steps", levels, repeats=repeats, report=report)
    title, first = f"Sampling steps. {opened.name}", Column("steps", "Sampling steps")
    table = levels_table("steps", title, first, found, evaluation, repeats)
    pictures: dict[str, Picture] = {
        "curve": partial(plot_panels, title=title, panels=found.panels()),
        "samples": partial(
            draw_levels, title=f"The same noise, in so many steps. {opened.name}", rows=list(levels), found=found
        ),
    }
    return Explored("steps", levels_about(opened, evaluation, repeats), (table,), pictures)


def _in_steps(number: int) -> Callable[[Model], None]:
    def set_steps(model: Model) -> None:
        model.sampling_steps = number

    return set_steps
