"""Writes torchvision architectures with random weights as ONNX files: export.py FOLDER ARCH...

Speed does not depend on the values of weights. A line per architecture that torchvision does not have goes to
standard error, and the exit status is 1."""

import os
import sys
import warnings

import torch
import torchvision

SIZES = {"inception_v3": 299}


def build(arch):
    make = getattr(torchvision.models, arch)
    extra = {"init_weights": False, "aux_logits": False} if arch == "inception_v3" else {}
    return make(weights=None, **extra).eval()


def export(arch, path):
    size = SIZES.get(arch, 224)
    picture = torch.zeros(1, 3, size, size)
    torch.onnx.export(build(arch), picture, path + ".new", input_names=["image"],
                      output_names=["logits"], opset_version=13)
    os.replace(path + ".new", path)


def main(folder, archs):
    warnings.filterwarnings("ignore")
    torch.manual_seed(1)
    missing = 0
    for arch in archs:
        path = os.path.join(folder, arch + ".onnx")
        if os.path.exists(path):
            continue
        if not hasattr(torchvision.models, arch):
            print(f"export: torchvision has no {arch}", file=sys.stderr)
            missing = 1
            continue
        export(arch, path)
    return missing


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
