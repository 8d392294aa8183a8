"""What the architecture tests read off a network: the size of it, and the shapes between its layers."""

import torch


def count(network):
    return sum(weight.numel() for weight in network.parameters())


def shapes(layers, start, kinds):
    """Output shapes of the layers of these kinds, batch left out."""
    found = []
    with torch.no_grad():
        for layer in layers:
            start = layer(start)
            if isinstance(layer, kinds):
                found.append(tuple(start.shape[1:]))
    return found


def outputs(layers, run):
    """What each of these layers gives while `run` runs the network that they belong to, in the order of their use;
    at the end what `run` gives."""
    found = []
    hooks = [layer.register_forward_hook(lambda _, __, out: found.append(out)) for layer in layers]
    with torch.no_grad():
        last = run()
    for hook in hooks:
        hook.remove()
    return [*found, last]
