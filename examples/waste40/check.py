#!/usr/bin/python3
"""The classifiers of this directory against the same systems written a second time, with torch in float64 and
Pillow. Weights are fixtures: drawn with a fixed seed, batch norms and last layer set to the statistics of the
pictures, so that answers differ; saved as Keras or torch saves them. What `--format result` prints has to be
equal byte for byte; all scores within 12 times what torch's own float32 is off (Winograd's forms are in use).
Usage: check.py [--all] [NAME...]   environment: KILN, the compiler; KILN_SHARED, more pictures"""
import glob
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "support"))
import comparison as f

h5py, np, torch, torchvision, PIL = f.need("h5py", "numpy", "torch", "torchvision", "PIL")
import torch.nn.functional as F
from PIL import Image, ImageDraw

ALL = "--all" in sys.argv
QUICK = ["b0", "b0_views", "b0_svm", "b0_group", "b0_training", "resnet50_gn"]
LARGE = ["se_resnet50", "resnet50_flatten", "xception", "se_xception"] + [f"b{i}" for i in range(1, 8)]
# What stands around B0 in other ways is not compiled with full optimisation again, but for --all.
CHEAP = [] if ALL else ["b0_views", "b0_svm", "b0_group", "b0_training"]
torch.set_grad_enabled(False)
with open(HERE + "/labels.json", encoding="utf-8") as labels_file:
    LABELS = [name for _, name in sorted(json.load(labels_file).items(), key=lambda item: int(item[0]))]
MEAN = np.array([0.56719673, 0.5293289, 0.48351972], np.float32)
STD = np.array([0.20874391, 0.21455203, 0.22451781], np.float32)


# --- pictures and what networks see of them ----------------------------------------------------------


def draw_pictures(folder):
    """Drawn ones of several modes and odd sizes, and public photographs where they are there."""
    r, paths = np.random.default_rng(40), []
    kinds = [("RGB", "jpg"), ("RGB", "png"), ("L", "jpg"), ("RGBA", "png"), ("P", "png"), ("RGB", "jpg")]
    for i, (mode, ending) in enumerate(kinds):
        w, h = (int(v) for v in r.integers(90, 700, 2))
        picture = Image.new("RGB", (w, h), tuple(int(v) for v in r.integers(0, 256, 3)))
        for _ in range(25):
            x, y, a, b = r.integers(0, w), r.integers(0, h), r.integers(5, 300), r.integers(5, 300)
            shape = ImageDraw.Draw(picture).ellipse if r.random() < 0.5 else ImageDraw.Draw(picture).rectangle
            shape([int(x), int(y), int(x + a), int(y + b)], fill=tuple(int(v) for v in r.integers(0, 256, 3)))
        if mode == "RGBA":
            picture.putalpha(Image.fromarray(r.integers(1, 256, (h, w), np.uint8)))
        elif mode != "RGB":
            picture = picture.convert(mode)
        paths.append(f"{folder}/drawn_{i}.{ending}")
        picture.save(paths[-1])
    public = sorted(glob.glob(f.SHARED + "/images/trash/*.jpg"))[::15]
    if not public:
        f.skip("public photographs", f"{f.SHARED}/images/trash is not there (KILN_SHARED)")
    return paths + public


def fit(path, size):
    """Longest side to `size`, both truncated; in the mode of the file; then R G B."""
    picture = Image.open(path)
    k = size / max(picture.size)
    picture = picture.resize((int(picture.size[0] * k), int(picture.size[1] * k)), Image.BICUBIC)
    return np.array(picture.convert("RGB"))


def canvas(picture, size):
    """A white square of bytes, the picture in its middle."""
    h, w = picture.shape[:2]
    white = np.full((size, size, 3), 255, np.uint8)
    top, left = (size - h) // 2, (size - w) // 2
    white[top:top + h, left:left + w] = picture
    return white


def normalized(pixels):
    return (pixels.astype(np.float32) / 255 - MEAN) / STD


def serving(path, size):
    return [normalized(canvas(fit(path, size)[:, :, ::-1], size))]


def training(path, size):
    """The cast of negative floats, which C leaves undefined, is towards zero and modulo 256."""
    wrapped = np.trunc(normalized(fit(path, size))).astype(np.int64) & 255
    return [canvas(wrapped.astype(np.uint8), size).astype(np.float32)]


