#!/usr/bin/python3
"""evaluate.py: what an executable's --eval says of the demo classifier (and of classifiers in the
reference data) equals figures computed here with numpy from its raw outputs; the activation map of
the executable equals that of the reference interpreter.
Environment: KILN, the program; KILN_SHARED, the reference data."""
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
KILN = os.environ.get("KILN", str(ROOT / "build/kiln"))
SHARED = pathlib.Path(os.environ.get("KILN_SHARED", ROOT.parent / "shared")).resolve()
DEMO = ROOT / "examples/aluminium"
failures = []
count = 0


def check(what, found, expected, tolerance=1e-6):
    global count
    count += 1
    if not abs(found - expected) <= tolerance:
        failures.append(f"{what}: {found}, expected {expected}")


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE).stdout


def write_list(path, rows):
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["path", "label"])
        writer.writerows(rows)


def raw_outputs(exe, paths, folder):
    run(exe, "--format", "csv", "--out", folder / "out.npy", *paths)
    return numpy.load(folder / "out.npy").reshape(len(paths), -1).astype(float)


def check_single(name, exe, paths, truth, folder):
    """Accuracy, top-5, the macro precisions, the confusion matrix."""
    logits, truth = raw_outputs(exe, paths, folder), numpy.array(truth)
    classes = logits.shape[1]
    order = numpy.argsort(-logits, axis=1, kind="stable")
    best = order[:, 0]
    confusion = numpy.zeros((classes, classes), int)
    numpy.add.at(confusion, (truth, best), 1)
    predicted = confusion.sum(0)
    precision = confusion.diagonal() / (predicted + 1e-6)
    write_list(folder / "list.csv", zip(paths, truth))
    said = json.loads(run(exe, "--eval", folder / "list.csv", "--format", "json",
                          "--confusion", folder / "c.csv", "--mistakes", folder / "m.html"))
    check(f"{name}: accuracy", said["accuracy"], (best == truth).mean())
    check(f"{name}: top-5", said["top5"], (order[:, :5] == truth[:, None]).any(1).mean())
    check(f"{name}: macro precision over predicted classes", said["macro_precision_predicted"],
          precision.sum() / (predicted > 0).sum())
    check(f"{name}: macro precision over all", said["macro_precision_all"], precision.mean())
    for c, row in enumerate(said["classes"]):
        check(f"{name}: recall of {c}", row["recall"],
              confusion[c, c] / max(confusion[c].sum(), 1))
        check(f"{name}: F1 of {c}", row["f1"],
              2 * confusion[c, c] / max(confusion[c].sum() + predicted[c], 1))
    check(f"{name}: confusion", abs(numpy.array(said["confusion"])[:, :-1] - confusion).sum(), 0)
    rows = list(csv.reader(open(folder / "c.csv", encoding="utf-8")))
    check(f"{name}: confusion as CSV",
          abs(numpy.array([row[1:] for row in rows[1:]], int) - confusion).sum(), 0)
    page = (folder / "m.html").read_text(encoding="utf-8")
    check(f"{name}: figures on the page", page.count("<figure>"), (best != truth).sum())
    return said["accuracy"], said["top5"]


def average_precision(score, truth):
    """Over distinct scores from above: gain in recall times precision."""
    total, before = 0.0, 0
    for threshold in sorted(set(score), reverse=True):
        hits = truth[score >= threshold].sum()
        total += (hits - before) / truth.sum() * hits / (score >= threshold).sum()
        before = hits
    return total


