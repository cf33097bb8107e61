"""A profile with what each layer loses to the machine's peak: waste.py FOLDER NAME TOP (0: all layers, in order of time;
N: the N that take most time beyond what the peak would)."""

import sys

import facts


def main(folder, name, top):
    peak = facts.machine(folder, 1)["peak"]
    layers = facts.layers(folder, name)
    total = sum(one["ms"] for one in layers)
    for one in layers:
        one["waste"] = one["ms"] - 1e3 * one["gflop"] / peak
    shown = sorted(layers, key=lambda one: -one["waste"])[:int(top)] if int(top) else layers
    print(f"{name}: {total:.3f} ms in all; peak {peak:.1f} GFLOP/s; waste is the time beyond what the peak would take")
    for one in shown:
        print(f"{one['ms']:8.3f} ms {100 * one['ms'] / total:5.1f}% {1e3 * one['gflop'] / one['ms']:7.1f} GFLOP/s  "
              f"waste {one['waste']:7.3f} ms  {one['kernel']}  {one['path']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
