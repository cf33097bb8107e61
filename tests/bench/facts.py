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


def network(folder, name, which="t1"):
    return json.loads(read_text(folder, f"{name}.{which}.json"))


def is_winograd_shape(node):
    return (node.get("window") == [3, 3] and node["stride"] == [1, 1] and node["operator"] == "conv2d"
            and min(node["shape"][2:]) >= 12)


def floor_parts(net, machine):
    """Milliseconds that products take at the peak, and that weights take which no cache keeps."""
    products = sum(n["macs"] / (WINOGRAD if is_winograd_shape(n) else 1) for n in net["nodes"])
    weights = 4 * sum(n["parameters"] for n in net["nodes"])
    from_memory = max(0, weights - machine["cache_bytes"])
    return 2e-6 * products / machine["peak"], 1e-6 * from_memory / machine["read_memory"]


def layer(node, nodes, ms, summary=""):
    """Path, milliseconds, GFLOP (textbook), bytes that must be read and written once. A layer that is computed row by
    row with its producer counts for both."""
    parts = [n for n in nodes.values() if n.get("with") == node["path"]] + [node]
    tensors = [node["shape"]] + [nodes[i]["shape"] for i in parts[0]["inputs"]]
    moved = 4 * (sum(n["parameters"] for n in parts) + sum(map(math.prod, tensors)))
    return {"path": node["path"], "ms": ms, "gflop": 2e-9 * sum(n["macs"] for n in parts), "bytes": moved,
            "summary": summary, "kernel": node["kernel"] or "", "window": node.get("window")}


def layers(folder, name):
    """The layers of an executable's profile, NAME.profile."""
    nodes = {n["path"]: n for n in network(folder, name)["nodes"]}
    matches = (re.match(r" *([0-9.]+) +[0-9.]+% +\S+  (.+?): (.*)", line)
               for line in read_text(folder, f"{name}.profile").splitlines())
    of_nodes = ((m[1], m[2].split(" + ")[-1], m[3]) for m in matches if m)
    return [layer(nodes[path], nodes, float(ms), summary) for ms, path, summary in of_nodes if path in nodes]


def traced_layers(folder, name, which):
    """The layers of a program that was compiled with KILN_TRACE, NAME.WHICH.times and .json: it tells of each node that
    computes something, in order."""
    net = network(folder, name, which)
    nodes = {n["path"]: n for n in net["nodes"]}
    times = [float(line.split()[1]) for line in read_text(folder, f"{name}.{which}.times").splitlines()]
    computed = [n for n in net["nodes"] if n["kernel"]]
    if len(times) != len(computed):
        raise SystemExit(f"{name}.{which}: {len(times)} layers were timed, {len(computed)} have a kernel")
    return [layer(n, nodes, ms) for n, ms in zip(computed, times)]
