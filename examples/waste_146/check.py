#!/usr/bin/python3
"""The executables of waste_146.kiln against the same system written with PyTorch, torchvision's
networks and Pillow, in float64: their texts are equal byte for byte.
Usage: check.py [--all]     --all: the five large members too
Environment: KILN, the compiler; KILN_SHARED, reference data with photographs of waste"""
import ast
import csv
import io
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "support"))
import comparison as f

np, torch, torchvision, PIL = f.need("numpy", "torch", "torchvision", "PIL")
import fixture
from PIL import Image
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.transforms import functional as F

SIDE, KINDS = 288, 146
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


# --- networks ---------------------------------------------------------------------------------------


class ChannelAttention(torch.nn.Module):
    def __init__(self, planes, reduction=16):
        super().__init__()
        self.fc1 = torch.nn.Conv2d(planes, planes // reduction, 1, bias=False)
        self.fc2 = torch.nn.Conv2d(planes // reduction, planes, 1, bias=False)

    def forward(self, x):
        both = [self.fc2(torch.relu(self.fc1(pool(x, 1)))) for pool in (
            torch.nn.functional.adaptive_avg_pool2d, torch.nn.functional.adaptive_max_pool2d)]
        return torch.sigmoid(both[0] + both[1])


class SpatialAttention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x):
        both = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return torch.sigmoid(self.conv1(both))


def attentive(base):
    """A residual block of torchvision with both attentions in front of the sum."""
    class Block(base):
        def __init__(self, inplanes, planes, *arguments, **named):
            super().__init__(inplanes, planes, *arguments, **named)
            self.ca, self.sa = ChannelAttention(planes * self.expansion), SpatialAttention()

        def forward(self, x):
            y = torch.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            if self.expansion > 1:
                y = self.bn3(self.conv3(torch.relu(y)))
            y = self.ca(y) * y
            y = self.sa(y) * y
            return torch.relu(y + (x if self.downsample is None else self.downsample(x)))

    return Block


def make(name):
    if name == "cbam18":
        return ResNet(attentive(BasicBlock), [2, 2, 2, 2], num_classes=KINDS)
    if name == "cbam50":
        return ResNet(attentive(Bottleneck), [3, 4, 6, 3], num_classes=KINDS)
    return getattr(torchvision.models, name)(weights=None, num_classes=KINDS)


# --- pictures ---------------------------------------------------------------------------------------


def preprocess(path):
    picture = Image.open(path).convert("RGB")
    width, height = picture.size
    longest = max(width, height)
    across, down = (longest - width) // 2, (longest - height) // 2
    square = Image.new("RGB", (width + 2 * across, height + 2 * down))
    square.paste(picture, (across, down))
    whole = int(SIDE * 256 / 224)
    square = square.resize((whole, whole), Image.BILINEAR)
    crop = F.center_crop(square, SIDE)
    return F.normalize(F.to_tensor(crop), MEAN, STD)


def draw(folder):
    """Blots of colour in the sizes that letterboxes get wrong; grey, with alpha, with a palette."""
    r = np.random.default_rng(146)
    kinds = [(400, 300, "RGB", "jpg"), (301, 500, "RGB", "png"), (90, 61, "RGB", "jpg"),
             (640, 17, "RGB", "png"), (288, 288, "RGB", "png"), (330, 329, "L", "png"),
             (257, 198, "RGBA", "png"), (1, 300, "RGB", "png"), (211, 333, "P", "png")]
    names = []
    for i, (width, height, mode, ending) in enumerate(kinds):
        small = r.integers(0, 256, (5, 6, 3), dtype=np.uint8)
        picture = Image.fromarray(small).resize((width, height), Image.BICUBIC)
        names.append(f"drawn_{i}.{ending}")
        picture.convert(mode).save(os.path.join(folder, names[-1]))
    return names


def photographs(folder, count):
    source = os.path.join(f.SHARED, "images", "trash")
    if not os.path.isdir(source):
        f.skip("photographs of waste", f"{source} is not there (KILN_SHARED)")
        return []
    names = sorted(n for n in os.listdir(source) if n.endswith(".jpg"))[::90 // count][:count]
    for name in names:
        os.symlink(os.path.join(source, name), os.path.join(folder, name))
    return names


# --- the comparison ---------------------------------------------------------------------------------


def make_fixture(name, pictures, path, seed):
    """A network with fixture weights, its checkpoint."""
    network = make(name)
    fixture.fill(network, seed)
    last = network.fc if hasattr(network, "fc") else network.classifier[1]
    fixture.calibrate(network, last, pictures)
    torch.save(network.state_dict(), path)
    return network


def compare(folder, classifier, members, names, labels, first_seed):
    pictures = torch.stack([preprocess(os.path.join(folder, n)) for n in names])
    weights, total, single = [], 0, 0
    for seed, (member, architecture) in enumerate(members.items(), first_seed):
        path = os.path.join(folder, member + ".pth")
        network = make_fixture(architecture, pictures, path, seed)
        weights.append((member, path))
        single = single + network(pictures).softmax(1)
        network.double()
        total = total + torch.cat([network(p[None].double()).softmax(1) for p in pictures])
    scores = (total / len(members)).numpy()
    exe = os.path.join(folder, classifier)
    f.build(os.path.join(HERE, "waste_146.kiln"), classifier, exe, weights)

    best = scores.argmax(1)
    f.check(f"{classifier}: the fixture tells pictures apart", len(set(best)) > len(names) // 2,
            f"{len(set(best))} classes of {len(names)} pictures")
    f.same_text(f"{classifier}: text", f.run([exe, *names], folder), names, scores, labels, 5)
    f.same_bytes(f"{classifier}: --format result", f.run([exe, "--format", "result", *names], folder),
                 "".join(json.dumps({"result": labels[b]}, ensure_ascii=False) + "\n" for b in best))
    wanted = io.StringIO()
    csv.writer(wanted, lineterminator="\n").writerows(
        [["id", "class", "label"], *([n, b, labels[b]] for n, b in zip(names, best))])
    f.same_bytes(f"{classifier}: --submit", f.run(
        [exe, "--submit", "id,class,label\\n{name},{index},{label}", *names], folder), wanted.getvalue())
    rows = [json.loads(line) for line in
            f.run([exe, "--format", "json", "--top", str(KINDS), *names], folder).splitlines()]
    worst = max(abs(t["score"] - s[t["index"]]) for row, s in zip(rows, scores) for t in row["top"])
    own = float(np.abs((single / len(members)).numpy() - scores).max())
    f.check(f"{classifier}: all scores within half a unit of the fourth decimal", worst < 5e-5,
            f"{worst:.2g} from float64; torch's float32 {own:.2g}")
    if classifier == "waste_146_small":
        f.check(f"{classifier}: all scores within 12 times torch's float32 error", worst <= 12 * own)


with open(os.path.join(HERE, "classes.py"), encoding="utf-8") as file:
    classes = ast.literal_eval(file.read().split("=", 1)[1].strip())
SMALL = {"cbam": "cbam18", "b0": "efficientnet_b0"}
LARGE = {"resnet50": "resnet50", "resnext50": "resnext50_32x4d", "b0": "efficientnet_b0",
         "b1": "efficientnet_b1", "cbam": "cbam50"}
with tempfile.TemporaryDirectory() as work, torch.no_grad():
    files = draw(work) + photographs(work, 6)
    compare(work, "waste_146_small", SMALL, files, classes, 1)
    if "--all" in sys.argv[1:]:
        compare(work, "waste_146", LARGE, files, classes, 2)
f.finish()
