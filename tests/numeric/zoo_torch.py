#!/usr/bin/python3
"""Pages of the zoo against torchvision: the network is built with random weights of a fixed seed, its
batch norms calibrated on noise, its checkpoint saved as torch saves it; names have to bind, and the
logits of the interpreter and of a built executable have to be those of torch in float64, within 12
times (8 times with --strict) what torch's own float32 is off.

    zoo_torch.py [--all] [--target T] [--strict] [NAME...]
                                            closing line: N passed, N failed, N skipped
"""
import os
import re
import subprocess
import sys
import tempfile
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KILN = os.path.join(os.environ.get("KILN_BUILD", os.path.join(ROOT, "build")), "kiln")
LIMIT, STRICT_LIMIT = 12, 8

# name: page
SMALL = {"shufflenet_v2_x0_5": "shufflenet_v2", "mnasnet0_5": "mnasnet", "regnet_y_400mf": "regnet",
         "regnet_x_400mf": "regnet", "googlenet": "googlenet", "mobilenet_v3_large": "mobilenet_v3",
         "convnext_tiny": "convnext", "densenet169": "densenet", "resnet34": "resnet"}
LARGE = {"shufflenet_v2_x1_0": "shufflenet_v2", "shufflenet_v2_x1_5": "shufflenet_v2",
         "shufflenet_v2_x2_0": "shufflenet_v2", "mnasnet0_75": "mnasnet", "mnasnet1_0": "mnasnet",
         "mnasnet1_3": "mnasnet", "regnet_y_800mf": "regnet", "regnet_y_1_6gf": "regnet",
         "regnet_y_3_2gf": "regnet", "regnet_y_8gf": "regnet", "regnet_y_16gf": "regnet",
         "regnet_x_800mf": "regnet", "regnet_x_1_6gf": "regnet", "regnet_x_3_2gf": "regnet",
         "regnet_x_8gf": "regnet", "regnet_x_16gf": "regnet", "densenet161": "densenet",
         "resnet152": "resnet", "resnext101_32x8d": "resnet", "resnext101_64x4d": "resnet",
         "wide_resnet50_2": "resnet", "wide_resnet101_2": "resnet", "squeezenet1_0": "squeezenet",
         "alexnet": "alexnet", "vgg11": "vgg", "vgg19_bn": "vgg", "convnext_small": "convnext",
         "convnext_base": "convnext", "convnext_large": "convnext", "vit_b_16": "vit",
         "vit_b_32": "vit", "vit_l_16": "vit", "vit_l_32": "vit"}
# A transformer small enough for every run: parameters of our page, arguments of torchvision's.
TINY = {"vit_tiny": (dict(size=48, patch=8, layers=3, heads=3, features=48, inner=80, classes=10),
                     dict(image_size=48, patch_size=8, num_layers=3, num_heads=3, hidden_dim=48,
                          mlp_dim=80, num_classes=10))}

# Torchvision's network with Keras's epsilon, saved as Keras saves it: names of layers, layouts.
KERAS = {"keras_densenet121": "densenet121", "keras_densenet169": "densenet169",
         "keras_densenet201": "densenet201"}

passed = failed = 0


def check(ok, text):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok    " if ok else "FAIL  ") + text, flush=True)


def make_network(torch, torchvision, name):
    torch.manual_seed(7)
    if name in TINY:
        return torchvision.models.VisionTransformer(**TINY[name][1])
    if name in KERAS:
        network = getattr(torchvision.models, KERAS[name])(weights=None)
        for m in network.modules():
            if isinstance(m, torch.nn.BatchNorm2d):
                m.eps = 1.001e-5
        return network
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name == "googlenet":  # not init_weights, which needs minutes
            return torchvision.models.googlenet(weights=None, init_weights=False)
        return getattr(torchvision.models, name)(weights=None)


def keras_layer(module):
    """What Keras calls a layer of torchvision's DenseNet."""
    for pattern, name in [(r"features\.conv0", "conv1/conv"), (r"features\.norm0", "conv1/bn"),
                          (r"features\.norm5", "bn"), (r"classifier", "fc1000")]:
        if re.fullmatch(pattern, module):
            return name
    part = re.fullmatch(r"features\.transition(\d)\.(norm|conv)", module)
    if part:
        return f"pool{int(part[1]) + 1}_{'bn' if part[2] == 'norm' else 'conv'}"
    part = re.fullmatch(r"features\.denseblock(\d)\.denselayer(\d+)\.(norm|conv)(\d)", module)
    kind = "_conv" if part[3] == "conv" else "_bn"
    number = int(part[4]) - (part[3] == "norm")
    return f"conv{int(part[1]) + 1}_block{part[2]}_{number}{kind}"


