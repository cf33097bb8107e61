"""The page of targets.sh from what it kept: targets.py FOLDER COMPILER NAME..."""

import sys

import facts

WHOLE, LAYERS, SHARE = 6, 4, 80  # at most so many times; at least so many percent


def times(folder, name, target):
    """Milliseconds of all layers, of 1x1 and of 3x3 convolutions (not depthwise)."""
    layers = facts.traced_layers(folder, name, target)
    convolutions = [one for one in layers if one["window"] and one["gflop"] > 0 and "depthwise" not in one["kernel"]]
    return [sum(one["ms"] for one in layers)] + [
        sum(one["ms"] for one in convolutions if one["window"] == window) for window in ([1, 1], [3, 3])]


def cell(slow, fast, limit):
    if min(slow, fast) <= 0:
        return "–"
    return f"{slow / fast:.1f}{'' if slow / fast <= limit else ' **!**'}"


def main(folder, compiler, *names):
    peak = facts.machine(folder, 1)["avx2"]
    print(f"""# Targets beside each other

`make bench-targets` writes this page. {compiler} -O2, one thread, processor time: sums of the least time of
each layer. c99 is asked for speed (`--optimize speed`: Winograd's transformed weights where that is faster, as avx2 has
by default); small: as it is for firmware by default, no more bytes than the weights have. c99 / avx2 shall be at
most {WHOLE} for a network, {LAYERS} for its 1×1 and for its 3×3 layers. The last column is the textbook work of the avx2
program as share of what the measured AVX2 peak, {peak:.1f} GFLOP/s, would do; resnet50 shall reach {SHARE} %. **!** marks what does not
hold, – layers that are not there alone: a program computes them in pairs with depthwise ones.

| network | c99 small ms | c99 ms | avx2 ms | c99 / avx2 | 1×1 layers | 3×3 layers | avx2 GFLOP/s | of the AVX2 peak |
|---|--:|--:|--:|--:|--:|--:|--:|--:|""")
    for name in names:
        small, slow, fast = (times(folder, name, which) for which in ("c99", "c99-speed", "avx2"))
        speed = 1e3 * sum(one["gflop"] for one in facts.traced_layers(folder, name, "avx2")) / fast[0]
        share = 100 * speed / peak
        missed = " **!**" if name == "resnet50" and share < SHARE else ""
        ratios = [cell(a, b, limit) for a, b, limit in zip(slow, fast, (WHOLE, LAYERS, LAYERS))]
        print(f"| {name} | {small[0]:.2f} | {slow[0]:.2f} | {fast[0]:.2f} | {' | '.join(ratios)} | {speed:.0f} "
              f"| {share:.0f} %{missed} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
