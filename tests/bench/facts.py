"""What the scripts of this folder keep in build/bench, and what follows from it: the machine's ceilings, a network's
layers, the floor of its time."""

import json
import math
import os
import re

WINOGRAD = 2.3  # times the peak: what a stride-1 3x3 layer of at least 12x12 can reach by saving products


def read_text(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def machine(folder, threads):
    """GFLOP/s by instruction set, GB/s by level, bytes of the largest cache."""
    values = {k: float(v) for k, v in map(str.split, read_text(folder, f"machine.t{threads}").splitlines())}
    values["peak"] = max(v for k, v in values.items() if k.startswith("avx"))
    return values


def network(folder, name, threads=1):
    return json.loads(read_text(folder, f"{name}.t{threads}.json"))


def is_winograd_shape(node):
    return (node.get("window") == [3, 3] and node["stride"] == [1, 1] and node["operator"] == "conv2d"
            and min(node["shape"][2:]) >= 12)


def floor_parts(net, machine):
    """Milliseconds that products take at the peak, and that weights take which no cache keeps."""
    products = sum(n["macs"] / (WINOGRAD if is_winograd_shape(n) else 1) for n in net["nodes"])
    weights = 4 * sum(n["parameters"] for n in net["nodes"])
    from_memory = max(0, weights - machine["cache_bytes"])
    return 2e-6 * products / machine["peak"], 1e-6 * from_memory / machine["read_memory"]


def layers(folder, name):
    """Of each layer of the profile: path, milliseconds, GFLOP (textbook), bytes that it must read and write once."""
    nodes = {n["path"]: n for n in network(folder, name)["nodes"]}
    found = []
    for line in read_text(folder, f"{name}.profile").splitlines():
        match = re.match(r" *([0-9.]+) +[0-9.]+% +\S+  (.+?): (.*)", line)
        if not match or match[2] not in nodes:
            continue
        node = nodes[match[2]]
        tensors = [node["shape"]] + [nodes[i]["shape"] for i in node["inputs"]]
        moved = 4 * (node["parameters"] + sum(map(math.prod, tensors)))
        found.append({"path": match[2], "ms": float(match[1]), "gflop": 2e-9 * node["macs"], "bytes": moved,
                      "summary": match[3], "kernel": node["kernel"] or ""})
    return found
