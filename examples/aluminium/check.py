#!/usr/bin/python3
"""check.py EXE: on every sample EXE gives the label that the training framework gives and, to 1e-4
of its largest value, the same raw output (expected.json); how many of the labels are true
(expected.tsv) is printed."""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-4


def main():
    truth = dict(line.split("\t") for line in (HERE / "expected.tsv").read_text().splitlines())
    reference = json.loads((HERE / "expected.json").read_text())
    names = sorted(truth)
    paths = [str(HERE / "samples" / name) for name in names]
    with tempfile.TemporaryDirectory() as folder:
        output = f"{folder}/out.npy"
        command = [sys.argv[1], "--format", "json", "--out", output, *paths]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
        logits = numpy.load(output).reshape(len(names), -1)
    found = [json.loads(line)["result"] for line in text.splitlines()]
    expected = numpy.array([reference[name]["logits"] for name in names])
    limit, wrong = TOLERANCE * abs(expected).max(), 0
    for name, label, ours, theirs in zip(names, found, logits, expected):
        off = abs(ours - theirs).max()
        if label != reference[name]["label"] or not off <= limit:
            print(f"{name}: {label}, expected {reference[name]['label']}; output off by {off:.2g}")
            wrong += 1
    true = sum(label == truth[name] for name, label in zip(names, found))
    print(f"{len(names) - wrong} of {len(names)} as in training, {true} labels true, "
          f"largest difference of the output {abs(logits - expected).max():.2g} (limit {limit:.2g})")
    return wrong > 0 or len(found) != len(names)


if __name__ == "__main__":
    sys.exit(main())
