"""Weights that follow a seeded rule, for checks against torch: a tensor's values are uniform, drawn from a
generator that its name and the seed begin. They fill a network of torch's (fill, calibrate), or layers in
Keras's manner make them when they are called (Weights, Layers).

There a kernel's values sum to zero over each filter, without which deep random networks forget what they look
at; those of the first layer do not, so that it notices a shift of the picture's values."""
import json
import struct
import zlib

import numpy as np
import torch
from torch.nn import functional

EPSILON = 1e-3


def draw(name, shape, seed):
    """Numbers from -1 to 1."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())])).random(shape) * 2 - 1


# --- a network of torch's ---------------------------------------------------------------------------


def fill(network, seed):
    """By the rule, whatever the framework had put there."""
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point():
            continue
        u = draw(name, tuple(tensor.shape), seed)
        if tensor.dim() > 1:
            u *= np.sqrt(6 / (tensor.numel() / tensor.shape[0]))
        elif name.endswith("bias") or name.endswith("running_mean"):
            u *= 0.1
        else:
            u = 1 + 0.3 * u
        tensor.copy_(torch.from_numpy(u.astype(np.float32)))


def calibrate(network, last, pictures, spread=1.5):
    """A batch norm's statistics become, but for the rule's variation, the mean and variance of all that
    reaches it; the scores of the pictures are centred, with a standard deviation of `spread`."""
    def measure(m, inputs):
        variance = inputs[0].var(unbiased=False).clamp(min=1e-3)
        m.running_mean.mul_(2 * variance.sqrt()).add_(inputs[0].mean())
        m.running_var.mul_(variance)

    hooks = [m.register_forward_pre_hook(measure) for m in network.modules()
             if isinstance(m, torch.nn.BatchNorm2d)]
    network.eval()
    network(pictures)
    for hook in hooks:
        hook.remove()
    logits = network(pictures)
    last.bias -= logits.mean(0)
    scale = spread / (logits - logits.mean(0)).std()
    last.weight *= scale
    last.bias *= scale


# --- layers that make their weights -----------------------------------------------------------------


class Weights:
    def __init__(self, seed):
        self.seed, self.tensors = seed, {}

    def uniform(self, name, shape, offset, scale):
        if name not in self.tensors:
            self.tensors[name] = (offset + scale * draw(name, shape, self.seed)).astype(np.float32)
        return torch.from_numpy(self.tensors[name])

    def kernel(self, name, shape, gain, centred=True):
        if name not in self.tensors:
            fan_in = int(np.prod(shape[1:]))
            values = self.uniform(name, shape, 0, gain * (3 / fan_in) ** 0.5).numpy()
            if centred and fan_in > 1:
                values -= values.reshape(shape[0], -1).mean(1).reshape([-1] + [1] * (len(shape) - 1))
        return torch.from_numpy(self.tensors[name])

    def save(self, path):
        """As safetensors."""
        header, end = {}, 0
        for name, values in self.tensors.items():
            begin, end = end, end + values.nbytes
            header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [begin, end]}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as out:
            out.write(struct.pack("<Q", len(text)) + text)
            for values in self.tensors.values():
                out.write(values.tobytes())


def same(size, kernel, stride):
    """TensorFlow's padding of one axis: before and after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Layers:
    """The layers of one network; those without a name are numbered from 1 as Keras does."""

    def __init__(self, weights, gain=1.5, input_gain=1.0):
        self.weights, self.gain, self.input_gain, self.count = weights, gain, input_gain, {}

    def numbered(self, kind):
        self.count[kind] = self.count.get(kind, 0) + 1
        return f"{kind}_{self.count[kind]}"

    def conv(self, x, out, kernel, stride=1, padding="same", name=None, bias=False, depthwise=False):
        h, w = (kernel, kernel) if isinstance(kernel, int) else kernel
        name = name or self.numbered("conv2d")
        shape = (out, 1 if depthwise else x.shape[1], h, w)
        first = x.shape[1] == 3
        gain = self.gain * (self.input_gain if first else 1)
        k = self.weights.kernel(name + ".weight", shape, gain, not first)
        b = self.weights.uniform(name + ".bias", (out,), 0, 0.1) if bias else None
        if padding == "same":
            x = functional.pad(x, same(x.shape[3], w, stride) + same(x.shape[2], h, stride))
        return functional.conv2d(x, k, b, stride, groups=out if depthwise else 1)

    def norm(self, x, scale=True, name=None):
        name, c = name or self.numbered("batch_normalization"), (x.shape[1],)
        g = self.weights.uniform(name + ".weight", c, 1, 0.2) if scale else None
        b = self.weights.uniform(name + ".bias", c, 0, 0.2)
        mean = self.weights.uniform(name + ".running_mean", c, 0, 0.1)
        variance = self.weights.uniform(name + ".running_var", c, 1, 0.2)
        return functional.batch_norm(x, mean, variance, g, b, False, 0, EPSILON)

    def dense(self, x, out, name=None, gain=1.0, offset=0.0, bias=True):
        name = name or self.numbered("dense")
        k = self.weights.kernel(name + ".weight", (out, x.shape[1]), gain)
        b = self.weights.uniform(name + ".bias", (out,), offset, 0.1) if bias else None
        return functional.linear(x, k, b)
