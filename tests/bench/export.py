"""Writes networks as the peer reads them, and their weights as kiln does: export.py FOLDER NAME...

FOLDER/NAME.onnx and FOLDER/NAME.pth hold equal weights: those of the oracle of that name (KILN_SHARED) where there is
one, else drawn from a fixed seed, with the statistics of batch norms taken from one pass so that values stay near 1 at
any depth. The architecture is torchvision's where it has one, else from peers.py. NAME.bN is the same network for N
pictures a run, with the weights of FOLDER/NAME.pth: FOLDER/NAME.bN.onnx alone. export.py --list prints the names that the
zoo, beside those that Keras names, and this script both have; --check NAME... says which of some it has not."""

import importlib.util
import json
import os
import re
import sys
import warnings

import numpy as np
import torch
import torchvision
from torch import nn

import peers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ORACLE = os.path.join(os.environ.get("KILN_SHARED", os.path.join(ROOT, "..", "shared")), "oracle")
SIZES = {"inception_v3": 299, "efficientnet_b1": 240, "efficientnet_b2": 260, "efficientnet_b3": 300,
         "efficientnet_b4": 380, "efficientnet_b5": 456, "efficientnet_b6": 528, "efficientnet_b7": 600}
EXTRA = {name: {"init_weights": False, "aux_logits": False} for name in ("inception_v3", "googlenet")}
TOO_LARGE = ("regnet_y_128gf", "vit_h_14")  # an .onnx file holds at most 2 GB


def manifest_of(name):
    path = os.path.join(ORACLE, name, "manifest.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def oracle_weights(manifest):
    spec = importlib.util.spec_from_file_location("make_weights", os.path.join(ORACLE, "make_weights.py"))
    rule = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rule)
    tensors = {}
    for t in manifest["tensors"]:
        count = int(np.prod(t["shape"]))
        parts = [rule.values(t, i, min(i + rule.CHUNK, count)) for i in range(0, count, rule.CHUNK)]
        tensors[t["name"]] = torch.from_numpy(np.concatenate(parts).reshape(t["shape"]))
    return tensors


def has_torchvision(name):
    return callable(getattr(torchvision.models, name, None))


def pictures_of(name):
    """The network's own name and the pictures of one run: resnet18.b8 is resnet18 with 8."""
    name, _, pictures = name.partition(".b")
    return name, int(pictures or 1)


def is_known(name):
    if name.startswith("keras_"):  # peers.Oracle reads graphs of the torch flavour
        return False
    return has_torchvision(name) or name in peers.OWN or bool(manifest_of(name))


def calibrate(model, shape):
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1 and not weight.any():  # a head that begins at zero would tell no outputs apart
                weight.normal_(std=weight.shape[1] ** -0.5)
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    with torch.no_grad():
        model(torch.randn(2 if len(shape) == 4 else 64, *shape[1:]))
    model.eval()


def build(name):
    """The network, the shape of its input, its tensors by name."""
    name, pictures = pictures_of(name)
    model, shape, weights = build_single(name)
    return model, [pictures] + shape[1:], weights


def build_single(name):
    manifest = manifest_of(name)
    if manifest and not has_torchvision(name):
        weights = oracle_weights(manifest)
        return peers.Oracle(manifest, weights).eval(), manifest["input"]["shape"], weights
    if has_torchvision(name):
        model = getattr(torchvision.models, name)(weights=None, **EXTRA.get(name, {}))
        size = SIZES.get(name, 224)
    else:
        model = peers.OWN[name]()
        size = model.size
    shape = [1, 3, size, size] if size else [1, 640]
    model.eval()
    if manifest:
        model.load_state_dict(oracle_weights(manifest), strict=False)
    else:
        calibrate(model, shape)
    return model, shape, {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}


def write(path, model, shape, weights):
    if shape[0] == 1:
        torch.save(weights, path + ".pth.new")
        os.replace(path + ".pth.new", path + ".pth")
    torch.onnx.export(model, torch.zeros(shape), path + ".onnx.new", input_names=["image"], output_names=["logits"],
                      opset_version=13)
    os.replace(path + ".onnx.new", path + ".onnx")


def export(folder, name):
    path = os.path.join(folder, name)
    single, pictures = pictures_of(name)
    own = os.path.join(folder, single) + ".pth"
    if not (os.path.exists(path + ".onnx") and os.path.exists(own)):
        torch.manual_seed(1)
        model, shape, weights = build(name)
        if pictures > 1 and not isinstance(model, peers.Oracle):
            model.load_state_dict(torch.load(own), strict=False)
        write(path, model, shape, weights)


def export_centred(path, name, images):
    """The network less its mean outputs on some images: without training it would give all pictures one class."""
    model, shape, weights = build(name)
    bias = weights[[key for key in weights if key.endswith("bias")][-1]]
    with torch.no_grad():
        bias -= torch.cat([model(image[None]) for image in images]).mean(0)
    write(path, model, shape, weights)


def known():
    names = []
    for page in sorted(os.listdir(os.path.join(ROOT, "models"))):
        with open(os.path.join(ROOT, "models", page), encoding="utf-8") as file:
            names += re.findall(r"^model (\w+)", file.read(), re.M)
    return [n for n in names if n not in TOO_LARGE and is_known(n)]


def check(names):
    unknown = [name for name in names if not is_known(pictures_of(name)[0])]
    if unknown:
        sys.exit(f"export: {' '.join(unknown)}: neither torchvision nor peers.py has it, and no oracle of the torch "
                 f"flavour in {ORACLE}")


def main(folder, *names):
    warnings.filterwarnings("ignore")
    check(names)
    if folder == "--list":
        print(*known())
    elif folder != "--check":
        for name in names:
            export(folder, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
