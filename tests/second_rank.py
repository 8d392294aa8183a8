"""The second of two processes that train together: what tests/test_ranks.py starts beside itself."""

import os
import sys

import torch

from bench import registry
from bench.cli import main
from bench.measuring.subject import open_subject
from bench.runs.jobs import load_data
from genbench.surroundings import torch_defaults
from reference_models.loop import with_settings
from reference_models.loop.batches import batches
from reference_models.loop.loop import to_train
from reference_models.loop.ranks import asked_ranks, joined
from reference_models.loop.together import Together

CPU = torch.device("cpu")
STEPS = 2
MODELS = {  # by what is shared in them, beside gradients
    "dcgan": {},  # batch norm
    "gan-deep": {},  # batch norm of vectors, dropout
    "dcgan-upconv": {"gradient_penalty": True},  # derived twice
    "biggan": {"discriminator_steps": 2},  # a batch that is cut, a moving average, noise that is drawn again
    "cyclegan-resnet": {"pool": 2, "batch_size": 4},
    "vqvae": {},  # a codebook
    "autoencoder": {},  # a Gaussian of codes
    "improved-gan": {"feature_matching": False},  # minibatch discrimination
    "began": {},  # a number that is made of losses
    "ddpm": {},  # whole numbers at random
    "stylegan2-small": {"batch_size": 8},  # deviations over a group, derived twice; two groups
    "cgan": {"average": 0.5},  # a mean that makes images of its own in each step
}
SUBJECTS = {"unpaired": "digits2styles"}


def trained(name, ranks):
    """The model before and after some steps, and its losses at each."""
    spec = registry.load("models", name)
    config = with_settings(spec.recipes["tiny"], [f"{key}={value}" for key, value in MODELS[name].items()])
    data = load_data(open_subject(SUBJECTS.get(spec.task, "digits")))
    with torch_defaults(CPU, training=True):
        model = to_train(spec, config, data, 0, CPU)
        for key, optimiser in model.optimisers.items():  # Adam makes a whole step of a gradient that is rounding only
            weights = [weight for group in optimiser.param_groups for weight in group["params"]]
            model.optimisers[key] = torch.optim.SGD(weights, lr=1e-3)
        before = {key: value.clone() for key, value in model.state_dict().items()}
        together = Together(model, ranks)
        together.begin({}, 0, CPU)
        stream = batches(data, config.batch_size, 0, 0, CPU, False, ranks.share)
        with together.installed():
            losses = [{key: float(value) for key, value in together.step(next(stream)).items()} for _ in range(STEPS)]
        stream.close()
        return before, model.state_dict(), losses


def all_trained(ranks):
    with joined(ranks):
        return {name: trained(name, ranks) for name in MODELS}


if __name__ == "__main__":
    first, second, third, *command = sys.argv[1:]
    torch.set_num_threads(1)
    os.environ["MASTER_PORT"] = first
    all_trained(asked_ranks())
    os.environ["MASTER_PORT"] = second
    try:
        main(command)
    except SystemExit as end:
        assert not end.code
    os.environ["MASTER_PORT"] = third
    with joined(asked_ranks()):
        os._exit(0)
