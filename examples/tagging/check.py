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

SIDE = {"tagging": 299, "tagging_raw": 299, "tagging_small": 107}
KINDS = {"v3": network.InceptionV3, "resnet": network.InceptionResNetV2}
THRESHOLD = 0.3
# Of the last layers; what makes a few tags in a thousand exceed the threshold, by either network, and no two scores
# that float32 could confuse.
GAIN = {"tagging": {"v3": 7.75, "resnet": 3.0}, "tagging_raw": {"v3": 7.75, "resnet": 2.3},
        "tagging_small": {"v3": 9.0, "resnet": 2.5}}
OFFSET = -3.4


def picture(path, side, raw):
    image = Image.open(path).convert("RGB").resize((side, side), Image.NEAREST)
    x = np.asarray(image, np.float32)
    if not raw:
        x = x / np.float32(127.5) - np.float32(1)
    return torch.from_numpy(x.transpose(2, 0, 1).copy())[None]


def member(name, kind, pictures, tags, raw, gain, weights_path):
    """Scores of all pictures; the weights go to a file."""
    weights, scores = fixture.Weights(len(name)), []
    for x in pictures:
        layers = fixture.Layers(weights, input_gain=1 / 127.5 if raw else 1)
        x = torch.relu(layers.dense(kind(layers).features(x), 1024, gain=1.5))
        x = layers.dense(x, tags, gain=gain, offset=OFFSET)
        scores.append(torch.sigmoid(x.double())[0].numpy())
    weights.save(weights_path)
    return np.array(scores)


def rows(paths, tags, scores):
    """Tags in the order of their best score, as a row of the submission each."""
    out = []
    for path, *of_members in zip(paths, *scores):
        best = np.max(of_members, axis=0)
        chosen = np.flatnonzero(best > THRESHOLD)
        chosen = chosen[np.argsort(-best[chosen], kind="stable")]
        out.append(f'{path},"{",".join(tags[i] for i in chosen)}"\n')
    return "".join(out)


def report(name, scores):
    """What the fixture exercises, and how far it is from another answer."""
    sets = [scores[0] > THRESHOLD, scores[1] > THRESHOLD]
    f.check(f"{name}: each network has tags of its own for every picture",
            all((a & ~b).any(1).all() for a, b in (sets, sets[::-1])),
            f"v3 {sets[0].sum(1)}, resnet {sets[1].sum(1)}, both {(sets[0] & sets[1]).sum(1)}")
    margin = min(abs(s - THRESHOLD).min() for s in scores)
    best = np.maximum(*scores)
    gap = min(np.diff(np.sort(row[row > THRESHOLD])).min() for row in best)
    print(f"the nearest score is {margin:.1e} from the threshold, two scores of a row are {gap:.1e} apart")


def main():
    folder, name, *paths = sys.argv[1:]
    folder, raw = pathlib.Path(folder).resolve(), name == "tagging_raw"
    folder.mkdir(parents=True, exist_ok=True)
    tags = (HERE / "tags.txt").read_text().splitlines()
    pictures = [picture(path, SIDE[name], raw) for path in paths]
    files = {part: folder / f"{name}-{part}.safetensors" for part in KINDS}
    try:
        with torch.no_grad():
            scores = [member(part, kind, pictures, len(tags), raw, GAIN[name][part], files[part])
                      for part, kind in KINDS.items()]
        f.build(HERE / "tagging.kiln", name, folder / name, files.items())
        f.run([str(folder / name), "--submit", '{file},"{tags}"', "--submission", f"{folder}/{name}.csv", *paths], ".")
    finally:
        for path in files.values():
            path.unlink(missing_ok=True)
    f.same_bytes(f"{name}: submission of {len(paths)} pictures", (folder / f"{name}.csv").read_text(),
                 rows(paths, tags, scores))
    report(name, scores)
    f.finish()


if __name__ == "__main__":
    main()
