#!/usr/bin/python3
"""Renders pictures, trains the network of aluminium.kiln on them and measures it on unseen seeds.

    train.py RENDERER train     writes aluminium.safetensors and prints the accuracy
    train.py RENDERER test      prints the accuracy of the weights that are there
    train.py RENDERER samples   renders samples/ anew, writes expected.tsv and expected.json

Seeds 1 to TRAIN_COUNT are trained on, seeds from TEST_FIRST are measured, seeds from SAMPLE_FIRST
are the samples.
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import numpy
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).resolve().parent
WEIGHTS = HERE / "aluminium.safetensors"
KINDS = ["normal", "non_conducting_spot", "scratch", "dent", "orange_peel", "exposed_base", "bruise",
         "pit", "raised_powder", "coating_crack", "dirty_spot", "other"]
TRAIN_COUNT, TEST_FIRST, TEST_COUNT, SAMPLE_FIRST = 1200, 3000001, 200, 2000001
HEIGHT, WIDTH = 96, 128
EPOCHS, BATCH = 24, 48


class Basic(nn.Module):
    """Two 3x3 convolutions and a shortcut, as in He et al. (2015)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                                            nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


class Network(nn.Module):
    def __init__(self, depths=(2, 1, 1), width=24):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        inputs = 16
        for stage, depth in enumerate(depths):
            blocks = []
            for i in range(depth):
                blocks.append(Basic(inputs, width << stage, 2 if i == 0 else 1))
                inputs = width << stage
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.stages = len(depths)
        self.fc = nn.Linear(inputs, len(KINDS))

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(x.mean((2, 3)))


def load(path):
    """8-bit RGB at the size of the network's input."""
    picture = Image.open(path).convert("RGB").resize((WIDTH, HEIGHT), Image.BILINEAR)
    return numpy.asarray(picture).transpose(2, 0, 1)


def normalize(pictures):
    return (pictures.float() / 255 - 0.5) / 0.25


def render(renderer, first, count):
    """Pictures and classes of `count` seeds from `first`, by two processes."""
    with tempfile.TemporaryDirectory() as folder:
        jobs, half = [], (count + 1) // 2
        for part, (start, number) in enumerate([(first, half), (first + half, count - half)]):
            at = pathlib.Path(folder, str(part))
            at.mkdir()
            jobs.append((at, number, subprocess.Popen([renderer, str(start), str(number), at])))
        pictures, classes = [], []
        for at, number, job in jobs:
            if job.wait() != 0:
                sys.exit("the renderer failed")
            for kind, name in enumerate(KINDS):
                for i in range(number):
                    pictures.append(load(at / f"{name}_{i + 1}.jpg"))
                    classes.append(kind)
    return torch.from_numpy(numpy.stack(pictures)), torch.tensor(classes)


def write_weights(state):
    """safetensors: length of the header, header in JSON, the tensors one after the other."""
    header, data = {}, b""
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        raw = tensor.detach().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    WEIGHTS.write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_network():
    raw = WEIGHTS.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    state = {}
    for name, entry in json.loads(raw[8:8 + size]).items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        values = numpy.frombuffer(raw[begin:end], "<f4").reshape(entry["shape"])
        state[name] = torch.from_numpy(values.copy())
    network = Network()
    missing = network.load_state_dict(state, strict=False)
    if missing.unexpected_keys or any("num_batches" not in key for key in missing.missing_keys):
        sys.exit(f"{WEIGHTS} does not fit the network: {missing}")
    return network.eval()


def vary(pictures):
    """Mirrors, and shifts by up to four pixels; the light comes from everywhere anyway."""
    for axis in (2, 3):
        flip = torch.rand(len(pictures)) < 0.5
        pictures[flip] = pictures[flip].flip(axis)
    dy, dx = torch.randint(0, 9, (2,)).tolist()
    padded = functional.pad(pictures, (4, 4, 4, 4), mode="replicate")
    return padded[:, :, dy:dy + HEIGHT, dx:dx + WIDTH]


def train(renderer):
    pictures, classes = render(renderer, 1, TRAIN_COUNT)
    network = Network().to(memory_format=torch.channels_last)
    print(f"{len(classes)} pictures, {sum(p.numel() for p in network.parameters())} parameters")
    steps = len(classes) // BATCH
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, EPOCHS * steps)
    for epoch in range(EPOCHS):
        network.train()
        start, total = time.time(), 0.0
        for batch in torch.randperm(len(classes))[:steps * BATCH].split(BATCH):
            output = network(vary(normalize(pictures[batch])))
            loss = functional.cross_entropy(output, classes[batch], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rate.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}, {time.time() - start:.0f} s", flush=True)
    write_weights(network.state_dict())


def test(renderer):
    pictures, classes = render(renderer, TEST_FIRST, TEST_COUNT)
    network = read_network()
    with torch.no_grad():
        found = torch.cat([network(normalize(part)).argmax(1) for part in pictures.split(100)])
    for kind, name in enumerate(KINDS):
        mine = found[classes == kind]
        others = {KINDS[k]: int((mine == k).sum()) for k in mine.unique().tolist() if k != kind}
        print(f"{name:20} {int((mine == kind).sum()):4} of {len(mine)}   {others or ''}")
    right = int((found == classes).sum())
    print(f"accuracy on {len(classes)} unseen pictures: {100 * right / len(classes):.2f} %")


def samples(renderer):
    folder = HERE / "samples"
    folder.mkdir(exist_ok=True)
    subprocess.run([renderer, str(SAMPLE_FIRST), "2", folder], check=True)
    network, labels = read_network(), (HERE / "labels.txt").read_text().splitlines()
    lines, results = [], {}
    for path in sorted(folder.glob("*.jpg")):
        with torch.no_grad():
            logits = network(normalize(torch.from_numpy(load(path)[None].copy())))[0]
        lines.append(f"{path.name}\t{labels[KINDS.index(path.stem.rsplit('_', 1)[0])]}\n")
        results[path.name] = {"label": labels[int(logits.argmax())],
                              "logits": [round(x, 6) for x in logits.tolist()]}
    (HERE / "expected.tsv").write_text("".join(lines))
    text = ",\n".join(f'"{name}": {json.dumps(result)}' for name, result in results.items())
    (HERE / "expected.json").write_text("{\n" + text + "\n}\n")


def main():
    commands = {"train": (train, test), "test": (test,), "samples": (samples,)}
    if len(sys.argv) != 3 or sys.argv[2] not in commands:
        sys.exit(__doc__)
    torch.manual_seed(1)
    torch.set_num_threads(2)
    for command in commands[sys.argv[2]]:
        command(sys.argv[1])


if __name__ == "__main__":
    main()
