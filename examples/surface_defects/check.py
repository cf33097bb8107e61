#!/usr/bin/python3
"""The executables of surface_defects.kiln against the same systems written with PyTorch, OpenCV and
Pillow, in float64: texts, evaluations and submissions are equal byte for byte (a score at a border of rounding
apart), maps within one unit.
Environment: KILN, the compiler; KILN_SHARED, reference data with trained weights and pictures"""
import csv
import io
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "support"))
import comparison as f

np, torch, cv2, h5py, PIL = f.need("numpy", "torch", "cv2", "h5py", "PIL")
import fixture
from PIL import Image
from torch.nn import functional as F

DEMO = os.path.join(HERE, "..", "aluminium")
SOURCE = os.path.join(HERE, "surface_defects.kiln")
CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
ROLES = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean",
         "running_var": "moving_variance"}


# --- networks ---------------------------------------------------------------------------------------


def same(x, kernel, stride):
    """TensorFlow's padding."""
    pads = []
    for n in (x.shape[3], x.shape[2]):
        total = max((-(-n // stride) - 1) * stride + kernel - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


class Residual(torch.nn.Module):
    """Three residual blocks; modules are called as Keras calls unnamed layers."""

    def __init__(self, classes):
        super().__init__()
        shapes = [(3, 16, 3), (16, 16, 3), (16, 16, 3), (16, 32, 3), (32, 32, 3), (16, 32, 1),
                  (32, 64, 3), (64, 64, 3), (32, 64, 1)]
        for i, (a, b, k) in enumerate(shapes):
            self.add_module(self.numbered("conv2d", i), torch.nn.Conv2d(a, b, k))
        for i, c in enumerate([16, 16, 16, 32, 32, 64, 64]):
            self.add_module(self.numbered("batch_normalization", i), torch.nn.BatchNorm2d(c, eps=1e-3))
        self.dense = torch.nn.Linear(64, classes)

    @staticmethod
    def numbered(name, i):
        return f"{name}_{i}" if i else name

    def conv(self, x, i, stride=1):
        layer = getattr(self, self.numbered("conv2d", i))
        return F.conv2d(same(x, layer.kernel_size[0], stride), layer.weight, layer.bias, stride)

    def norm(self, x, i):
        return getattr(self, self.numbered("batch_normalization", i))(x)

    def features(self, x):
        x = torch.relu(self.norm(self.conv(x, 0), 0))
        x = torch.relu(x + self.norm(self.conv(torch.relu(self.norm(self.conv(x, 1), 1)), 2), 2))
        for conv, norm in (3, 3), (6, 5):
            y = torch.relu(self.norm(self.conv(x, conv, 2), norm))
            x = torch.relu(self.conv(x, conv + 2, 2) + self.norm(self.conv(y, conv + 1), norm + 1))
        return x

    def forward(self, x):
        return self.dense(self.features(x).mean((2, 3)))


class Demo(torch.nn.Module):
    """The network of examples/aluminium from its tensors."""

    def __init__(self, tensors):
        super().__init__()
        self.t = {k: torch.from_numpy(v).double() for k, v in tensors.items()}

    def unit(self, x, conv, norm, stride=1):
        w, (a, b, m, v) = self.t[conv + ".weight"], (self.t[f"{norm}.{k}"] for k in ROLES)
        return F.batch_norm(F.conv2d(x, w, None, stride, w.shape[2] // 2), m, v, a, b)

    def forward(self, x):
        x = torch.relu(self.unit(x, "conv1", "bn1", 2))
        for stage, depth in enumerate([2, 1, 1], 1):
            for i in range(depth):
                at, stride = f"layer{stage}.{i}.", 1 if i else 2
                y = torch.relu(self.unit(x, at + "conv1", at + "bn1", stride))
                y = self.unit(y, at + "conv2", at + "bn2")
                if at + "downsample.0.weight" in self.t:
                    x = self.unit(x, at + "downsample.0", at + "downsample.1", stride)
                x = torch.relu(y + x)
        return x.mean((2, 3)) @ self.t["fc.weight"].T + self.t["fc.bias"]


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {k: np.frombuffer(data[slice(*e["data_offsets"])], "<f4").reshape(e["shape"]).copy()
            for k, e in header.items() if k != "__metadata__"}


def save_keras(network, path):
    """As save_weights does: kernels [h][w][in][out], dense [in][out]."""
    layers = {}
    for key, value in network.state_dict().items():
        layer, role = key.rsplit(".", 1)
        if role == "num_batches_tracked":
            continue
        name = ROLES[role] if layer.startswith("batch") else {"weight": "kernel", "bias": "bias"}[role]
        value = value.numpy()
        if value.ndim > 1:
            value = value.transpose(2, 3, 1, 0) if value.ndim == 4 else value.T
        layers.setdefault(layer, []).append((f"{layer}/{name}:0", value))
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.encode() for layer in layers]
        file.attrs["backend"] = b"tensorflow"
        for layer, weights in layers.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name, _ in weights]
            for name, value in weights:
                group.create_dataset(name, data=value)


def load_keras(network, path):
    with h5py.File(path, "r") as file:
        for key, tensor in network.state_dict().items():
            layer, role = key.rsplit(".", 1)
            if role == "num_batches_tracked":
                continue
            name = ROLES[role] if layer.startswith("batch") else {"weight": "kernel", "bias": "bias"}[role]
            value = np.array(file["model_weights"][layer][layer][name + ":0"])
            if value.ndim > 1:
                value = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
            tensor.copy_(torch.from_numpy(value.copy()))


# --- pictures ---------------------------------------------------------------------------------------


def opencv(path, side):
    return cv2.resize(cv2.imread(path), (side, side))


def tensor(pixels):
    return torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32))


def scaled(path, side):
    return tensor(opencv(path, side)) / 255


def pillow(path):
    x = tensor(np.asarray(Image.open(path).convert("RGB").resize((128, 96), Image.BILINEAR)))
    return (x / 255 - 0.5) / 0.25


def gather(folder):
    """The demo's samples with their classes; drawn ones whose orientation stands in EXIF, grey, alpha."""
    with open(os.path.join(DEMO, "expected.tsv"), encoding="utf-8") as file:
        truth = dict(line.rstrip("\n").split("\t") for line in file)
    for name in truth:
        os.symlink(os.path.join(DEMO, "samples", name), os.path.join(folder, name))
    r = np.random.default_rng(12)
    for i, mode in enumerate(["RGB", "RGB", "L", "RGBA", "RGB"]):
        pixels = r.integers(0, 256, (4, 7, 3), dtype=np.uint8)
        picture = Image.fromarray(pixels).resize((192 - 37 * i, 65 + 30 * i), Image.BICUBIC).convert(mode)
        exif = Image.Exif()
        exif[0x112] = [6, 3, 1, 1, 8][i]
        name = f"drawn_{i}." + ("png" if mode == "RGBA" else "jpg")
        picture.save(os.path.join(folder, name), exif=exif)
        truth[name] = "other"
    return truth


# --- what the executable prints -----------------------------------------------------------------------


def evaluation(scores, truth, labels):
    """The text of --eval without its second line, which is the throughput, and without the matrix."""
    n, classes = scores.shape
    order = np.argsort(-scores, axis=1, kind="stable")
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (truth, order[:, 0]), 1)
    hits, decided, there = matrix.diagonal(), matrix.sum(0), matrix.sum(1)
    top5 = (order[:, :5] == truth[:, None]).any(1).sum()
    macro = (hits / (decided + 1e-6)).sum()
    used = int((decided > 0).sum())
    lines = [f"{'pictures':18} {n:8} of {n}", f"{'accuracy':18} {hits.sum() / n:8.4f}  ({hits.sum()} of {n})",
             f"{'top-5':18} {top5 / n:8.4f}  ({top5} of {n})",
             f"{'macro precision':18} {macro / used:8.4f}  over the {used} classes predicted",
             f"{'':18} {macro / classes:8.4f}  over all {classes} classes", "",
             "pictures  decided precision   recall       F1  class"]
    for c in range(classes):
        if there[c] or decided[c]:
            lines.append(f"{there[c]:8} {decided[c]:8} {hits[c] / max(decided[c], 1):9.4f} "
                         f"{hits[c] / max(there[c], 1):8.4f} {2 * hits[c] / (decided[c] + there[c]):8.4f}  "
                         f"{labels[c]}")
    return "\n".join(lines) + "\n", matrix


