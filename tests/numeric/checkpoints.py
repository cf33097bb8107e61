#!/usr/bin/python3
"""Checkpoints of every reference network on its page of the zoo: .safetensors as torch names tensors, .h5
as Keras writes them (one of them with its layers renumbered, as another session would number them).
Logits of the interpreter and of a built executable against those of the original in float64.

    checkpoints.py [--all] [--strict] [--target T] [NAME...]
                                            closing line: N passed, N failed, N skipped
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("KILN_SHARED", os.path.join(ROOT, "..", "shared"))
KILN = os.path.join(os.environ.get("KILN_BUILD", os.path.join(ROOT, "build")), "kiln")
LIMIT, STRICT_LIMIT = 12, 8  # times the error of the original in float32

# page: networks, the small ones first
PAGES = {
    "squeezenet": "squeezenet1_1",
    "mobilenet_v2": "keras_mobilenet_v2 mobilenet_v2",
    "mobilenet_v3": "mobilenet_v3_small",
    "nasnet": "nasnetamobile keras_nasnet_large",
    "densenet": "densenet121 densenet201",
    "resnet": "resnet18 resnet50 resnext50_32x4d resnet50_gn resnet101",
    "efficientnet": "keras_efficientnet_b0 efficientnet_b0 efficientnet_b1 efficientnet_b2 "
                    "efficientnet_b3 efficientnet_b4 efficientnet_b5 keras_efficientnet_b5 "
                    "efficientnet_b6 efficientnet_b7",
    "inception_v3": "keras_inception_v3 inception_v3",
    "resnet_v1": "keras_se_resnet50_top keras_resnet50 keras_resnet50_classic se_resnet50_top",
    "se_resnet": "se_resnet50",
    "xception": "xception se_xception se_xception_top keras_xception keras_se_xception_top",
    "inception_resnet_v2": "inceptionresnetv2 keras_inception_resnet_v2",
    "vgg": "vgg16_bn",
    "pnasnet": "pnasnet5large",
}
PAGE = {name: page for page, names in PAGES.items() for name in names.split()}
SMALL = ["squeezenet1_1", "mobilenet_v2", "mobilenet_v3_small", "nasnetamobile", "densenet121",
         "efficientnet_b0", "keras_mobilenet_v2", "keras_efficientnet_b0", "keras_inception_v3",
         "keras_se_resnet50_top"]

passed = failed = 0


def check(ok, text):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok    " if ok else "FAIL  ") + text, flush=True)


def make_weights(np, name, folder):
    """The weights and the input, the latter with channels first."""
    keras = name.startswith("keras_")
    oracle = os.path.join(SHARED, "oracle")
    weights = os.path.join(folder, "w.h5" if keras else "w.safetensors")
    image = os.path.join(folder, "in.npy")
    subprocess.run(["/usr/bin/python3", os.path.join(oracle, "make_weights.py"),
                    os.path.join(oracle, name, "manifest.json"), weights, "--input", image,
                    *(["--format", "h5"] if keras else [])], check=True, stdout=subprocess.DEVNULL)
    if keras:
        np.save(image, np.ascontiguousarray(np.load(image).transpose(0, 3, 1, 2)))
    return weights, image


def renumber(weights, folder, shift):
    """A copy in which the numbers of automatic names are larger by `shift`."""
    import h5py

    def moved(name):
        text = name.decode() if isinstance(name, bytes) else name
        return re.sub(r"\b((?:conv2d|batch_normalization)_)(\d+)",
                      lambda m: f"{m.group(1)}{int(m.group(2)) + shift}", text)

    other = os.path.join(folder, "renumbered.h5")
    with h5py.File(weights, "r") as old, h5py.File(other, "w") as new:
        new.attrs["layer_names"] = [moved(n).encode() for n in old.attrs["layer_names"]]
        for layer in old.attrs["layer_names"]:
            group = new.create_group(moved(layer))
            names = list(old[layer].attrs["weight_names"])
            group.attrs["weight_names"] = [moved(n).encode() for n in names]
            for name in names:
                group[moved(name)] = old[layer][name][()]
    return other


def source_of(name):
    return os.path.join(ROOT, "models", f"{PAGE[name]}.kiln:{name}")


def compare(np, name, command, image, folder):
    """The largest error of a logit in units of the original's own, and what was said."""
    out = os.path.join(folder, "out.npy")
    done = subprocess.run([*command, "--tensor", image, "--out", out], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    said = done.stderr.decode()
    if done.returncode:
        return float("inf"), said
    expected = np.load(os.path.join(SHARED, "oracle", name, "expected.npz"))
    logits, yardstick = np.load(out).ravel(), float(expected["float32_max_abs_diff"])
    wanted = expected["logits"].ravel()
    error = abs(logits - wanted).max()
    gap = -np.diff(np.sort(wanted)[::-1][:6]).max() if wanted.size > 5 else 0
    if gap > 2 * LIMIT * yardstick and list(np.argsort(-logits)[:5]) != list(expected["top5"]):
        return float("inf"), said + "the five best classes are others"
    return float(error / yardstick), said


def check_network(np, name, options, limit):
    with tempfile.TemporaryDirectory() as folder:
        weights, image = make_weights(np, name, folder)
        exe = os.path.join(folder, "exe")
        run = [KILN, "run", source_of(name), "-w"]
        r, said = compare(np, name, run + [weights], image, folder)
        check(r <= LIMIT and not said, f"{name}: interpreter within {r:.2f} of {LIMIT} {said}")
        built = subprocess.run([KILN, "build", source_of(name), "-w", weights, *options, "-o", exe],
                               stderr=subprocess.PIPE)
        said = built.stderr.decode()
        r, more = (float("inf"), "") if built.returncode else compare(np, name, [exe], image, folder)
        check(r <= limit and not said + more,
              f"{name}: executable within {r:.2f} of {limit} {said}{more}")
        if name == "keras_inception_v3":
            for shift in (-1, 7, 200):
                other = renumber(weights, folder, shift)
                r, said = compare(np, name, run + [other], image, folder)
                check(r <= LIMIT and "bound-by-order" in said,
                      f"{name}, numbers {shift:+d}: bound by order, logits within {r:.2f}")


def main():
    arguments = sys.argv[1:]
    names, options, limit = [], [], LIMIT
    while arguments:
        a = arguments.pop(0)
        if a == "--all":
            names += PAGE
        elif a == "--strict":
            options, limit = options + [a], STRICT_LIMIT
        elif a == "--target":
            options += [a, arguments.pop(0)]
        else:
            names.append(a)
    names = names or SMALL
    why = None if os.path.isdir(SHARED) else f"there is no {SHARED}"
    try:
        import h5py  # noqa: F401
        import numpy as np
    except ImportError as missing:
        why = missing
    if why:
        print(f"SKIP  {len(names)} checkpoints: {why}")
        print(f"0 passed, 0 failed, {len(names)} skipped")
        return 0
    for name in names:
        check_network(np, name, options, limit)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
