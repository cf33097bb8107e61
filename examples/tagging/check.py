#!/usr/bin/python3
"""check.py KILN FOLDER CLASSIFIER PICTURE...: builds CLASSIFIER in FOLDER with fixture weights and compares
the submission that it writes, byte for byte, with what torch and Pillow make of the same weights."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "support"))

try:
    import numpy as np
    import torch
    from PIL import Image
except ImportError as missing:
    print(f"SKIP  tagging is not compared with an independent script: {missing}\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)
import fixture
import network

SIDE = {"tagging": 299, "tagging_raw": 299, "tagging_small": 107}
THRESHOLD = 0.3
# Of the last layer; what makes about one tag in a hundred exceed the threshold.
GAIN = {"v3": 9.0, "resnet": 2.4}
OFFSET = -3.4


def picture(path, side, raw):
    image = Image.open(path).convert("RGB").resize((side, side), Image.NEAREST)
    x = np.asarray(image, np.float32)
    if not raw:
        x = x / np.float32(127.5) - np.float32(1)
    return torch.from_numpy(x.transpose(2, 0, 1).copy())[None]


def member(name, kind, pictures, tags, raw, weights_path):
    """Scores of all pictures; the weights go to a file."""
    weights, scores = fixture.Weights(len(name)), []
    for x in pictures:
        layers = fixture.Layers(weights, input_gain=1 / 127.5 if raw else 1)
        x = torch.relu(layers.dense(kind(layers).features(x), 1024, gain=1.5))
        x = layers.dense(x, tags, gain=GAIN[name], offset=OFFSET)
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


def built(kiln, folder, name, files):
    exe = folder / name
    command = [kiln, "build", f"{HERE}/tagging.kiln:{name}", "-o", str(exe)]
    for part, path in files.items():
        command += ["-w", f"{part}={path}"]
    subprocess.run(command, check=True)
    return exe


def main():
    kiln, folder, name, *paths = sys.argv[1:]
    folder, raw = pathlib.Path(folder), name == "tagging_raw"
    folder.mkdir(parents=True, exist_ok=True)
    tags = (HERE / "tags.txt").read_text().splitlines()
    pictures = [picture(path, SIDE[name], raw) for path in paths]
    files = {part: folder / f"{name}-{part}.safetensors" for part in GAIN}
    out = folder / f"{name}.csv"
    try:
        with torch.no_grad():
            scores = [member("v3", network.InceptionV3, pictures, len(tags), raw, files["v3"]),
                      member("resnet", network.InceptionResNetV2, pictures, len(tags), raw, files["resnet"])]
        exe = built(kiln, folder, name, files)
        subprocess.run([exe, "--submit", '{file},"{tags}"', "--submission", out, *paths], check=True)
    finally:
        for path in files.values():
            path.unlink(missing_ok=True)
    expected, found = rows(paths, tags, scores), out.read_text()
    same = found == expected
    print(f"{'ok   ' if same else 'FAIL '}{name}: submission of {len(paths)} pictures, {len(found)} bytes,"
          f" {'equal' if same else 'not equal'}")
    margin = min(abs(s - THRESHOLD).min() for s in scores)
    counts = [[int((s > THRESHOLD).sum()) for s in each] for each in scores]
    print(f"tags by v3 {counts[0]}, by resnet {counts[1]}; a score is {margin:.1e} from the threshold")
    if not same:
        print(expected, found, sep="---\n")
    return not same


if __name__ == "__main__":
    sys.exit(main())