def check_tags(folder):
    """The demo network with independent labels, against tags drawn at random."""
    source = (DEMO / "aluminium.kiln").read_text().replace("output softmax", "output sigmoid")
    source = source.replace('"aluminium.safetensors"', f'"{DEMO}/aluminium.safetensors"')
    source = source.replace('"labels.txt"', f'"{DEMO}/labels.txt"')
    (folder / "tags.kiln").write_text(source)
    exe = folder / "tags"
    run(KILN, "build", folder / "tags.kiln", "-o", exe)
    paths = sorted((DEMO / "samples").iterdir())
    random = numpy.random.default_rng(1)
    score = 1 / (1 + numpy.exp(-raw_outputs(exe, paths, folder)))
    truth = (random.random(score.shape) < 0.2) | ((score > 0.5) & (random.random(score.shape) < 0.7))
    labels = (DEMO / "labels.txt").read_text().splitlines()
    write_list(folder / "tags.csv",
               [(p, ",".join(labels[c] for c in numpy.flatnonzero(t))) for p, t in zip(paths, truth)])
    said = json.loads(run(exe, "--eval", folder / "tags.csv", "--beta", "2", "--format", "json"))
    columns = [c for c in range(score.shape[1]) if truth[:, c].any()]
    check("tags: mAP", said["map"],
          numpy.mean([average_precision(score[:, c].astype("f4"), truth[:, c]) for c in columns]))
    check("tags: exact", said["exact"], ((score > 0.5) == truth).all(1).mean())
    for point in said["sweep"]:
        chosen = score > point["threshold"]
        hits, wanted, found = (chosen & truth).sum(), truth.sum(), chosen.sum()
        check("tags: F2", point["f"], 5 * hits / (4 * wanted + found))
        below = 4 * truth.sum(1) + chosen.sum(1)
        each = numpy.where(below > 0, 5 * (chosen & truth).sum(1) / numpy.maximum(below, 1), 1)
        check("tags: F2 by picture", point["f_picture"], each.mean())


def check_map(folder, exe):
    """The executable's feature map and packed weights against the interpreter's plain ones."""
    for index, picture in enumerate(sorted((DEMO / "samples").iterdir())[::6]):
        run(exe, "--cam", folder / "a.png", "--class", index, picture)
        run(KILN, "run", DEMO / "aluminium.kiln", "--cam", folder / "b.png", "--class", index, picture)
        a, b = (numpy.asarray(Image.open(folder / n)).astype(int) for n in ("a.png", "b.png"))
        check(f"map of {picture.name}: largest difference of a pixel", abs(a - b).max(), 0, 2)
        check(f"map of {picture.name}: colours", float(a.std() > 20), 1)


def check_shared(folder):
    accuracy = json.loads((SHARED / "expected/accuracy.json").read_text())
    models = SHARED / "models"
    cases = [("trash_mobilenet_v2", "examples/waste/waste.kiln:waste", "trash", "trash"),
             ("trash_mobilenet_v1", "examples/waste/waste.kiln:waste_small", "trash", "trash"),
             ("mobilenet_v2_imagenet", "examples/imagenet/imagenet.kiln", "imagenet", "imagenet")]
    for name, source, pictures, labels in cases:
        exe = folder / name
        run(KILN, "build", ROOT / source, "-w", models / f"{name}.safetensors", "--labels",
            models / f"{labels}_labels.txt", "-o", exe)
        table = [line.split("\t") for line in
                 (SHARED / f"images/{pictures}/labels.tsv").read_text().splitlines()[1:]]
        paths = [SHARED / "images" / pictures / row[0] for row in table]
        top1, top5 = check_single(name, exe, paths, [int(row[1]) for row in table], folder)
        check(f"{name}: published accuracy", top1, accuracy[name]["top1"])
        check(f"{name}: published top-5", top5, accuracy[name].get("top5", top5))


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        exe = folder / "aluminium"
        run(KILN, "build", DEMO / "aluminium.kiln", "-o", exe)
        truth = dict(line.split("\t") for line in (DEMO / "expected.tsv").read_text().splitlines())
        labels = (DEMO / "labels.txt").read_text().splitlines()
        paths = [DEMO / "samples" / picture for picture in sorted(truth)]
        # Every fifth is called wrong, so that there is something to count.
        wanted = [(labels.index(truth[p.name]) + (i % 5 == 0)) % 12 for i, p in enumerate(paths)]
        check_single("aluminium", exe, paths, wanted, folder)
        check_tags(folder)
        check_map(folder, exe)
        if (SHARED / "expected/accuracy.json").exists():
            check_shared(folder)
        else:
            print(f"SKIPPED: {SHARED} is not there; set KILN_SHARED")
    for text in failures:
        print(f"FAIL {text}")
    print(f"{count - len(failures)} passed, {len(failures)} failed")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
