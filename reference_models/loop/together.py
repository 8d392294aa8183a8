"""One step of a training by several processes that is the step of one process, up to rounding.

Each process has its share of the batch. What a step makes of all images is made of all images here too:

    gradients      averaged over the processes before an optimiser uses them
    batch norm     mean and variance over the whole batch, also in the gradients (Ioffe and Szegedy 2015)
    random draws   every process draws for the whole batch and keeps its rows, dropout too
    losses         averaged; and so are the numbers that a model keeps of them, such as k of BEGAN
    WHOLE_BATCH    modules that look at all images of a batch are given all

The modules of a model are not wrapped, and DistributedDataParallel is not used: it expects one forward pass for each
backward pass, while a GAN's step has several, some through frozen networks and some derived twice. An average in front
of each optimiser is the same average.

A draw by another function than those of `_SharedDraws` is the same in each process, which moves no mean. Not of the
whole batch are losses that compare the images of a batch with each other: the pull-away term of `ebgan` and `began`,
and feature matching of `improved-gan`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode

from reference_models.errors import ModelError
from reference_models.loop.ranks import Ranks, SumOverRanks, state_from_first, summed
from reference_models.loop.run import difference
from reference_models.types import Batch, Data, Model, ModelSpec

# Methods that are given all images of a batch, by the class that has them. A field of the models would say it better,
# but the code that published runs were trained by is hashed.
WHOLE_BATCH = {
    "ImagePool": ("exchange",),
    "Codebook": ("start", "follow"),
    "CodeGaussian": ("follow",),
    "MinibatchDiscrimination": ("forward",),
    "GroupDeviation": ("forward",),
    "Biggan": ("_noise_to_sample",),
}
MOST_NAMED = 64  # processes, in a message that names numbers of them


def check_shared(spec: ModelSpec, config: Any, data: Data, ranks: Ranks, *, compile: bool) -> None:
    """ModelError where these processes cannot share a training: their number does not divide the batch, the shares are
    too small for the model, or it learns nothing by gradients."""
    if ranks.size == 1:
        return
    count, batch = ranks.size, config.batch_size
    if not spec.build(config, data.shape, len(data.classes)).optimisers:
        raise ModelError(f"{spec.name} has no gradients that {count} processes could share; train it with one")
    if batch % count:
        divisors = ", ".join(str(number) for number in range(2, min(batch, MOST_NAMED) + 1) if batch % number == 0)
        others = f"start {divisors} of them, or " if divisors else ""
        raise ModelError(
            f"{count} processes cannot share batches of {batch} images; {others}give another size with "
            "--set batch_size=N, which is another recipe"
        )
    try:
        replace(config, batch_size=batch // count)
    except ModelError as error:
        raise ModelError(f"{count} processes are too many for batches of {batch} images: {error}") from None
    if compile:
        raise ModelError(f"--compile works in one process, and torchrun started {count}; leave it out")


class Together:
    """The steps of a model, shared by processes."""

    def __init__(self, model: Model, ranks: Ranks) -> None:
        self.model, self.ranks = model, ranks
        self._draws = _SharedDraws(ranks)

    def begin(self, question: Mapping[str, Any], step: int, device: torch.device) -> int:
        """The step that the first process starts at; its weights, optimisers and random generators become those of all.

        ModelError where the first process trains something else.
        """
        if self.ranks.size == 1:
            return step
        state = state_from_first(self._state(question, step, device) if self.ranks.first else None)
        if self.ranks.first:
            return step
        if (theirs := json.loads(state["question"])) != question:
            found, asked = difference(theirs, question)
            raise ModelError(f"process 0 trains {found} and process {self.ranks.number} {asked}; give both the same")
        self.model.load_state_dict(state["model"])
        for name, optimiser in self.model.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        torch.set_rng_state(state["cpu"])
        if device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda"], device)
        return int(state["step"])

    def _state(self, question: Mapping[str, Any], step: int, device: torch.device) -> dict[str, Any]:
        on_gpu = {"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {}
        return {
            "question": json.dumps(question),
            "step": step,
            "model": self.model.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.model.optimisers.items()},
            "cpu": torch.get_rng_state(),
            **on_gpu,
        }

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The model's steps are shared inside this block, and its own again behind it."""
        if self.ranks.size == 1:
            yield
            return
        hooks = [one.register_step_pre_hook(self._average_gradients) for one in self.model.optimisers.values()]
        changed = [(one, name) for one in self.model.modules() for name in WHOLE_BATCH.get(type(one).__name__, ())]
        for module, name in changed:
            setattr(module, name, partial(self._of_whole_batch, getattr(module, name)))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            for module, name in changed:
                delattr(module, name)

    def step(self, batch: Batch) -> Mapping[str, Tensor | float]:
        """One update by this share of a batch; the losses by name, of the whole batch."""
        if self.ranks.size == 1:
            return self.model.train_step(batch)
        with self._draws:
            losses = self.model.train_step(batch)
        kept = list(_kept_numbers(self.model))
        place = batch.x.device
        told = [torch.as_tensor(value, dtype=torch.float64, device=place) for value in losses.values()]
        means = self._means([*told, *(numbers.double() for numbers in kept)])
        for numbers, mean in zip(kept, means[len(told) :], strict=True):
            numbers.copy_(mean)
        return dict(zip(losses, means, strict=False))

    def _average_gradients(self, optimiser: Optimizer, *_: Any) -> None:
        weights = chain.from_iterable(group["params"] for group in optimiser.param_groups)
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        for gradient, mean in zip(gradients, self._means(gradients), strict=True):
            gradient.copy_(mean)

    @torch.no_grad()
    def _means(self, values: list[Tensor]) -> list[Tensor]:
        """The mean of each over the processes, told in one message."""
        flat = torch.cat([value.detach().reshape(-1) for value in values])
        parts = (summed(flat) / self.ranks.size).split([value.numel() for value in values])
        return [part.view(value.shape) for part, value in zip(parts, values, strict=True)]

    def _of_whole_batch(self, method: Callable[..., Any], *given: Any) -> Any:
        with self._draws.of_all():
            made = method(*(_gathered(one, self.ranks) if isinstance(one, Tensor) else one for one in given))
        return made[self.ranks.share] if isinstance(made, Tensor) else made


