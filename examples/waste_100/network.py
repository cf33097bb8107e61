"""NASNet-A, and EfficientNets weighed by attention, in torch as Keras builds them. Written from the papers
and independent of ../../models."""
import math

import torch
from torch.nn.functional import avg_pool2d, max_pool2d, pad, relu, silu

from fixture import same


class NASNet:
    def __init__(self, layers, filters, cells, stem):
        self.layers, self.filters, self.cells, self.stem = layers, filters, cells, stem

    def point(self, x, out, conv, norm, stride=1):
        return self.layers.norm(self.layers.conv(x, out, 1, stride, "valid", conv), name=norm)

    def separable(self, x, out, kernel, name, stride=1):
        for n, step in ((1, stride), (2, 1)):
            base = f"separable_conv_{n}_{name}"
            x = relu(x)
            x = self.layers.conv(x, x.shape[1], kernel, step, "same", base + ".depthwise", depthwise=True)
            x = self.point(x, out, base + ".pointwise", f"separable_conv_{n}_bn_{name}")
        return x

    def adjusted(self, p, x, out, name):
        if p is None:
            return x
        if p.shape[2:] != x.shape[2:]:
            p = relu(p)
            halves = [p[:, :, ::2, ::2], pad(p, (0, 1, 0, 1))[:, :, 1:, 1:][:, :, ::2, ::2]]
            halves = [self.layers.conv(h, out // 2, 1, 1, "valid", f"adjust_conv_{i}_{name}")
                      for i, h in enumerate(halves, 1)]
            return self.layers.norm(torch.cat(halves, 1), name="adjust_bn_" + name)
        if p.shape[1] != out:
            return self.point(relu(p), out, "adjust_conv_projection_" + name, "adjust_bn_" + name)
        return p

    def normal(self, x, p, out, name):
        def part(of, kernel, which):
            return self.separable(of, out, kernel, f"normal_{which}_{name}")

        p = self.adjusted(p, x, out, name)
        h = self.point(relu(x), out, "normal_conv_1_" + name, "normal_bn_1_" + name)
        average = [avg_pool2d(v, 3, 1, 1, count_include_pad=False) for v in (h, p)]
        return torch.cat([p, part(h, 5, "left1") + part(p, 3, "right1"),
                          part(p, 5, "left2") + part(p, 3, "right2"),
                          average[0] + p, average[1] + average[1], part(h, 3, "left5") + h], 1)

    def reduction(self, x, p, out, name):
        def part(of, kernel, which, stride=2):
            return self.separable(of, out, kernel, f"reduction_{which}_{name}", stride)

        p = self.adjusted(p, x, out, name)
        h = self.point(relu(x), out, "reduction_conv_1_" + name, "reduction_bn_1_" + name)
        padded = pad(h, same(h.shape[3], 3, 2) + same(h.shape[2], 3, 2))
        a = part(h, 5, "left1") + part(p, 7, "right1")
        largest = max_pool2d(padded, 3, 2)
        b = largest + part(p, 7, "right2")
        c = avg_pool2d(padded, 3, 2) + part(p, 5, "right3")
        return torch.cat([b, c, avg_pool2d(a, 3, 1, 1, count_include_pad=False) + b,
                          part(a, 3, "left4", 1) + largest], 1)

    def features(self, x):
        x = self.layers.conv(x, self.stem, 3, 2, "valid", "stem_conv1")
        x, p = self.layers.norm(x, name="stem_bn1"), None
        for i in (1, 2):
            x, p = self.reduction(x, p, self.filters // 2 ** (3 - i), f"stem_{i}"), x
        for stage in range(3):
            out, first = self.filters * 2 ** stage, stage * self.cells
            if stage:  # the large one's cells look back beyond the input of the reduction
                x = self.reduction(x, p, out, f"reduce_{first}")
            for i in range(self.cells):
                x, p = self.normal(x, p, out, str(first + i + (stage > 0))), x
        return relu(x).mean((2, 3))


STAGES = [(1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3),
          (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)]


class EfficientNet:
    def __init__(self, layers, prefix, width, depth):
        self.layers, self.prefix, self.width, self.depth = layers, prefix, width, depth

    def rounded(self, filters):
        filters *= self.width
        near = max(8, int(filters + 4) // 8 * 8)
        return near + 8 if near < 0.9 * filters else near

    def unit(self, x, out, kernel, conv, norm, stride=1, depthwise=False):
        x = self.layers.conv(x, out, kernel, stride, "same", self.prefix + conv, depthwise=depthwise)
        return self.layers.norm(x, name=self.prefix + norm)

    def excited(self, x, width, name):
        s = x.mean((2, 3), keepdim=True)
        s = silu(self.layers.conv(s, width, 1, name=self.prefix + name + "se_reduce", bias=True))
        s = self.layers.conv(s, x.shape[1], 1, name=self.prefix + name + "se_expand", bias=True)
        return x * torch.sigmoid(s)

    def block(self, x, name, expansion, kernel, stride, out):
        y, inner = x, expansion * x.shape[1]
        if expansion > 1:
            y = silu(self.unit(y, inner, 1, name + "expand_conv", name + "expand_bn"))
        y = silu(self.unit(y, inner, kernel, name + "dwconv", name + "bn", stride, True))
        y = self.excited(y, max(1, int(x.shape[1] * 0.25)), name)
        y = self.unit(y, out, 1, name + "project_conv", name + "project_bn")
        return x + y if stride == 1 and x.shape[1] == out else y

    def features(self, x):
        x = silu(self.unit(x, self.rounded(32), 3, "stem_conv", "stem_bn", 2))
        for i, (expansion, kernel, stride, out, repeats) in enumerate(STAGES, 1):
            for j in range(math.ceil(repeats * self.depth)):
                name, step = f"block{i}{'abcdefghijklm'[j]}_", 1 if j else stride
                x = self.block(x, name, expansion, kernel, step, self.rounded(out))
        x = silu(self.unit(x, 4 * x.shape[1], 1, "top_conv", "top_bn"))
        return x.mean((2, 3))


def fused(layers, scales, rank, classes, x, gain):
    """The logits of three EfficientNets whose vectors are weighed by g = softmax(W [f1; f2; f3])."""
    vectors = [EfficientNet(layers, f"net{i}.", *scale).features(x) for i, scale in enumerate(scales)]
    g = torch.softmax(layers.dense(torch.cat(vectors, 1), len(scales), "attention", gain=4), 1)
    weighed = torch.cat([v * g[:, i:i + 1] for i, v in enumerate(vectors)], 1)
    x = layers.dense(weighed, rank, "low_rank", gain=4, bias=False)
    return layers.dense(x, classes, "classes", gain=gain), g
