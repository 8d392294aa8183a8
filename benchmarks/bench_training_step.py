"""One training step of dcgan and cyclegan against the straightforward loop, on this machine.

    pytest benchmarks/bench_training_step.py -o python_files='bench_*.py' --benchmark-timer=time.process_time

The straightforward step is what one writes first: Adam as it comes, gradients computed for the discriminator's weights
also while the generator is updated. The model's step differs in three things: Adam fused into one pass over the
weights, the discriminator frozen in the generator's step, and losses read once per step. On top of that, one at a time:
images and weights laid out channels last, bfloat16 autocast (`--precision bf16`), torch.compile (`--compile`).

Least CPU time of a step in five, one thread, torch 2.14, float32 unless said, a core of an AMD EPYC with AVX-512 and
its bfloat16 instructions, shared with other work (seconds):

| case                                     | straightforward | this project's | channels last | bf16  | compiled |
|------------------------------------------|-----------------|----------------|---------------|-------|----------|
| dcgan, digits 32x32, batch 32            | 0.039           | 0.034          | 0.028         | 0.027 | 0.036    |
| dcgan, Tables 3 and 4 at 64x64, batch 16 | 1.36            | 1.15           | 1.27          | 0.84  | 1.33     |
| cyclegan, edges2shapes 64x64             | 0.065           | 0.058          | 0.055         | 0.044 | 0.055    |
| cyclegan, the assignment's at 128x128    | 1.65            | 1.49           | 1.79          | 0.98  | 1.73     |

Freezing and fusing save 10 to 15 %. Channels last pays for the smallest networks and costs a tenth to a fifth for the
assignment's, so the loop uses it on GPUs alone. bfloat16 saves a fifth to a third on such a processor; it rounds to 8
bits, so it stays a choice, and a record says that it was made. Compiling gains nothing to speak of
here. None of the options has been timed on a GPU: there was none.
"""

import pytest
import torch
from torch import nn

from reference_models import cyclegan, dcgan
from reference_models.loop.images import to_float
from reference_models.types import Batch, ImageShape

CASES = {
    "dcgan, digits 32x32": (dcgan.MODEL, "digits", ImageShape(1, 32, 32)),
    "dcgan, Tables 3 and 4 at 64x64, batch 16": (dcgan.MODEL, "stl10", ImageShape(3, 64, 64)),
    "cyclegan, edges2shapes 64x64": (cyclegan.MODEL, "edges2shapes", ImageShape(3, 64, 64)),
    "cyclegan, the assignment's at 128x128": (cyclegan.MODEL, "edges2shoes", ImageShape(3, 128, 128)),
}

WAYS = ("straightforward", "this project's", "channels last", "bf16", "compiled")


def plain_dcgan(model, batch):
    """The step as section 3.2.4 of the assignment puts it, with BCE on sigmoids."""
    g, d = model.generator, model.discriminator
    bce, real = nn.functional.binary_cross_entropy, to_float(batch.x)
    ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
    fake = g(torch.randn(len(real), model.noise_dim))
    loss_d = bce(d(real).sigmoid(), ones) + bce(d(fake.detach()).sigmoid(), zeros)
    _plain_update(model.optimisers["discriminator"], loss_d)
    loss_g = bce(d(fake).sigmoid(), ones)
    _plain_update(model.optimisers["generator"], loss_g)
    return loss_d.item(), loss_g.item()


def plain_cyclegan(model, batch):
    """The step of section 4.2 of the assignment."""
    x, y = to_float(batch.x), to_float(batch.y)
    fake_y, fake_x = model.G(x), model.F(y)
    d_y = ((model.D_Y(y) - 1) ** 2).mean() + (model.D_Y(fake_y.detach()) ** 2).mean()
    d_x = ((model.D_X(x) - 1) ** 2).mean() + (model.D_X(fake_x.detach()) ** 2).mean()
    _plain_update(model.optimisers["discriminators"], d_x + d_y)
    adversarial = ((model.D_Y(fake_y) - 1) ** 2).mean() + ((model.D_X(fake_x) - 1) ** 2).mean()
    cycle = (x - model.F(fake_y)).abs().mean() + (y - model.G(fake_x)).abs().mean()
    _plain_update(model.optimisers["generators"], adversarial + 10 * cycle)
    return d_y.item(), d_x.item(), adversarial.item(), cycle.item()


def _plain_update(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_training_step(benchmark, case, way):
    spec, dataset, shape = CASES[case]
    torch.manual_seed(0)
    config = spec.recipe(dataset)
    model = spec.build(config, shape, 0).train()
    layout = torch.channels_last if way == "channels last" else torch.contiguous_format
    model.to(memory_format=layout)
    images = torch.randint(0, 256, (min(config.batch_size, 16) if dataset == "stl10" else config.batch_size, *shape))
    x = images.to(torch.uint8).contiguous(memory_format=layout)
    batch = Batch(x, x.flip(3).contiguous(memory_format=layout))
    for network in model.children() if way == "compiled" else ():
        network.compile()
    step = model.train_step
    if way == "straightforward":
        model.optimisers = {name: _unfused(optimiser) for name, optimiser in model.optimisers.items()}
        plain = plain_dcgan if spec is dcgan.MODEL else plain_cyclegan

        def step(batch):
            return plain(model, batch)

    def timed(batch):
        with torch.autocast("cpu", torch.bfloat16, enabled=way == "bf16"):
            step(batch)

    benchmark.group = case
    benchmark.pedantic(timed, (batch,), rounds=5, warmup_rounds=1)


def _unfused(optimiser):
    group = optimiser.param_groups[0]
    return torch.optim.Adam(group["params"], lr=group["lr"], betas=group["betas"])
