"""The section of report.py on several pictures a run, from NAME.batches, NAME.bN.json, .ours and .peer."""

import os
import statistics

import facts

HEAD = """
## Batches, one thread

Several pictures a run: `kiln build --batch N`, and the peer with a network of N pictures. Pictures per second, medians of
{rounds} rounds, in each of which all programs run in turn; N / 1 is the median over the rounds of what a picture of a batch gains on
one alone. Difference: of all outputs, of all pictures.
"""


def throughput(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def rounds_of(folder, name):
    """Of every round: pictures of a run -> pictures per second of both; None for a peer that cannot."""
    rounds = []
    for line in facts.read_text(folder, f"{name}.batches").splitlines():
        pictures, *times = line.split()
        if pictures == "1":
            rounds.append({})
        rounds[-1][int(pictures)] = [None if t == "-" else 1e3 * int(pictures) / float(t) for t in times]
    return rounds


def median(rounds, value):
    """Of a value of every round; None where one side did not run."""
    try:
        return statistics.median(map(value, rounds))
    except TypeError:
        return None


def cell(value, form):
    return "–" if value is None else form(value)


def ratio(value):
    return f"{value:.2f}"


def row(rounds, name, pictures, notes):
    ours, peer = (median(rounds, lambda r, side=side: r[pictures][side]) for side in (0, 1))
    gains = [median(rounds, lambda r, side=side: r[pictures][side] / r[1][side]) for side in (0, 1)]
    beside = median(rounds, lambda r: r[pictures][0] / r[pictures][1])
    cells = [name, str(pictures), cell(ours, throughput), cell(peer, throughput), cell(beside, ratio),
             cell(gains[0], ratio), cell(gains[1], ratio), notes]
    return "| " + " | ".join(cells) + " |"


def section(folder, peer, names, difference):
    """Lines of the page, and whether all is there and equal; `difference` is report.py's."""
    done = [name for name in names if os.path.exists(os.path.join(folder, f"{name}.batches"))]
    rounds = len(rounds_of(folder, done[0])) if done else 0
    lines = [HEAD.format(rounds=rounds),
             f"| network | pictures | kiln / s | {peer} / s | ratio | kiln N / 1 | {peer} N / 1 | difference |",
             "|---|" + "--:|" * 7]
    good = len(done) == len(names)
    for name in done:
        rounds = rounds_of(folder, name)
        for pictures in rounds[0]:
            notes = "no peer of so many pictures"
            if rounds[0][pictures][1]:
                value, equal = difference(folder, name, f"b{pictures}")
                good = good and equal
                notes = f"{value:.0e}{'' if equal else ' TOO LARGE'}"
            lines.append(row(rounds, name, pictures, notes))
    return lines + [f"| {name} | could not be measured: see the messages |" for name in names if name not in done], good
