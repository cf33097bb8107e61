#!/usr/bin/python3
"""Published classifiers, built by kiln, against reference results: logits of exact inputs and of
pictures, best class per picture, accuracy.

    published.py [--target T] [NAME...]        closing line: N passed, N failed, N skipped
"""
import array
import json
import os
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("KILN_SHARED", os.path.join(ROOT, "..", "shared"))
KILN = os.path.join(os.environ.get("KILN_BUILD", os.path.join(ROOT, "build")), "kiln")

# name: source, weights, labels, expected folder, pictures, of how many pictures the best class must
# be that of the reference
CASES = {
    "resnet20": ("examples/cifar10/cifar10.kiln", "models/third_party/resnet20-12fca82f.th", None,
                 "resnet20", 200, 199),
    "resnet56": ("examples/cifar10/cifar10.kiln", "models/third_party/resnet56-4bfd9763.th", None,
                 "resnet56", 200, 199),
    "imagenet": ("examples/imagenet/imagenet.kiln", "models/mobilenet_v2_imagenet.safetensors",
                 "models/imagenet_labels.txt", "mobilenet_v2_imagenet", 100, 99),
    "resnet8": ("examples/cifar10/cifar10.kiln", "models/third_party/pretrainedResnet.h5", None,
                "resnet8", 200, 199),
    "waste": ("examples/waste/waste.kiln", "models/trash_mobilenet_v2.safetensors",
              "models/trash_labels.txt", "trash_mobilenet_v2", 90, 89),
    "waste_small": ("examples/waste/waste.kiln", "models/trash_mobilenet_v1.safetensors",
                    "models/trash_labels.txt", "trash_mobilenet_v1", 90, 89),
}
# name: source, weights; only exact inputs and some pictures have references
SMALL = {
    "vww_96": ("examples/wake_words/wake_words.kiln", "models/third_party/vww_96.h5"),
    "ad01": ("models/mlperf_tiny.kiln", "models/third_party/ad01.h5"),
}
LOGIT_TOLERANCE = 1e-4

passed = failed = 0


def check(ok, text):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok    " if ok else "FAIL  ") + text, flush=True)


def shared(path):
    return os.path.join(SHARED, path)


def read_npy(path):
    """Rows of a float32 .npy of shape [N, F]."""
    with open(path, "rb") as f:
        data = f.read()
    (size,) = struct.unpack("<H", data[8:10])
    header = eval(data[10:10 + size], {"__builtins__": {}})
    assert header["descr"] == "<f4" and not header["fortran_order"], header
    values = array.array("f", data[10 + size:])
    columns = header["shape"][1]
    return [values[i:i + columns] for i in range(0, len(values), columns)]


def run(exe, *arguments):
    return subprocess.run([exe, *arguments], stdout=subprocess.PIPE, check=True).stdout.decode()


def logit_error(row, image):
    """All logits where the reference lists them, otherwise those of the five best classes."""
    want = image.get("logits")
    places = range(len(want)) if want else image["top5"]
    values = want if want else image["top5_logits"]
    return max(abs(row[i] - v) for i, v in zip(places, values))


def check_tensors(name, exe, images, expected, folder):
    worst = 0
    for image in images:
        if "input" in image:
            out = os.path.join(folder, "out.npy")
            run(exe, "--tensor", shared(f"expected/{expected}/{image['input']}"), "--out", out)
            worst = max(worst, logit_error(read_npy(out)[0], image))
    check(worst <= LOGIT_TOLERANCE, f"{name}: logits of exact inputs within {worst:.1e}")


def check_pictures(name, exe, images, folder):
    out = os.path.join(folder, "out.npy")
    run(exe, "--out", out, *[shared(i["file"]) for i in images])
    worst = max(logit_error(r, i) for r, i in zip(read_npy(out), images))
    check(worst <= LOGIT_TOLERANCE, f"{name}: logits of {len(images)} pictures within {worst:.1e}")


def best_classes(reference):
    if "public_top1" in reference:
        return reference["public_top1"]
    return {f: v.index(max(v)) for f, v in reference["public_logits"].items()}


def labels_of(folder):
    with open(os.path.join(folder, "labels.tsv")) as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    return {r[0]: int(r[1]) for r in rows if r[1].isdigit()}


def check_classes(name, exe, reference, expected, count, at_least):
    want = best_classes(reference)
    files = sorted(want)
    lines = run(exe, "--format", "json", *[shared(f) for f in files]).splitlines()
    got = [json.loads(line)["top"][0]["index"] for line in lines]
    same = sum(g == want[f] for g, f in zip(got, files))
    check(len(files) == count and same >= at_least,
          f"{name}: best class of {same} of {len(files)} pictures as listed")
    with open(shared("expected/accuracy.json")) as f:
        accuracy = json.load(f)[expected]["top1"]
    truth = labels_of(shared(os.path.dirname(files[0])))
    right = sum(g == truth[os.path.basename(f)] for g, f in zip(got, files)) / len(files)
    check(abs(right - accuracy) < 1.5 / len(files),
          f"{name}: accuracy {100 * right:.1f} %, published {100 * accuracy:.1f} %")


def check_case(name, target):
    source, weights, labels, expected, count, at_least = CASES[name]
    with open(shared(f"expected/{expected}/expected.json")) as f:
        reference = json.load(f)
    with tempfile.TemporaryDirectory() as folder:
        exe = os.path.join(folder, name)
        command = [KILN, "build", f"{os.path.join(ROOT, source)}:{name}", "-w", shared(weights),
                   "-o", exe]
        command += ["--labels", shared(labels)] if labels else []
        command += ["--target", target] if target else []
        subprocess.run(command, check=True)
        check_tensors(name, exe, reference["images"], expected, folder)
        check_pictures(name, exe, reference["images"], folder)
        check_classes(name, exe, reference, expected, count, at_least)


def check_vectors(name, exe, vectors, folder):
    out = os.path.join(folder, "out.npy")
    worst = 0
    for v in vectors:
        run(exe, "--tensor", shared(f"expected/{name}/{v['input']}"), "--out", out)
        want = read_npy(shared(f"expected/{name}/{v['output']}"))[0]
        worst = max(worst, max(abs(a - b) for a, b in zip(read_npy(out)[0], want)))
    check(worst <= LOGIT_TOLERANCE, f"{name}: {len(vectors)} exact inputs within {worst:.1e}")


def check_small(name, target):
    source, weights = SMALL[name]
    with open(shared(f"expected/{name}/expected.json")) as f:
        reference = json.load(f)
    with tempfile.TemporaryDirectory() as folder:
        exe = os.path.join(folder, name)
        command = [KILN, "build", f"{os.path.join(ROOT, source)}:{name}", "-w", shared(weights),
                   "-o", exe]
        command += ["--target", target] if target else []
        subprocess.run(command, check=True)
        if "vectors" in reference:
            check_vectors(name, exe, reference["vectors"], folder)
            return
        check_tensors(name, exe, reference["images"], name, folder)
        check_pictures(name, exe, reference["images"], folder)


def main():
    arguments = sys.argv[1:]
    target = None
    if arguments[:1] == ["--target"]:
        target, arguments = arguments[1], arguments[2:]
    names = arguments or [*CASES, *SMALL]
    if not os.path.isdir(SHARED):
        print(f"SKIP  {len(names)} published classifiers: there is no {SHARED}")
        print(f"0 passed, 0 failed, {len(names)} skipped")
        return 0
    for name in names:
        check_case(name, target) if name in CASES else check_small(name, target)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