def _gathered(rows: Tensor, ranks: Ranks) -> Tensor:
    """[b, ...] of all processes, in the order of the whole batch, of this share of it; with gradients."""
    everything = rows.new_zeros(len(rows) * ranks.size, *rows.shape[1:])
    everything[ranks.share] = rows
    return cast(Tensor, SumOverRanks.apply(everything))


def _kept_numbers(model: Model) -> Iterator[Tensor]:
    """The buffers that a step may have made of its share of the images: all but those that it made of all images."""
    saved = model.state_dict()
    for name, module in model.named_modules():
        if type(module).__name__ not in WHOLE_BATCH and not isinstance(module, nn.modules.batchnorm._BatchNorm):
            for own, buffer in module.named_buffers(recurse=False):
                if buffer.is_floating_point() and ".".join(filter(None, (name, own))) in saved:
                    yield buffer


class _SharedDraws(TorchFunctionMode):
    """While it is on, a random draw of n rows is this process's share of the draw that one process would make, and a
    batch norm is one of the whole batch. The generators of all processes stay in the same state."""

    def __init__(self, ranks: Ranks) -> None:
        super().__init__()
        self._ranks, self._on = ranks, True
        self._instead: dict[Any, Callable[..., Any]] = {
            torch.randn: partial(self._new, torch.randn),
            torch.rand: partial(self._new, torch.rand),
            torch.randint: self._integers,
            torch.randn_like: partial(self._like, torch.randn_like),
            torch.rand_like: partial(self._like, torch.rand_like),
            Tensor.normal_: partial(self._filled, Tensor.normal_),
            Tensor.uniform_: partial(self._filled, Tensor.uniform_),
            Tensor.bernoulli_: partial(self._filled, Tensor.bernoulli_),
            functional.dropout: self._dropout,
            functional.batch_norm: self._batch_norm,
        }

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        instead = self._instead.get(function) if self._on else None
        return (instead or function)(*args, **(kwargs or {}))

    @contextmanager
    def of_all(self) -> Iterator[None]:
        """What is drawn here is for all rows already."""
        self._on = False
        try:
            yield
        finally:
            self._on = True

    def _new(self, function: Callable[..., Tensor], *sizes: Any, size: Any = None, **how: Any) -> Tensor:
        shape = size or (sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes)
        if not shape:
            return function(shape, **how)
        return function((shape[0] * self._ranks.size, *shape[1:]), **how)[self._ranks.share]

    def _integers(self, *given: Any, size: Any = None, **how: Any) -> Tensor:
        *bounds, shape = given if size is None else (*given, size)
        return self._new(partial(torch.randint, *bounds), size=shape, **how)

    def _all_rows(self, rows: Tensor) -> Tensor:
        return torch.cat([rows] * self._ranks.size)

    def _like(self, function: Callable[..., Tensor], rows: Tensor, **how: Any) -> Tensor:
        return function(self._all_rows(rows), **how)[self._ranks.share]

    def _filled(self, function: Callable[..., Tensor], rows: Tensor, *given: Any, **how: Any) -> Tensor:
        return rows.copy_(function(self._all_rows(rows.detach()), *given, **how)[self._ranks.share])

    def _dropout(self, rows: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not (training and p):
            return rows
        kept = functional.dropout(torch.ones_like(self._all_rows(rows.detach())), p)
        return rows * kept[self._ranks.share]

    def _batch_norm(
        self,
        x: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        if not training:
            return functional.batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
        dims, shape = [dim for dim in range(x.dim()) if dim != 1], [1, -1, *[1] * (x.dim() - 2)]
        mean = self._mean(x.float().mean(dims))
        away = x.float() - mean.view(shape)
        variance = self._mean((away**2).mean(dims))
        if running_mean is not None and running_var is not None:
            count = x.numel() // x.shape[1] * self._ranks.size
            running_mean.lerp_(mean.detach(), momentum)
            running_var.lerp_(variance.detach() * count / (count - 1), momentum)
        y = away * (variance + eps).rsqrt().view(shape)
        y = y if weight is None else y * weight.view(shape)
        y = y if bias is None else y + bias.view(shape)
        return y.to(x.dtype)

    def _mean(self, values: Tensor) -> Tensor:
        return cast(Tensor, SumOverRanks.apply(values)) / self._ranks.size
