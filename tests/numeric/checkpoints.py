#!/usr/bin/python3
"""Weight files as Keras writes them, run by kiln on pages of the zoo, against the logits of the
reference networks; one of them with its layers renumbered, as another session would number them.

    checkpoints.py [--all] [NAME...]        closing line: N passed, N failed, N skipped
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("KILN_SHARED", os.path.join(ROOT, "..", "shared"))
KILN = os.path.join(os.environ.get("KILN_BUILD", os.path.join(ROOT, "build")), "kiln")
LIMIT = 12  # times the error of the original in float32

# name: page
SMALL = {"keras_mobilenet_v2": "mobilenet_v2", "keras_efficientnet_b0": "efficientnet",
         "keras_inception_v3": "inception_v3", "keras_se_resnet50_top": "resnet_v1"}
LARGE = {"keras_resnet50": "resnet_v1", "keras_resnet50_classic": "resnet_v1",
         "keras_xception": "xception", "keras_se_xception_top": "xception",
         "keras_inception_resnet_v2": "inception_resnet_v2", "keras_efficientnet_b5": "efficientnet",
         "keras_nasnet_large": "nasnet"}

passed = failed = 0


def check(ok, text):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok    " if ok else "FAIL  ") + text, flush=True)


def make_weights(np, name, folder):
    """The weights and the input, the latter turned to channels first."""
    oracle = os.path.join(SHARED, "oracle")
    weights, image = os.path.join(folder, "w.h5"), os.path.join(folder, "in.npy")
    subprocess.run(["/usr/bin/python3", os.path.join(oracle, "make_weights.py"),
                    os.path.join(oracle, name, "manifest.json"), weights, "--format", "h5",
                    "--input", image], check=True, stdout=subprocess.DEVNULL)
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


def ratio(np, name, page, weights, image, folder):
    """The largest error of a logit in units of the original's own, and what kiln said."""
    out = os.path.join(folder, "out.npy")
    source = os.path.join(ROOT, "models", f"{page}.kiln:{name}")
    done = subprocess.run([KILN, "run", source, "-w", weights, "--tensor", image, "--out", out],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = done.stderr.decode()
    if done.returncode:
        return float("inf"), said
    expected = np.load(os.path.join(SHARED, "oracle", name, "expected.npz"))
    error = abs(np.load(out) - expected["logits"]).max()
    return float(error / expected["float32_max_abs_diff"]), said


def check_network(np, name, page):
    with tempfile.TemporaryDirectory() as folder:
        weights, image = make_weights(np, name, folder)
        r, said = ratio(np, name, page, weights, image, folder)
        check(r <= LIMIT and not said, f"{name}: logits within {r:.2f} of {LIMIT}{said}")
        if name == "keras_inception_v3":
            for shift in (-1, 7, 200):
                other = renumber(weights, folder, shift)
                r, said = ratio(np, name, page, other, image, folder)
                check(r <= LIMIT and "bound-by-order" in said,
                      f"{name}, numbers {shift:+d}: bound by order, logits within {r:.2f}")


def main():
    arguments = sys.argv[1:]
    cases = {**SMALL, **LARGE} if "--all" in arguments else SMALL
    named = [a for a in arguments if a != "--all"]
    cases = {n: {**SMALL, **LARGE}[n] for n in named} if named else cases
    try:
        import h5py  # noqa: F401
        import numpy as np
    except ImportError as missing:
        print(f"SKIP  {len(cases)} Keras checkpoints: {missing}")
        print(f"0 passed, 0 failed, {len(cases)} skipped")
        return 0
    if not os.path.isdir(SHARED):
        print(f"SKIP  {len(cases)} Keras checkpoints: there is no {SHARED}")
        print(f"0 passed, 0 failed, {len(cases)} skipped")
        return 0
    for name, page in cases.items():
        check_network(np, name, page)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
