#!/usr/bin/python3
"""check.py FOLDER CLASSIFIER PICTURE...: builds CLASSIFIER in FOLDER with fixture weights and compares
the submission that it writes, byte for byte, with what torch and Pillow make of the same weights.
Environment: KILN, the compiler"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "support"))

import comparison as f

np, torch, PIL = f.need("numpy", "torch", "PIL")
import fixture
from PIL import Image
import network

CLASSES, RANK = 100, 32
# Sides of the pictures, NASNet's filters, cells and stem, the EfficientNets' widths and depths; and what
# gains keep the values of these random networks alive and their answers different.
SETTING = {
    "waste_100": dict(large=331, nasnet=(168, 6, 96), fusion=260,
                      scales=[(1.0, 1.0), (1.0, 1.1), (1.1, 1.2)], gains=(1.3, 1.7)),
    "waste_100_small": dict(large=75, nasnet=(24, 2, 12), fusion=64,
                            scales=[(0.5, 0.5), (0.5, 0.6), (0.6, 0.5)], gains=(1.5, 2.0)),
}
SEED = {"nasnet_a": 1, "nasnet_b": 2, "fused": 3}
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def picture(path, side, mode):
    image = Image.open(path).convert("RGB").resize((side, side), Image.BILINEAR)
    x = np.asarray(image, np.float32)
    if mode == "tf":
        x = x / np.float32(127.5) - np.float32(1)
    else:
        x = (x / np.float32(255) - np.float32(MEAN)) / np.float32(STD)
    return torch.from_numpy(x.transpose(2, 0, 1).copy())[None]


def large(setting, weights, path):
    layers = fixture.Layers(weights, gain=setting["gains"][0])
    x = network.NASNet(layers, *setting["nasnet"]).features(picture(path, setting["large"], "tf"))
    x = torch.relu(layers.dense(x, 512, gain=1.5))
    return layers.dense(x, CLASSES, gain=6)


def fused(setting, weights, path):
    layers = fixture.Layers(weights, gain=setting["gains"][1])
    x = picture(path, setting["fusion"], "torch")
    logits, attention = network.fused(layers, setting["scales"], RANK, CLASSES, x, gain=6)
    print("attention", path.rsplit("/", 1)[-1], [f"{v:.3f}" for v in attention[0].tolist()])
    return logits


def member(name, setting, paths, weights_path):
    """Softmax of every picture; the weights go to a file."""
    weights, scores = fixture.Weights(SEED[name]), []
    for path in paths:
        logits = (fused if name == "fused" else large)(setting, weights, path)
        scores.append(torch.softmax(logits.double(), 1)[0].numpy())
    weights.save(weights_path)
    return np.array(scores)


def votes(scores):
    """Of one picture: each member gives its best class its confidence."""
    out = np.zeros(CLASSES)
    for of_member in scores:
        out[of_member.argmax()] += of_member.max() / len(scores)
    return out


def report(paths, scores, expected_cost):
    """What the fixtures exercise, and how far they are from another answer."""
    for i, path in enumerate(paths):
        voted = [(int(s[i].argmax()), round(float(s[i].max()), 4)) for s in scores]
        low = np.sort(expected_cost[i])
        print(f"{path.rsplit('/', 1)[-1]}: votes {voted}, cost {low[0]:.4f} and {low[1]:.4f}, answer "
              f"{expected_cost[i].argmin()}, by votes alone {votes([s[i] for s in scores]).argmax()}")


def main():
    folder, name, *paths = sys.argv[1:]
    folder, setting = pathlib.Path(folder).resolve(), SETTING[name]
    folder.mkdir(parents=True, exist_ok=True)
    labels = (HERE / "labels.txt").read_text().splitlines()
    costs = np.loadtxt(HERE / "costs.csv", delimiter=",")
    files = {part: folder / f"{name}-{part}.safetensors" for part in SEED}
    try:
        with torch.no_grad():
            scores = [member(part, setting, paths, path) for part, path in files.items()]
        f.build(HERE / "waste_100.kiln", name, folder / name, files.items())
        f.run([str(folder / name), "--submit", r"file,index,label\n{file},{index},{label}", "--submission",
               f"{folder}/{name}.csv", *paths], ".")
    finally:
        for path in files.values():
            path.unlink(missing_ok=True)
    expected_cost = np.array([votes(s) @ costs for s in zip(*scores)])
    report(paths, scores, expected_cost)
    rows = "".join(f"{path},{i},{labels[i]}\n" for path, i in zip(paths, expected_cost.argmin(1)))
    f.same_bytes(f"{name}: submission of {len(paths)} pictures", (folder / f"{name}.csv").read_text(),
                 "file,index,label\n" + rows)
    f.finish()


if __name__ == "__main__":
    main()