def compare(folder, name, exe, files, truth, scores, labels):
    scores, best = scores.numpy(), scores.numpy().argmax(1)
    f.same_text(f"{name}: text", f.run([exe, *files], folder), files, scores, labels, 3)
    f.same_bytes(f"{name}: --submit", f.run([exe, "--submit", "{name},{index},{label}", *files], folder),
                 "".join(f"{n},{b},{labels[b]}\n" for n, b in zip(files, best)))
    with open(os.path.join(folder, "list.csv"), "w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["path", "label"], *([n, truth[n]] for n in files)])
    said = f.run([exe, "--eval", "list.csv", "--confusion", "matrix.csv"], folder)
    lines = said.splitlines(keepends=True)
    said = "".join(lines[:1] + lines[2:]).split("\nconfusion", 1)[0]
    want, matrix = evaluation(scores, np.array([labels.index(truth[n]) for n in files]), labels)
    f.same_bytes(f"{name}: --eval", said, want)
    with open(os.path.join(folder, "matrix.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.reader(io.StringIO(file.read())))
    got = np.array([[int(x) for x in row[1:]] for row in rows[1:]])
    f.check(f"{name}: --confusion", (got[:, :len(labels)] == matrix).all())


def heat(level):
    """Blue, cyan, yellow, red: the colours of levels from 0 to 1."""
    at = [0, 0.125, 0.375, 0.625, 0.875, 1]
    stops = [(0, 0, 128), (0, 0, 255), (0, 255, 255), (255, 255, 0), (255, 0, 0), (128, 0, 0)]
    return np.stack([np.interp(level, at, [s[c] for s in stops]) for c in range(3)], -1)


def compare_map(folder, exe, network, file, x, view, scores, labels):
    """The picture's part of --cam; the line that it prints."""
    best = int(scores.argmax())
    said = f.run([exe, "--cam", "map.png", file], folder)
    f.same_bytes("trained: what --cam prints", said, f"{file}: {labels[best]}, score {scores[best]:.4f}\n")
    field = torch.einsum("c,nchw->nhw", network.dense.weight[best], network.features(x[None].double()))
    low, high = float(field.min()), float(field.max())
    times = -(-320 // view.shape[0])
    large = np.asarray(Image.fromarray(view).resize((32 * times, 32 * times), Image.BICUBIC)).astype(int)
    field = F.interpolate(field[None], large.shape[:2], mode="bilinear", align_corners=False)[0, 0].numpy()
    want = (large + np.floor(heat((field - low) / (high - low)) + 0.5).astype(int)) // 2
    got = np.asarray(Image.open(os.path.join(folder, "map.png"))).astype(int)[:, :large.shape[1]]
    away = np.abs(got - want)
    f.check("trained: the map's pixels within 1", got.shape == want.shape and away.max() <= 1,
            f"{(away > 0).mean():.2%} differ by 1")


# --- the systems --------------------------------------------------------------------------------------


def member(folder, name, side, seed, files):
    pictures = torch.stack([scaled(os.path.join(folder, n), side) for n in files])
    network = Residual(12)
    fixture.fill(network, seed)
    fixture.calibrate(network, network.dense, pictures)
    path = os.path.join(folder, name + ".h5")
    save_keras(network, path)
    return path, network.double()(pictures.double()).softmax(1)


def contest(folder):
    with open(os.path.join(DEMO, "labels.txt"), encoding="utf-8") as file:
        labels = file.read().splitlines()
    truth = gather(folder)
    files = sorted(truth)
    wide, a = member(folder, "wide", 96, 1, files)
    narrow, b = member(folder, "narrow", 64, 2, files)
    demo = Demo(read_safetensors(os.path.join(DEMO, "aluminium.safetensors")))
    c = demo(torch.stack([pillow(os.path.join(folder, n)) for n in files]).double()).softmax(1)
    exe = os.path.join(folder, "blend")
    f.build(SOURCE, "defects_blend", exe, [("wide", wide), ("narrow", narrow)])
    compare(folder, "blend", exe, files, truth, 0.15 * a + 0.1 * b + 0.75 * c, labels)

    layer = torch.nn.Linear(24, 12)
    fixture.fill(layer, 3)
    layer.weight *= 8
    np.savez(os.path.join(folder, "stack.npz"), **{f"dense.{k}": v.numpy() for k, v in
                                                   layer.state_dict().items()})
    exe = os.path.join(folder, "stacked")
    f.build(SOURCE, "defects_stacked", exe, [("wide", wide), ("narrow", narrow),
                                     ("stack", os.path.join(folder, "stack.npz"))])
    scores = layer.double()(torch.cat([a, b], 1)).softmax(1)
    compare(folder, "stacked", exe, files, truth, scores, labels)


def trained(folder):
    weights = os.path.join(f.SHARED, "models", "third_party", "pretrainedResnet.h5")
    source = os.path.join(f.SHARED, "images", "cifar10")
    if not os.path.exists(weights) or not os.path.isdir(source):
        f.skip("the trained network", f"{weights} or {source} is not there (KILN_SHARED)")
        return
    files = sorted(n for n in os.listdir(source) if n.endswith(".jpg"))
    for name in files:
        os.symlink(os.path.join(source, name), os.path.join(folder, name))
    network = Residual(10)
    load_keras(network, weights)
    network.eval().double()
    views = [cv2.cvtColor(opencv(os.path.join(folder, n), 32), cv2.COLOR_BGR2RGB) for n in files]
    pictures = torch.stack([tensor(v) for v in views])
    scores = network(pictures.double()).softmax(1)
    exe = os.path.join(folder, "trained")
    f.build(SOURCE, "defects_trained", exe, [("", weights)])
    compare(folder, "trained", exe, files, {n: n.split("_")[0] for n in files}, scores, CIFAR)
    strict = os.path.join(folder, "strict")
    f.build(SOURCE, "defects_trained", strict, [("", weights)], ["--strict"])
    f.same_bytes("trained, --strict: text", f.run([strict, *files], folder),
                 "".join(f.text_lines(n, s, CIFAR, 3) for n, s in zip(files, scores.numpy())))
    for i in (0, 77, 150):
        compare_map(folder, exe, network, files[i], pictures[i], views[i], scores[i].numpy(), CIFAR)


with tempfile.TemporaryDirectory() as work, torch.no_grad():
    for part in contest, trained:
        place = os.path.join(work, part.__name__)
        os.mkdir(place)
        part(place)
f.finish()
