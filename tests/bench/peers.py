"""Networks that torchvision does not have, in plain PyTorch. Parameters have the names that models/ binds."""

import torch
from torch import nn
from torch.nn import functional as F


class SameConv2d(nn.Conv2d):
    """Pads as TensorFlow does: the odd row and column at the bottom and at the right."""

    def forward(self, x):
        pads = []
        for size, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1]):
            need = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [need // 2, need - need // 2]
        if pads[::2] == pads[1::2]:
            return F.conv2d(x, self.weight, self.bias, self.stride, pads[2::-2], groups=self.groups)
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, groups=self.groups)


class Numbered(nn.Module):
    """Layers in order of their making, named as Keras names them: conv2d, conv2d_1, dense, ..."""

    def __init__(self):
        super().__init__()
        self.made = {}

    def add(self, name, layer):
        number = self.made.get(name, 0)
        self.made[name] = number + 1
        self.add_module(f"{name}_{number}" if number else name, layer)
        return layer

    def conv_bn(self, inputs, outputs, kernel, stride=1, groups=1):
        name = "depthwise_conv2d" if groups > 1 else "conv2d"
        conv = self.add(name, SameConv2d(inputs, outputs, kernel, stride, groups=groups))
        return nn.Sequential(conv, self.add("batch_normalization", nn.BatchNorm2d(outputs, eps=1e-3)))


class ResNet8(Numbered):
    """MLPerf Tiny, image classification."""

    size = 32

    def __init__(self):
        super().__init__()
        self.first = [self.conv_bn(3, 16, 3)]
        self.blocks = []
        for stage in range(3):
            inputs, outputs, stride = 16 << max(stage - 1, 0), 16 << stage, 2 if stage else 1
            body = [self.conv_bn(inputs, outputs, 3, stride), self.conv_bn(outputs, outputs, 3)]
            shortcut = stage and self.add("conv2d", SameConv2d(inputs, outputs, 1, stride))
            self.blocks.append((body, shortcut))
        self.add("dense", nn.Linear(64, 10))

    def forward(self, x):
        x = F.relu(self.first[0](x))
        for (one, two), shortcut in self.blocks:
            y = two(F.relu(one(x)))
            x = F.relu((shortcut(x) if shortcut else x) + y)
        return self.dense(x.mean([2, 3]))


class WakeWords(Numbered):
    """MLPerf Tiny, visual wake words: MobileNetV1 with a quarter of the channels."""

    size = 96

    def __init__(self):
        super().__init__()
        self.layers, inputs = [self.conv_bn(3, 8, 3, 2)], 8
        for outputs, stride in [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2),
                                (256, 1)]:
            self.layers.append(self.conv_bn(inputs, inputs, 3, stride, groups=inputs))
            self.layers.append(self.conv_bn(inputs, outputs, 1))
            inputs = outputs
        self.add("dense", nn.Linear(256, 2))

    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.dense(x.mean([2, 3]))


class Autoencoder(Numbered):
    """MLPerf Tiny, anomaly detection."""

    size = None

    def __init__(self):
        super().__init__()
        self.layers, inputs = [], 640
        for i in range(9):
            outputs = 8 if i == 4 else 128
            self.layers.append(nn.Sequential(self.add("dense", nn.Linear(inputs, outputs)), self.add(
                "batch_normalization", nn.BatchNorm1d(outputs, eps=1e-3))))
            inputs = outputs
        self.layers.append(self.add("dense", nn.Linear(128, 640)))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class CifarBlock(nn.Module):
    """Shortcuts without parameters: every second pixel, new channels are zeros on both sides."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.grows = inputs != outputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, 1 + self.grows, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.grows:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, x.shape[1] // 2, x.shape[1] // 2))
        return F.relu(x + y)


class CifarResNet(nn.Module):
    """Deep residual learning (He et al., 2015), section 4.2."""

    size = 32

    def __init__(self, depth):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        widths, inputs = (16, 32, 64), 16
        for stage, width in enumerate(widths, 1):
            blocks = [CifarBlock(inputs if i == 0 else width, width) for i in range((depth - 2) // 6)]
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
            inputs = width
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean([2, 3]))


class MobileNetV1(nn.Module):
    """Batch norms folded, TensorFlow's padding."""

    def __init__(self, multiplier=1.0, size=224):
        super().__init__()
        self.size = size
        inputs = int(32 * multiplier)
        layers = [self.layer(conv=SameConv2d(3, inputs, 3, 2))]
        for outputs, stride in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2),
                                (1024, 1)]:
            outputs = int(outputs * multiplier)
            layers.append(self.layer(depthwise=SameConv2d(inputs, inputs, 3, stride, groups=inputs),
                                     pointwise=SameConv2d(inputs, outputs, 1)))
            inputs = outputs
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(inputs, 1000)

    @staticmethod
    def layer(**convolutions):
        return nn.ModuleDict(convolutions)

    def forward(self, x):
        for layer in self.features:
            for convolution in layer.values():
                x = F.relu6(convolution(x))
        return self.classifier(x.mean([2, 3]))


