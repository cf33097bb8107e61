"""The roofline (Williams, Waterman, Patterson, 2009) of a network as SVG: roofline.py FOLDER NAME > FILE

A dot per layer of the executable's profile: across, textbook operations per byte that the layer must at least move
(inputs, outputs, weights, each once); up, the speed it reached; its area is its share of the time. Lines are what
one core of this machine can do: the peak, and reading from each level of memory."""

import math
import sys
from xml.sax.saxutils import escape

import facts

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 960, 600, 70, 64, 940, 540
NAMED, LIST = 8, 560
COLOURS = {"1x1": "#1f77b4", "Winograd": "#2ca02c", "depthwise": "#d62728", "other convolution": "#ff7f0e",
           "dense": "#9467bd", "everything else": "#7f7f7f"}
LEVELS = [("read_l2", "L2"), ("read_l3", "L3"), ("read_memory", "memory")]


class Axis:
    """Logarithmic, of whole decades or parts of them at 1, 2 and 5."""

    def __init__(self, low, high, start, end):
        self.low, self.high, self.start, self.end = low, high, start, end

    def at(self, value):
        value = min(max(value, self.low), self.high)
        return self.start + (self.end - self.start) * math.log(value / self.low) / math.log(self.high / self.low)

    def ticks(self):
        decade = 10 ** math.floor(math.log10(self.low))
        while decade <= self.high:
            yield from (d * decade for d in (1, 2, 5) if self.low <= d * decade <= self.high * 1.001)
            decade *= 10