def views(path, size):
    square = canvas(fit(path, size)[:, :, ::-1], size)
    down, left = np.full_like(square, 255), np.full_like(square, 255)
    out = []
    for flipped in (square, square[:, ::-1], square[::-1]):
        for quarters in range(4):
            turned = np.rot90(flipped, quarters)
            down[16:], left[:, :-16] = turned[:-16], turned[:, 16:]
            out += [normalized(v) for v in (turned, down, left)]
    return out


# --- networks ----------------------------------------------------------------------------------------


class Layers:
    """Layers by their Keras names, made when first called: that call sets the batch norms' statistics and
    scales the last layer."""

    def __init__(self, body, size):
        self.body, self.size, self.making, self.tensors = body, size, True, {}
        self.draw = torch.Generator().manual_seed(40)

    def tensor(self, layer, role, shape, scale, offset=0.0):
        layer = self.tensors.setdefault(layer, {})
        if role not in layer:
            assert self.making
            layer[role] = offset + scale * (2 * torch.rand(shape, generator=self.draw) - 1)
        return layer[role]

    def conv(self, layer, x, out, k, stride=1, pad="same", bias=False, depthwise=False, role=None):
        groups = x.shape[1] if depthwise else 1
        role = role or ("depthwise_kernel" if depthwise else "kernel")
        shape = [out, x.shape[1] // groups, k, k]
        w = self.tensor(layer, role, shape, (6 / (shape[1] * k * k)) ** 0.5)
        b = self.tensor(layer, "bias", [out], 0.1) if bias else None
        return F.conv2d(same(x, k, stride, 0.0) if pad == "same" else F.pad(x, [pad] * 4), w, b, stride, groups=groups)

    def norm(self, layer, x, eps=1e-3):
        g, b = (self.tensor(layer, "gamma", [x.shape[1]], 0.3, 1.0), self.tensor(layer, "beta", [x.shape[1]], 0.1))
        t = self.tensors[layer]
        if self.making:
            t["moving_mean"], t["moving_variance"] = x.mean((0, 2, 3)), x.var((0, 2, 3)) + 1e-3
        return F.batch_norm(x, t["moving_mean"], t["moving_variance"], g, b, eps=eps)

    def dense(self, layer, x, out):
        w = self.tensor(layer, "kernel", [x.shape[1], out], (3 / x.shape[1]) ** 0.5)
        return x @ w + self.tensor(layer, "bias", [out], 0.1)

    def last(self, layer, x):
        y = self.dense(layer, x, 40)
        if self.making:
            t, spread = self.tensors[layer], float((y - y.mean(0)).std())
            t["kernel"] *= 2 / spread
            t["bias"] -= y.mean(0)
            t["bias"] *= 2 / spread
            y = x @ t["kernel"] + t["bias"]
        return y

    def make(self, images):
        self(images)
        self.making = False

    def __call__(self, x):
        return self.body(self, x)

    def cast(self, kind):
        for layer in self.tensors.values():
            for role in layer:
                layer[role] = layer[role].to(kind)

    def save(self, path):
        with h5py.File(path, "w") as out:
            out.attrs["layer_names"] = [layer.encode() for layer in self.tensors]
            out.attrs["backend"] = b"tensorflow"
            for layer, tensors in self.tensors.items():
                group = out.create_group(layer)
                group.attrs["weight_names"] = [f"{layer}/{role}:0".encode() for role in tensors]
                for role, t in tensors.items():
                    t = t.float()
                    if t.dim() == 4:
                        t = t.permute(2, 3, 0, 1) if role == "depthwise_kernel" else t.permute(2, 3, 1, 0)
                    group.create_dataset(f"{layer}/{role}:0", data=t.contiguous().numpy())


def same(x, k, stride, fill):
    """TensorFlow's padding: the odd row and column at the bottom and right."""
    more = [max((-(-n // stride) - 1) * stride + k - n, 0) for n in x.shape[2:]]
    return F.pad(x, [more[1] // 2, more[1] - more[1] // 2, more[0] // 2, more[0] - more[0] // 2], value=fill)


def mean(x):
    return x.mean((2, 3))


def top_squeeze(n, x):
    s = F.relu(n.dense("dense_1", mean(x), x.shape[1] // 16))
    return x * torch.sigmoid(n.dense("dense_2", s, x.shape[1]))[:, :, None, None]


def efficientnet(width, depth):
    def wide(c):
        rounded = max(8, int(c * width + 4) // 8 * 8)
        return rounded + 8 if rounded < 0.9 * c * width else rounded

    def unit(n, x, name, conv, out, k, stride=1, depthwise=False):
        return n.norm(f"{name}bn", n.conv(f"{name}{conv}", x, out, k, stride, depthwise=depthwise))

    def block(n, x, name, expansion, k, stride, out):
        inner, squeezed, y = expansion * x.shape[1], max(1, x.shape[1] // 4), x
        if expansion > 1:
            y = F.silu(unit(n, y, name + "_expand_", "conv", inner, 1))
        y = F.silu(unit(n, y, name + "_", "dwconv", inner, k, stride, True))
        s = F.silu(n.conv(name + "_se_reduce", y.mean((2, 3), keepdim=True), squeezed, 1, bias=True))
        y = y * torch.sigmoid(n.conv(name + "_se_expand", s, inner, 1, bias=True))
        y = unit(n, y, name + "_project_", "conv", out, 1)
        return x + y if stride == 1 and x.shape[1] == out else y

    def body(n, x):
        x = F.silu(unit(n, x, "stem_", "conv", wide(32), 3, 2))
        table = [(1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3),
                 (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)]
        for i, (expansion, k, stride, out, repeats) in enumerate(table):
            for j in range(int(np.ceil(repeats * depth))):
                x = block(n, x, f"block{i + 1}{chr(97 + j)}", expansion, k, 1 if j else stride, wide(out))
        x = F.silu(unit(n, x, "top_", "conv", wide(1280), 1))
        return n.last("probs", mean(x))

    return body


def resnet50(squeezed):
    def unit(n, x, name, out, k, stride=1):
        return n.norm("bn" + name, n.conv("res" + name, x, out, k, stride, k // 2, bias=True))

    def body(n, x):
        x = F.relu(n.norm("bn_conv1", n.conv("conv1", x, 64, 7, 2, 3, bias=True)))
        x = F.max_pool2d(F.pad(x, [1] * 4), 3, 2)
        for stage, repeats in enumerate((3, 4, 6, 3)):
            for i in range(repeats):
                name, width = f"{stage + 2}{chr(97 + i)}_branch", 64 << stage
                stride = 2 if stage and not i else 1
                y = F.relu(unit(n, x, name + "2a", width, 1, stride))
                y = unit(n, F.relu(unit(n, y, name + "2b", width, 3)), name + "2c", 4 * width, 1)
                x = F.relu(y + (x if i else unit(n, x, name + "1", 4 * width, 1, stride)))
        if squeezed:
            return n.last("dense_3", mean(top_squeeze(n, x)))
        return n.last("dense_1", x.permute(0, 2, 3, 1).flatten(1))

    return body


def xception(squeezed):
    def separable(n, x, name, out):
        x = n.conv(name, x, x.shape[1], 3, depthwise=True)
        return n.norm(name + "_bn", n.conv(name, x, out, 1, role="pointwise_kernel"))

    def body(n, x):
        x = F.relu(n.norm("block1_conv1_bn", n.conv("block1_conv1", x, 32, 3, 2, 0)))
        x = F.relu(n.norm("block1_conv2_bn", n.conv("block1_conv2", x, 64, 3, 1, 0)))
        plan = [(128, 128), (256, 256), (728, 728)] + [(728, 728, 728)] * 8 + [(728, 1024)]
        skips = 0
        for i, widths in enumerate(plan, 2):
            y = x
            for j, out in enumerate(widths, 1):
                y = separable(n, y if (i, j) == (2, 1) else F.relu(y), f"block{i}_sepconv{j}", out)
            if len(widths) == 2:
                skips += 1
                x = n.norm(f"batch_normalization_{skips}", n.conv(f"conv2d_{skips}", x, widths[1], 1, 2))
                y = F.max_pool2d(same(y, 3, 2, -np.inf), 3, 2)
            x = x + y
        x = F.relu(separable(n, x, "block14_sepconv1", 1536))
        x = F.relu(separable(n, x, "block14_sepconv2", 2048))
        if squeezed:
            return torch.sigmoid(n.last("dense_3", mean(top_squeeze(n, x))))
        return n.last("predictions", mean(x))

    return body


class GroupNormalised:
    """Torchvision's ResNet-50 with groups of 32."""

    def __init__(self):
        torch.manual_seed(40)
        self.size = 224
        self.net = torchvision.models.resnet50(norm_layer=lambda c: torch.nn.GroupNorm(32, c), num_classes=40)
        for m in self.net.modules():
            if isinstance(m, torch.nn.GroupNorm):
                torch.nn.init.uniform_(m.weight, 0.7, 1.3)
                torch.nn.init.uniform_(m.bias, -0.1, 0.1)
        self.net.eval()

    def make(self, images):
        y = self.net(images)
        scale = 2 / float((y - y.mean(0)).std())
        self.net.fc.bias.copy_((self.net.fc.bias - y.mean(0)) * scale)
        self.net.fc.weight *= scale

    def __call__(self, x):
        return self.net(x)

    def cast(self, kind):
        self.net.to(kind)

    def save(self, path):
        torch.save(self.net.float().state_dict(), path)


SCALES = [(1.0, 1.0, 224), (1.0, 1.1, 240), (1.1, 1.2, 260), (1.2, 1.4, 300), (1.4, 1.8, 380), (1.6, 2.2, 456),
          (1.8, 2.6, 528), (2.0, 3.1, 600)]


def make_network(name):
    if name == "resnet50_gn":
        return GroupNormalised()
    if name[0] == "b":
        width, depth, size = SCALES[int(name[1])]
        return Layers(efficientnet(width, depth), size)
    if "resnet50" in name:
        return Layers(resnet50(name == "se_resnet50"), 224)
    return Layers(xception(name == "se_xception"), 299)


# --- heads, decisions, comparison --------------------------------------------------------------------


def write_machine(path):
    """A support vector for each class, and the duels of scikit-learn's SVC."""
    r = np.random.default_rng(40)
    coefficients = np.array([[1.0 if j < i + 1 else -1.0 for j in range(40)] for i in range(39)])
    machine = dict(support_vectors=r.normal(scale=2, size=(40, 40)), n_support=np.ones(40, np.int32),
                   dual_coef=coefficients * r.uniform(0.8, 1.2, coefficients.shape),
                   intercept=r.normal(scale=1e-3, size=780), classes=np.arange(40), gamma=np.array(0.02))
    np.savez(path, **machine)
    return machine


def duels(m, x):
    kernel = np.exp(-m["gamma"] * ((m["support_vectors"] - x) ** 2).sum(1))
    votes, at = np.zeros(40), 0
    for i in range(40):
        for j in range(i + 1, 40):
            value = m["dual_coef"][j - 1, i] * kernel[i] + m["dual_coef"][i, j] * kernel[j] + m["intercept"][at]
            votes[i if value > 0 else j] += 1
            at += 1
    return votes / 39


def best_of_best_group(scores):
    sums = {}
    for label, s in zip(LABELS, scores):
        sums[label.split("/")[0]] = sums.get(label.split("/")[0], 0) + s
    group = max(sums, key=sums.get)
    return max((s, label) for s, label in zip(scores, LABELS) if label.startswith(group + "/"))[1], group


def softmax(y):
    e = np.exp(y - y.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def outputs(network, kind, prepared):
    """Of each picture the outputs of its views, [pictures][views, 40]."""
    network.cast(kind)
    return [np.concatenate([network(torch.from_numpy(v.transpose(2, 0, 1)[None].copy()).to(kind)).numpy()
                            for v in views]).astype(np.float64) for views in prepared]


def scores_of(name, out, machine):
    if name == "b0_svm":
        return np.array([duels(machine, y[0]) for y in out])
    if name == "se_xception":
        return np.array([y[0] for y in out])
    return np.array([softmax(y).mean(0) for y in out])


def references(network, rule, pictures):
    """In float64 and in float32; what heads and decisions share is computed once."""
    known = network.__dict__.setdefault("known", {})
    if (rule, len(pictures)) not in known:
        prepared = [rule(p, network.size) for p in pictures]
        known[rule, len(pictures)] = [outputs(network, kind, prepared) for kind in (torch.float64, torch.float32)]
    return known[rule, len(pictures)]


def lines(answers):
    return "".join(f'{{"result": "{a}"}}\n' for a in answers)


def source_of(folder, name):
    return f"{folder}/svm.kiln" if name == "b0_svm" else f"{folder}/waste40.kiln"


def build(folder, name, weights):
    f.build(source_of(folder, name), name, f"{folder}/{name}", [("", weights)],
            ["--cc", f"{folder}/cc-O1"] if name in CHEAP else [])
    return f"{folder}/{name}"


def scores_said(command, count):
    """All scores of `count` pictures."""
    got = np.zeros((count, 40))
    for row, line in zip(got, f.run([*command, "--format", "json", "--top", "40"], HERE).splitlines()):
        for t in json.loads(line)["top"]:
            row[t["index"]] = t["score"]
    return got


def check_scores(what, got, want, single):
    off, limit = np.abs(got - want).max(), max(12 * np.abs(single - want).max(), 1e-6)
    f.check(f"{what}: scores", off <= limit, f"{off:.2g} of {limit:.2g}")


def compare(folder, name, network, weights, pictures, machine):
    rule = {"b0_training": training, "b0_views": views}.get(name, serving)
    if name == "b0_views":
        pictures = pictures[2:4]
    want, single = (scores_of(name, out, machine) for out in references(network, rule, pictures))
    exe = build(folder, name, weights)
    answers = [LABELS[i] for i in want.argmax(1)]
    result = [exe, "--format", "result", *pictures]
    if name == "b0_group":
        answers, groups = zip(*(best_of_best_group(s) for s in want))
        f.check(f"{name}: --groups, bytes", f.run([*result, "--groups"], HERE) == lines(groups),
                f"{len(set(groups))} groups")
    f.check(f"{name}: --format result, bytes of {len(pictures)} pictures", f.run(result, HERE) == lines(answers),
            f"{len(set(answers))} different answers")
    got = scores_said([exe, *pictures], len(pictures))
    check_scores(name, got, want, single)
    os.remove(exe)
    return got


def compare_skew(folder, network, weights, pictures, trained):
    """The fixture of the training side, served: by the interpreter, B0 itself has been built already."""
    want, single = (scores_of("b0", out, None) for out in references(network, serving, pictures))
    served = scores_said([f.KILN, "run", f"{folder}/waste40.kiln:b0", "-w", weights, *pictures], len(pictures))
    check_scores("b0 with the weights of b0_training", served, want, single)
    moved = np.abs(served - trained).sum(1) / 2
    f.check("trained one way and served the other: scores differ", moved.min() > 1e-3,
            f"{(served.argmax(1) != trained.argmax(1)).sum()} of {len(moved)} answers differ, "
            f"{100 * moved.mean():.0f} % of the probability moves")


def copy_sources(folder):
    for name in ("waste40.kiln", "svm.kiln", "heads.kiln", "labels.json"):
        with open(f"{HERE}/{name}", encoding="utf-8") as page, open(f"{folder}/{name}", "w", encoding="utf-8") as out:
            out.write(page.read().replace("../../models/", f.ROOT + "/models/"))
    with open(f"{folder}/cc-O1", "w", encoding="utf-8") as out:
        out.write('#!/bin/sh\nexec cc "$@" -O1\n')
    os.chmod(out.name, 0o755)


def main():
    names = [a for a in sys.argv[1:] if a != "--all"] or QUICK + (LARGE if ALL else [])
    with tempfile.TemporaryDirectory() as folder:
        copy_sources(folder)
        pictures, machine = draw_pictures(folder), write_machine(folder + "/svm.npz")
        made = {}
        for name in names:
            key = "b0" if name in ("b0_views", "b0_svm", "b0_group") else name
            weights = f"{folder}/{key}." + ("pth" if key == "resnet50_gn" else "h5")
            if key not in made:
                made = {key: make_network("b0" if key == "b0_training" else key)}
                few = pictures if made[key].size < 300 else pictures[:4]
                rule = training if key == "b0_training" else serving
                made[key].make(torch.from_numpy(np.stack([rule(p, made[key].size)[0].transpose(2, 0, 1) for p in few])))
                made[key].save(weights)
            got = compare(folder, name, made[key], weights, few, machine)
            if name == "b0_training":
                compare_skew(folder, made[key], weights, few, got)
    f.finish()


main()