OWN = {
    "resnet8": ResNet8, "vww_96": WakeWords, "ad01": Autoencoder,
    **{f"resnet{depth}": lambda depth=depth: CifarResNet(depth) for depth in (20, 32, 44, 56, 110)},
    "mobilenet_v1_folded": MobileNetV1,
    "mobilenet_v1_050_160_folded": lambda: MobileNetV1(0.5, 160),
}


class Oracle(nn.Module):
    """A network from its manifest (KILN_SHARED, oracle/README.md), whose graph lists primitive operations:
    [op, inputs, attributes, module, shape]; `weights` are its tensors by name."""

    def __init__(self, manifest, weights):
        super().__init__()
        self.graph = manifest["graph"]
        self.size = manifest["input"]["shape"][2]
        self.weights = weights
        self.parameters_kept = nn.ParameterList(nn.Parameter(w, False) for w in weights.values())

    def forward(self, image):
        values = [image]
        for entry in self.graph[1:]:
            values.append(self.apply_entry(values, *entry))
        return values[-1]

    def apply_entry(self, values, op, inputs, attributes, path, shape=None):
        x = [values[i] if isinstance(i, int) else self.weights[i] for i in inputs]
        weight = {key: self.weights.get(f"{path}.{key}") for key in ("weight", "bias", "running_mean", "running_var")}
        if op in ONE_INPUT:
            return ONE_INPUT[op](x[0], weight, attributes)
        if op in ("add", "mul"):
            other = x[1] if len(x) > 1 else attributes["const"]
            return x[0] + other if op == "add" else x[0] * other
        if op == "concat":
            return torch.cat(x, attributes["axis"])
        if op == "reshape":
            return x[0].reshape(int(values[0].shape[0]), *shape[1:])  # the graph is that of one picture
        raise NotImplementedError(op)


def average(x, _, a):
    return F.avg_pool2d(x, a["k"], a["s"], a["p"], count_include_pad=a["include_pad"])


def normalise(x, w, a):
    return F.batch_norm(x, w["running_mean"], w["running_var"], w["weight"], w["bias"], eps=a["eps"])


def cut(x, _, a):
    for axis, start in enumerate(a["start"]):
        x = x.narrow(axis, start, x.shape[axis] - start) if start else x
    return x


ONE_INPUT = {
    "conv2d": lambda x, w, a: F.conv2d(x, w["weight"], w["bias"], a["s"], a["p"], groups=a.get("g", 1)),
    "linear": lambda x, w, a: F.linear(x, w["weight"], w["bias"]),
    "batch_norm": normalise,
    "group_norm": lambda x, w, a: F.group_norm(x, a["groups"], w["weight"], w["bias"], a["eps"]),
    "max_pool2d": lambda x, w, a: F.max_pool2d(x, a["k"], a["s"], a["p"], ceil_mode=a.get("ceil", False)),
    "avg_pool2d": average,
    "adaptive_avg_pool2d": lambda x, w, a: F.adaptive_avg_pool2d(x, a["size"]),
    "mean": lambda x, w, a: x.mean(a["dims"], a["keepdim"]),
    "zero_pad2d": lambda x, w, a: F.pad(x, a["pad_lrtb"]),
    "slice": cut,
    "relu": lambda x, w, a: F.relu(x),
    "relu6": lambda x, w, a: F.relu6(x),
    "sigmoid": lambda x, w, a: torch.sigmoid(x),
    "silu": lambda x, w, a: F.silu(x),
    "hardsigmoid": lambda x, w, a: F.hardsigmoid(x),
    "hardswish": lambda x, w, a: F.hardswish(x),
}