def text(x, y, words, size=12, anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def line(x1, y1, x2, y2, colour, more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{more}/>'


def kind(layer):
    name = layer["kernel"]
    for prefix, label in (("conv1x1", "1x1"), ("winograd", "Winograd"), ("depthwise", "depthwise"),
                          ("conv", "other convolution"), ("dense", "dense")):
        if name.startswith(prefix):
            return label
    return "everything else"


def frame(x, y):
    parts = []
    for tick in x.ticks():
        parts.append(line(x.at(tick), TOP, x.at(tick), BOTTOM, "#eeeeee"))
        parts.append(text(x.at(tick), BOTTOM + 16, f"{tick:g}", 11, "middle"))
    for tick in y.ticks():
        parts.append(line(LEFT, y.at(tick), RIGHT, y.at(tick), "#eeeeee"))
        parts.append(text(LEFT - 6, y.at(tick) + 4, f"{tick:g}", 11, "end"))
    parts.append(f'<rect x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}" fill="none" '
                 'stroke="#444444"/>')
    parts.append(text((LEFT + RIGHT) / 2, BOTTOM + 36, "operations per byte moved at least (FLOP/byte)", 13, "middle"))
    middle = (TOP + BOTTOM) / 2
    parts.append(text(18, middle, "GFLOP/s", 13, "middle", f' transform="rotate(-90 18 {middle})"'))
    return parts


def ceilings(x, y, machine):
    peak, parts = machine["peak"], []
    for key, label in LEVELS:
        bandwidth = machine[key]
        low = max(x.low, y.low / bandwidth)
        knee = min(max(peak / bandwidth, low), x.high)
        parts.append(line(x.at(low), y.at(low * bandwidth), x.at(knee), y.at(knee * bandwidth), "#444444"))
        words = f"{label} {bandwidth:.0f} GB/s"
        along = math.sqrt(low * knee)
        slope = math.degrees(math.atan2(y.at(knee * bandwidth) - y.at(low * bandwidth), x.at(knee) - x.at(low)))
        px, py = x.at(along), y.at(along * bandwidth) - 5 if key != "read_l3" else y.at(along * bandwidth) + 14
        turned = f' fill="#444444" transform="rotate({slope:.1f} {px:.1f} {py:.1f})"'
        parts.append(text(px, py, words, 11, "middle", turned))
    knee = peak / machine["read_l2"]
    parts.append(line(x.at(knee), y.at(peak), RIGHT, y.at(peak), "#444444"))
    parts.append(text(RIGHT - 4, y.at(peak) + 14, f"peak {peak:.0f} GFLOP/s", 11, "end", ' fill="#444444"'))
    limit = facts.WINOGRAD * peak
    parts.append(line(x.at(knee), y.at(limit), RIGHT, y.at(limit), "#444444", ' stroke-dasharray="5 4"'))
    parts.append(text(RIGHT - 4, y.at(limit) - 5, f"{facts.WINOGRAD} x peak: products saved by Winograd", 11, "end",
                      ' fill="#444444"'))
    return parts


def dots(x, y, layers, total):
    """Largest first, so that small ones stay visible; the largest are numbered, and named in a list."""
    parts, numbers, names = [], [], []
    corner = BOTTOM - 16 * NAMED - 8
    for rank, layer in enumerate(sorted(layers, key=lambda one: -one["ms"]), 1):
        px = x.at(layer["gflop"] * 1e9 / layer["bytes"])
        speed = layer["gflop"] / layer["ms"] * 1e3
        py, share, colour = y.at(speed), layer["ms"] / total, COLOURS[kind(layer)]
        radius = max(2.5, 45 * math.sqrt(share))
        about = f"{layer['path']}: {layer['summary']}; {layer['ms']:.3f} ms, {100 * share:.1f} %"
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{radius:.1f}" fill="{colour}" fill-opacity="0.45" '
                     f'stroke="{colour}"><title>{escape(about)}</title></circle>')
        if rank <= NAMED:
            numbers.append(text(px, py + 4, str(rank), 11, "middle", ' font-weight="bold"'))
            words = f"{rank}  {layer['path']}  {layer['ms']:.3f} ms  {100 * share:.1f} %  {speed:.0f} GFLOP/s"
            names.append(text(LIST + 8, corner + 16 * rank, words, 11))
    box = (f'<rect x="{LIST}" y="{corner - 4}" width="{RIGHT - LIST - 6}" height="{BOTTOM - corner - 2}" fill="white" '
           'fill-opacity="0.8"/>')
    return parts + [box] + names + numbers


def legend():
    parts, x = [], LEFT
    for label, colour in COLOURS.items():
        parts.append(f'<circle cx="{x + 5}" cy="{TOP - 14}" r="5" fill="{colour}" fill-opacity="0.6"/>')
        parts.append(text(x + 14, TOP - 10, label, 12))
        x += 34 + 7 * len(label)
    return parts


def picture(folder, name):
    machine, net = facts.machine(folder, 1), facts.network(folder, name)
    layers = facts.layers(folder, name)
    total = sum(layer["ms"] for layer in layers)
    dotted = [layer for layer in layers if layer["gflop"] > 0 and layer["ms"] > 0]
    if not dotted:
        sys.exit(f"roofline: no layer of {name} in its profile")
    rest = 100 * (1 - sum(layer["ms"] for layer in dotted) / total)
    x = Axis(min(0.5, *(0.8e9 * d["gflop"] / d["bytes"] for d in dotted)), max(
        200, *(1.3e9 * d["gflop"] / d["bytes"] for d in dotted)), LEFT, RIGHT)
    speeds = [1e3 * d["gflop"] / d["ms"] for d in dotted]
    y = Axis(max(0.5, min(5, *(0.7 * s for s in speeds))), max(3.2 * machine["peak"], *(1.2 * s for s in speeds)),
             BOTTOM, TOP)
    title = (f"{name} on {net['target']}, one thread: {total:.2f} ms, {2e-6 * net['macs'] / total:.0f} GFLOP/s; "
             f"layers without products {rest:.0f} % of the time")
    body = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', text(LEFT, 28, title, 15), *legend(),
            *frame(x, y), *ceilings(x, y, machine), *dots(x, y, dotted, total),
            text(LEFT, HEIGHT - 8, "Area of a dot: its share of the time. Above a bandwidth's line: what is moved comes "
                 "from a cache nearer than that.", 11)]
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
                      f'height="{HEIGHT}" font-family="sans-serif">', *body, "</svg>"])


if __name__ == "__main__":
    print(picture(sys.argv[1], sys.argv[2]))