def save_keras(torch, network, path):
    """save_weights of Keras: kernels [h][w][in][out], dense [in][out]."""
    import h5py
    names = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean",
             "running_var": "moving_variance"}
    layers = {}
    for key, value in network.state_dict().items():
        module, role = key.rsplit(".", 1)
        if role == "num_batches_tracked":
            continue
        value = value.numpy()
        if role == "weight" and value.ndim > 1:
            value, name = value.transpose(2, 3, 1, 0) if value.ndim == 4 else value.T, "kernel"
        else:
            name = "bias" if module == "classifier" else names[role]
        layers.setdefault(keras_layer(module), []).append((name, value))
    with h5py.File(path, "w") as f:
        f.attrs["layer_names"] = [layer.encode() for layer in layers]
        f.attrs["backend"] = b"tensorflow"
        for layer, weights in layers.items():
            group = f.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}/{name}:0".encode() for name, _ in weights]
            for name, value in weights:
                group.create_dataset(f"{layer}/{name}:0", data=value)


def make_weights_matter(torch, network):
    """Values that initialisation leaves at zero, one or almost nothing become visible ones."""
    for name, p in network.named_parameters():
        if name.endswith("layer_scale"):
            torch.nn.init.uniform_(p, 0.1, 0.6)
        elif p.dim() == 1:
            torch.nn.init.uniform_(p, 0.7, 1.3) if name.endswith("weight") else \
                torch.nn.init.uniform_(p, -0.1, 0.1)
        elif "head" in name or "class_token" in name or name.startswith(("fc.", "classifier.")):
            torch.nn.init.normal_(p, std=0.05)


def calibrate(torch, network, size):
    """The running statistics of batch norms are those of noise, and then disturbed."""
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for m in network.modules():
        if isinstance(m, torch.nn.Dropout):
            m.p = 0.0
    for m in norms:
        m.momentum = 1.0
    if norms:
        network.train()
        network(torch.randn(2, 3, size, size))
    for m in norms:
        m.running_mean += 0.1 * torch.sqrt(m.running_var) * torch.randn_like(m.running_mean)
        m.running_var *= 1 + 0.2 * torch.rand_like(m.running_var)
    network.eval()


def references(torch, network, image):
    """Logits in float64, and how far float32 is off."""
    single = network(image).double()
    double = network.double()(image.double())
    network.float()
    return double.numpy(), float((single - double).abs().max())


def ratio(np, command, out, logits, yardstick):
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = done.stderr.decode()
    if done.returncode or said:
        return float("inf"), " " + said.strip()[:400]
    return float(abs(np.load(out) - logits).max() / yardstick), ""


def check_network(np, torch, torchvision, name, options, limit):
    page = "densenet" if name in KERAS else {**SMALL, **LARGE}.get(name, "vit")
    parameters = TINY[name][0] if name in TINY else {}
    size = parameters.get("size", 224)
    network = make_network(torch, torchvision, name)
    make_weights_matter(torch, network)
    calibrate(torch, network, size)
    image = torch.randn(1, 3, size, size)
    logits, yardstick = references(torch, network, image)
    with tempfile.TemporaryDirectory() as folder:
        weights, picture, out, exe = (os.path.join(folder, f) for f in
                                      ("w.h5" if name in KERAS else "w.pth", "in.npy", "out.npy", "exe"))
        if name in KERAS:
            save_keras(torch, network, weights)
        else:
            torch.save(network.state_dict(), weights)
        np.save(picture, image.numpy())
        model = "vit_b_16" if name in TINY else name
        source = [os.path.join(ROOT, "models", f"{page}.kiln:{model}"), "-w", weights]
        for key, value in parameters.items():
            source += ["--param", f"{key}={value}"]
        r, said = ratio(np, [KILN, "run", *source, "--tensor", picture, "--out", out], out, logits,
                        yardstick)
        check(r <= limit, f"{name}: interpreter within {r:.2f} of {limit}{said}")
        built = subprocess.run([KILN, "build", *source, *options, "-o", exe],
                               stderr=subprocess.PIPE)
        if built.returncode:
            check(False, f"{name}: {built.stderr.decode().strip()[:400]}")
            return
        r, said = ratio(np, [exe, "--tensor", picture, "--out", out], out, logits, yardstick)
        check(r <= limit, f"{name}: executable within {r:.2f} of {limit}{said}")


def main():
    arguments = sys.argv[1:]
    options, names, limit = [], [], LIMIT
    while arguments:
        a = arguments.pop(0)
        if a == "--target":
            options += [a, arguments.pop(0)]
        elif a == "--strict":
            options, limit = options + [a], STRICT_LIMIT
        elif a == "--all":
            names += [*TINY, *SMALL, *KERAS, *LARGE]
        else:
            names.append(a)
    names = names or [*TINY, *SMALL]
    try:
        import numpy as np
        import torch
        import torchvision
    except ImportError as missing:
        print(f"SKIP  {len(names)} networks of torchvision: {missing}")
        print(f"0 passed, 0 failed, {len(names)} skipped")
        return 0
    torch.set_grad_enabled(False)
    for name in names:
        check_network(np, torch, torchvision, name, options, limit)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
