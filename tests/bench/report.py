"""The page of bench.sh from what it kept: report.py FOLDER PEER TARGET COMPILER "THREADS..." "BATCHES..." NAME..."""

import json
import math
import os
import statistics
import sys

import numpy as np

import batches
import facts

TABLE = ("resnet18 vgg16_bn resnet50 inception_v3 mobilenet_v2 densenet121 squeezenet1_1 efficientnet_b0 resnet8 "
         "vww_96").split()
PEERS = {"onnxruntime": "ONNX Runtime", "pytorch": "PyTorch"}
LIMIT, LIMIT_WINOGRAD = 1e-4, 1e-3  # of the largest output, as `kiln verify` has them
WORDS = {1: "One thread", 2: "Two threads"}


def version(folder, peer):
    if peer == "pytorch":
        import torch
        return torch.__version__
    return json.loads(facts.read_text(folder, "node_modules/onnxruntime-node/package.json"))["version"]


def difference(folder, name, which):
    """The largest difference of the two outputs over the largest output, and whether it is small enough."""
    ours, peer = (np.fromfile(os.path.join(folder, f"{name}.{which}.{side}"), np.float32) for side in ("ours", "peer"))
    if ours.shape != peer.shape or not np.isfinite(ours).all() or not np.abs(peer).max() > 0:
        return math.inf, False
    value = float(np.abs(ours - peer).max() / np.abs(peer).max())
    winograd = any("winograd" in (n["kernel"] or "") for n in facts.network(folder, name, which)["nodes"])
    return value, value <= (LIMIT_WINOGRAD if winograd else LIMIT)


def milliseconds(value):
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


class Row:
    def __init__(self, folder, name, threads, machine):
        self.name = name
        net = facts.network(folder, name, f"t{threads}")
        pairs = [tuple(map(float, line.split())) for line in
                 facts.read_text(folder, f"{name}.t{threads}.pairs").splitlines()]
        self.ours, self.peer = (statistics.median(side) for side in zip(*pairs))
        self.ratios = sorted(b / a for a, b in pairs)
        self.ratio = statistics.median(self.ratios)
        self.gmacs = 1e-9 * net["macs"]
        self.speed = 2e3 * self.gmacs / self.ours
        self.of_peak = self.speed / machine["peak"]
        self.floor = sum(facts.floor_parts(net, machine))
        self.arena, self.bound = net["arena_bytes"], net["arena_lower_bound"]
        self.difference, self.equal = difference(folder, name, f"t{threads}")
        self.load = facts.read_text(folder, f"{name}.t{threads}.load").strip()

    def text(self, with_load):
        cells = [self.name, f"{self.gmacs:.3f}", milliseconds(self.ours), milliseconds(self.peer),
                 f"{self.ratio:.2f} ({self.ratios[0]:.2f}–{self.ratios[-1]:.2f})", f"{self.speed:.0f}",
                 f"{100 * self.of_peak:.0f} %", milliseconds(self.floor), f"{100 * self.floor / self.ours:.0f} %",
                 str(self.arena), str(self.bound), f"{self.difference:.0e}{'' if self.equal else ' TOO LARGE'}"]
        return "| " + " | ".join(cells + ([self.load] if with_load else [])) + " |"


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def mean_row(label, rows, columns):
    cells = [f"**{label}**", "", "", "", f"**{mean([r.ratio for r in rows]):.2f}**", "", "", "",
             f"{100 * mean([r.floor / r.ours for r in rows]):.0f} %"]
    return "| " + " | ".join(cells + [""] * (columns - len(cells))) + " |"


def table(folder, peer, threads, names):
    machine = facts.machine(folder, threads)
    rows, missing = [], []
    for name in names:
        if os.path.exists(os.path.join(folder, f"{name}.t{threads}.pairs")):
            rows.append(Row(folder, name, threads, machine))
        else:
            missing.append(name)
    heads = ["network", "GMACs", "kiln ms", f"{PEERS[peer]} ms", "ratio", "GFLOP/s", "of peak", "floor ms",
             "floor / kiln", "arena bytes", "no plan below", "difference"] + ["load"] * (threads > 1)
    lines = ["", f"## {WORDS.get(threads, f'{threads} threads')}", "",
             "Ceilings: " + ", ".join(f"{k} {machine[k]:.1f}" for k in machine if k not in ("peak", "cache_bytes"))
             + " (GFLOP/s, GB/s).", "",
             "| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    lines += [row.text(threads > 1) for row in rows]
    lines += [f"| {name} | could not be measured: see the messages |" for name in missing]
    if rows:
        lines.append(mean_row("geometric mean", rows, len(heads)))
    standard = [row for row in rows if row.name in TABLE]
    if standard and len(standard) < len(rows):
        lines.append(mean_row("of the table's ten", standard, len(heads)))
    return lines, not missing and all(row.equal for row in rows)


def processor():
    info = facts.read_text("/proc", "cpuinfo")
    values = dict(map(str.strip, line.split(":", 1)) for line in info.split("\n\n")[0].splitlines() if ":" in line)
    return (f"{values.get('model name', 'unknown')}, family {values.get('cpu family', '?')} "
            f"model {values.get('model', '?')}")


HEAD = """# Against {peer}

`make bench` writes this page. kiln: target {target}, {compiler}. Peer: {peer} {version}, all graph
optimisations, on the same architectures (torchvision's where it has them, else `peers.py`) with equal weights: those of the
reference data's rule, else drawn from a seed. Both have the same number of threads on the same cores and run in turn,
{pairs} pairs; milliseconds are the median over the pairs of the least of each measurement; the ratio (peer / kiln, above
1 kiln is faster) is the median of the pairs' ratios, with the least and the largest. One thread is timed in processor time,
so that other load on the machine counts little; several by the clock, with the load average (1 minute) that
the network met. GFLOP/s are those of the textbook convolution: Winograd's form, which saves products, can exceed the peak.

The floor is the time of all products at the measured peak, those of stride-1 3×3 layers of at least 12×12 at
{winograd} times it, plus the time to read the weights that do not fit the largest cache ({cache:.0f} MiB) at the measured
bandwidth. The arena is the scratch memory, beside the bytes that no plan can do with less of. Difference: over all
outputs of the network, on the same input, the largest difference of the two programs as part of the largest output; at
most 1e-4, with Winograd 1e-3.

Machine: {machine}; load average {load} when this page was written."""


def main(folder, peer, target, compiler, counts, batch_sizes, *names):
    first = facts.machine(folder, counts.split()[0])
    done = [n for n in names if os.path.exists(os.path.join(folder, f"{n}.t{counts.split()[0]}.pairs"))]
    pairs = len(facts.read_text(folder, f"{done[0]}.t{counts.split()[0]}.pairs").splitlines()) if done else 0
    print(HEAD.format(peer=PEERS[peer], version=version(folder, peer), target=target, compiler=compiler, pairs=pairs,
                      winograd=facts.WINOGRAD, cache=first["cache_bytes"] / 2**20, machine=processor(),
                      load=" ".join(facts.read_text("/proc", "loadavg").split()[:3])))
    good = True
    for threads in map(int, counts.split()):
        lines, equal = table(folder, peer, threads, names)
        print("\n".join(lines))
        good = good and equal
    if batch_sizes:
        lines, equal = batches.section(folder, PEERS[peer], names, difference)
        print("\n".join(lines))
        good = good and equal
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
