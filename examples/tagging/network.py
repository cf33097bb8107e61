"""InceptionV3 and InceptionResNetV2 in torch, as Keras's applications build them: layers are numbered in
the order in which they are made. Written from the papers and independent of ../../models."""
import torch
from torch.nn.functional import avg_pool2d, max_pool2d, relu


class Inception:
    def __init__(self, layers):
        self.layers = layers

    def unit(self, x, out, kernel, stride=1, padding="same", names=(None, None)):
        x = self.layers.conv(x, out, kernel, stride, padding, names[0])
        return relu(self.layers.norm(x, scale=False, name=names[1]))

    def chain(self, x, *units):
        for unit in units:
            x = self.unit(x, *unit)
        return x

    def averaged(self, x, out):
        return self.unit(avg_pool2d(x, 3, 1, 1, count_include_pad=False), out, 1)

    def stem(self, x):
        x = self.chain(x, (32, 3, 2, "valid"), (32, 3, 1, "valid"), (64, 3))
        x = self.chain(max_pool2d(x, 3, 2), (80, 1), (192, 3, 1, "valid"))
        return max_pool2d(x, 3, 2)


class InceptionV3(Inception):
    def mixed_35(self, x, pooled):
        return torch.cat([self.unit(x, 64, 1), self.chain(x, (48, 1), (64, 5)),
                          self.chain(x, (64, 1), (96, 3), (96, 3)), self.averaged(x, pooled)], 1)

    def mixed_17(self, x, n):
        row, column = (1, 7), (7, 1)
        return torch.cat([
            self.unit(x, 192, 1), self.chain(x, (n, 1), (n, row), (192, column)),
            self.chain(x, (n, 1), (n, column), (n, row), (n, column), (192, row)),
            self.averaged(x, 192)], 1)

    def cross(self, x):
        return [self.unit(x, 384, (1, 3)), self.unit(x, 384, (3, 1))]

    def mixed_8(self, x):
        return torch.cat([self.unit(x, 320, 1), *self.cross(self.unit(x, 384, 1)),
                          *self.cross(self.chain(x, (448, 1), (384, 3))), self.averaged(x, 192)], 1)

    def features(self, x):
        x = self.stem(x)
        for pooled in (32, 64, 64):
            x = self.mixed_35(x, pooled)
        x = torch.cat([self.unit(x, 384, 3, 2, "valid"),
                       self.chain(x, (64, 1), (96, 3), (96, 3, 2, "valid")), max_pool2d(x, 3, 2)], 1)
        for n in (128, 160, 160, 192):
            x = self.mixed_17(x, n)
        x = torch.cat([self.chain(x, (192, 1), (320, 3, 2, "valid")),
                       self.chain(x, (192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, 2, "valid")),
                       max_pool2d(x, 3, 2)], 1)
        return self.mixed_8(self.mixed_8(x)).mean((2, 3))


class InceptionResNetV2(Inception):
    def residual(self, x, branches, scale, name, last=False):
        y = torch.cat([self.chain(x, *branch) for branch in branches], 1)
        y = x + self.layers.conv(y, x.shape[1], 1, name=name + "_conv", bias=True) * scale
        return y if last else relu(y)

    def reduced(self, x, *branches):
        parts = [self.chain(x, *b[:-1], b[-1] + (2, "valid")) for b in branches]
        return torch.cat(parts + [max_pool2d(x, 3, 2)], 1)

    def features(self, x):
        x = self.stem(x)
        x = torch.cat([self.unit(x, 96, 1), self.chain(x, (48, 1), (64, 5)),
                       self.chain(x, (64, 1), (96, 3), (96, 3)), self.averaged(x, 64)], 1)
        block = [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]]
        for i in range(1, 11):
            x = self.residual(x, block, 0.17, f"block35_{i}")
        x = self.reduced(x, [(384, 3)], [(256, 1), (256, 3), (384, 3)])
        block = [[(192, 1)], [(128, 1), (160, (1, 7)), (192, (7, 1))]]
        for i in range(1, 21):
            x = self.residual(x, block, 0.1, f"block17_{i}")
        x = self.reduced(x, [(256, 1), (384, 3)], [(256, 1), (288, 3)],
                         [(256, 1), (288, 3), (320, 3)])
        block = [[(192, 1)], [(192, 1), (224, (1, 3)), (256, (3, 1))]]
        for i in range(1, 10):
            x = self.residual(x, block, 0.2, f"block8_{i}")
        x = self.residual(x, block, 1.0, "block8_10", last=True)
        return self.unit(x, 1536, 1, names=("conv_7b", "conv_7b_bn")).mean((2, 3))
