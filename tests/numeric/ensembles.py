#!/usr/bin/env python3
"""Classifiers of several networks and views, heads and decision rules, against what numpy makes of the
scores of their parts, and against the reference results of the waste classifiers.
Usage: ensembles.py [--all]      --all: five folds of resnet50, too
Environment: KILN, the compiler; KILN_SHARED, the reference data"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KILN = os.environ.get("KILN", ROOT + "/build/kiln")
SHARED = os.path.abspath(os.environ.get("KILN_SHARED", ROOT + "/../shared"))
PICTURES = SHARED + "/images/trash"
LARGE, SMALL = (f"{SHARED}/models/trash_mobilenet_{v}.safetensors" for v in ("v2", "v1"))
LABELS = SHARED + "/models/trash_labels.txt"
CLASSES = 6
SOME = [f"{PICTURES}/{n}.jpg" for n in ("cardboard_9", "metal_55", "trash_84")]

passed = failed = 0


def check(what, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok   " if ok else "FAIL ") + what, detail)


def steps(side, *more):
    lines = ["color rgb", f"resize [{side}, {side}] bilinear", *more, "scale 1/127.5",
             "normalize mean [1, 1, 1] std [1, 1, 1]"]
    return "preprocess {\n" + "\n".join(lines) + "\n}\n"


def large(*more, lines=""):
    return f'model mobilenet_v2_folded(classes = 6)\nweights "{LARGE}"\n' + steps(224, *more) + lines


def small(lines=""):
    return f'model mobilenet_v1_050_160_folded(classes = 6)\nweights "{SMALL}"\n' + steps(160) + lines


def pair(lines, of_large="", of_small=""):
    return f"member large {{\n{large(lines=of_large)}\n}}\nmember small {{\n{small(of_small)}\n}}\n{lines}\n"


def write_source(folder, body, extra=""):
    path = folder + "/c.kiln"
    with open(path, "w") as f:
        f.write(f'import "{ROOT}/models/mobilenet_v1.kiln"\nimport "{ROOT}/models/mobilenet_v2.kiln"\n{extra}\n'
                f'classifier c {{\n{body}\nlabels "{LABELS}"\n}}\n')
    return path


def parse(text):
    rows = {}
    for line in text.splitlines():
        row = json.loads(line)
        scores = np.full(CLASSES, np.nan)
        for t in row["top"]:
            scores[t["index"]] = t["score"]
        rows[row["file"]] = (scores, row)
    return rows


def run(folder, body, pictures=SOME, extra="", options=()):
    """By the interpreter: file -> (scores, row)."""
    source = write_source(folder, body, extra)
    text = subprocess.run([KILN, "run", source, "--format", "json", "--top", str(CLASSES), *options, *pictures],
                          check=True, capture_output=True, text=True).stdout
    return parse(text)


def built(folder, body):
    """By an executable, all pictures."""
    source = write_source(folder, body)
    subprocess.run([KILN, "build", source, "-o", folder + "/c"], check=True)
    text = subprocess.run([folder + "/c", "--format", "json", "--top", str(CLASSES), PICTURES],
                          check=True, capture_output=True, text=True).stdout
    return parse(text)


def compare(what, got, want, tolerance=1e-6):
    worst = max(np.nanmax(np.abs(got[f][0] - want[f])) for f in want)
    check(what, worst <= tolerance, f"{worst:.2g}")


def expected(name):
    with open(f"{SHARED}/expected/{name}/expected.json") as f:
        return {os.path.basename(i["file"]): i for i in json.load(f)["images"]}


# --- merging -----------------------------------------------------------------------------------------


def merging(folder, a, b):
    def of(f):
        return {p: f(a[p], b[p]) for p in a}

    def vote(x, y, w, confident):
        out = np.zeros(CLASSES)
        for v, weight in ((x, w), (y, 1 - w)):
            out[v.argmax()] += weight * (v.max() if confident else 1)
        return out

    rules = {
        "merge mean": lambda x, y: (x + y) / 2,
        "merge mean [3, 1]": lambda x, y: 0.75 * x + 0.25 * y,
        "merge geometric": lambda x, y: np.sqrt(x * y),
        "merge geometric [1, 3]": lambda x, y: x**0.25 * y**0.75,
        "merge max": np.maximum,
        "merge vote [0.6, 0.4]": lambda x, y: vote(x, y, 0.6, False),
        "merge confidence [0.4, 0.6]": lambda x, y: vote(x, y, 0.4, True),
        "merge cascade 0.8": lambda x, y: x if x.max() >= 0.8 else y,
    }
    for line, rule in rules.items():
        compare(line, run(folder, pair(line + "\noutput softmax")), of(rule))
    for word, function, both in (("union", np.maximum, np.logical_or), ("intersection", np.minimum, np.logical_and)):
        got = run(folder, pair(f"merge {word}", "output softmax threshold 0.3", "output softmax threshold 0.1"))
        compare(f"merge {word}", got, of(function))
        sets = {p: {labels[i] for i in np.flatnonzero(both(a[p] > 0.3, b[p] > 0.1))} for p in a}
        check(f"merge {word}: tags", all(set(got[p][1]["result"]) == sets[p] for p in a))


def stacking(folder, a, b):
    r = np.random.default_rng(7)
    w, bias = r.normal(size=(4, 2 * CLASSES)).astype(np.float32), r.normal(size=4).astype(np.float32)
    np.savez(folder + "/stack.npz", weight=w, bias=bias)
    both = {p: np.concatenate([a[p], b[p]]) for p in a}

    def dense(x, activation):
        y = w.astype(float) @ x + bias
        y = np.concatenate([activation(y), np.full(CLASSES - 4, np.nan)])
        return y

    global LABELS
    before, LABELS = LABELS, folder + "/four.txt"
    with open(LABELS, "w") as f:
        f.write("a\nb\nc\nd\n")
    body = pair('merge stack "stack.npz"\noutput softmax')
    source = write_source(folder, body)
    text = subprocess.run([KILN, "run", source, "--format", "json", "--top", "4", *SOME], check=True,
                          capture_output=True, text=True).stdout
    compare("merge stack, dense", parse(text), {p: dense(both[p], softmax) for p in a}, 1e-5)
    network = "network head() {\n input x[12]\n return relu(dense(x, 4) @ \"fc\")\n}\n"
    np.savez(folder + "/head.npz", **{"fc.weight": w, "fc.bias": bias})
    body = pair('merge stack {\nmodel head()\nweights "head.npz"\n}\noutput none')
    text = subprocess.run([KILN, "run", write_source(folder, body, network), "--format", "json", "--top", "4",
                           *SOME], check=True, capture_output=True, text=True).stdout
    compare("merge stack, network", parse(text), {p: dense(both[p], lambda y: np.maximum(y, 0)) for p in a}, 1e-5)
    LABELS = before


# --- one network ----------------------------------------------------------------------------------------


def views(folder):
    def scores(*more, lines=""):
        return {p: s for p, (s, _) in run(folder, large(*more, lines=lines)).items()}

    ways = [scores("flip horizontal", "turn 1"), scores("turn 1"), scores("flip horizontal", "shift [5, -7] fill 9"),
            scores("shift [5, -7] fill 9")]
    augment = "augment { flip horizontal; keep }", "augment { turn 1; shift [5, -7] fill 9 }"
    for merge, f in (("mean", lambda v: np.mean(v, 0)), ("max", lambda v: np.max(v, 0)),
                     ("geometric", lambda v: np.exp(np.mean(np.log(v), 0)))):
        got = run(folder, large(*augment, lines=f"views {merge}"))
        compare(f"views {merge}", got, {p: f([w[p] for w in ways]) for p in SOME}, 1e-6)
    corners = [f"corner_crop {c} 200" for c in ("top_left", "top_right", "bottom_left", "bottom_right")]
    crops = [scores(*m, c, "resize [224, 224] bilinear") for m in ((), ("flip horizontal",))
             for c in [*corners, "center_crop 200"]]
    for name, parts in (("five_crop", crops[:5]), ("ten_crop", crops)):
        got = run(folder, large(f"augment {name} 200", "resize [224, 224] bilinear"))
        compare(name, got, {p: np.mean([c[p] for c in parts], 0) for p in SOME})


def decisions(folder, a):
    cost = np.random.default_rng(3).uniform(0.1, 1, (CLASSES, CLASSES))
    np.fill_diagonal(cost, 0)
    np.savetxt(folder + "/cost.csv", cost, delimiter=",", header=",".join("abcdef"), comments="")
    got = run(folder, large(lines='cost "cost.csv"'))
    check("cost matrix", all(got[p][1]["result"] == labels[(a[p] @ cost).argmin()] for p in a))
    got = run(folder, large(lines='below 0.85 -> "unknown"'))
    check("below", all(got[p][1]["result"] == (labels[a[p].argmax()] if a[p].max() >= 0.85 else "unknown") for p in a))
    groups = ["可回收物", "其他垃圾"]
    got = run(folder, large(lines="groups only"))
    check("groups only", all(got[p][1]["result"] == groups[int(a[p][5] > a[p][:5].sum())] for p in a))
    compare("groups only: sums", got, {p: np.r_[a[p][:5].sum(), a[p][5], [np.nan] * 4] for p in a})
    got = run(folder, large(lines="temperature 2.5"))
    compare("temperature", got, {p: softmax(np.log(a[p]) / 2.5) for p in a})
    limits = [0.9, 0.2, 0.01, 0.05, 0.3, 0.02]
    got = run(folder, large(lines=f"output sigmoid\nthresholds {limits}\ntemperature 1"))
    check("thresholds per class", all(set(got[p][1]["result"]) ==
                                      {labels[i] for i in range(CLASSES) if got[p][0][i] > limits[i]} for p in a))


# --- support vector machines ------------------------------------------------------------------------------


def vote(kernel, sizes, order, coefficients, intercepts):
    """A second reading of libsvm's rule."""
    start, k = np.r_[0, np.cumsum(sizes)], len(sizes)
    votes, pair_index = np.zeros(k), 0
    for i in range(k):
        for j in range(i + 1, k):
            si, sj = slice(start[i], start[i + 1]), slice(start[j], start[j + 1])
            value = coefficients[j - 1, si] @ kernel[si] + coefficients[i, sj] @ kernel[sj] + intercepts[pair_index]
            votes[order[i if value > 0 else j]] += 1
            pair_index += 1
    return votes / (k - 1)


def write_libsvm(path, name, vectors, sizes, order, coefficients, intercepts, degree, gamma, coef0):
    with open(path, "w") as f:
        f.write(f"svm_type c_svc\nkernel_type {name}\ndegree {degree}\ngamma {gamma!r}\ncoef0 {coef0!r}\n"
                f"nr_class {len(sizes)}\ntotal_sv {len(vectors)}\nrho {' '.join(repr(float(-x)) for x in intercepts)}\n"
                f"label {' '.join(map(str, order))}\nnr_sv {' '.join(map(str, sizes))}\nSV\n")
        for v, x in enumerate(vectors):
            pairs = " ".join(f"{i + 1}:{float(y)!r}" for i, y in enumerate(x) if y)
            f.write(" ".join(repr(float(c)) for c in coefficients[:, v]) + " " + pairs + "\n")


def machines(folder):
    logits = {p: s for p, (s, _) in run(folder, large(lines="output none")).items()}
    r, sizes, order = np.random.default_rng(5), [3, 2, 4, 1, 3, 2], [2, 0, 5, 1, 3, 4]
    n, degree, gamma, coef0 = sum(sizes), 3, 0.3, 0.5
    vectors, coefficients = r.normal(size=(n, CLASSES)), r.normal(size=(CLASSES - 1, n))
    vectors[r.uniform(size=vectors.shape) < 0.2] = 0
    intercepts = r.normal(size=15)
    kernels = {
        "linear": lambda x: vectors @ x,
        "polynomial": lambda x: (gamma * (vectors @ x) + coef0) ** degree,
        "rbf": lambda x: np.exp(-gamma * ((vectors - x) ** 2).sum(1)),
    }
    for name, kernel in kernels.items():
        write_libsvm(folder + "/m.svm", name, vectors, sizes, order, coefficients, intercepts, degree, gamma, coef0)
        got = run(folder, large(lines='svm "m.svm"'))
        compare(f"libsvm, {name}", got, {p: vote(kernel(logits[p]), sizes, order, coefficients, intercepts)
                                         for p in SOME}, 1e-7)
    got = run(folder, large(lines='features "classifier"\nsvm "m.svm"'))
    compare("features of a named node", got, {p: vote(kernels["rbf"](logits[p]), sizes, order, coefficients,
                                                      intercepts) for p in SOME}, 1e-7)


def references(folder):
    want = expected("trash_ensemble")
    got = built(folder, pair("merge mean\noutput softmax"))
    compare("trash_ensemble, all pictures", got,
            {p: np.array(want[os.path.basename(p)]["probabilities"]) for p in got}, 3e-6)
    check("trash_ensemble, best classes", len(got) == 90 and
          all(got[p][1]["top"][0]["index"] == want[os.path.basename(p)]["top1"] for p in got))
    want = expected("trash_svm")
    got = built(folder, large(lines=f'svm "{SHARED}/models/trash_svm.safetensors"'))
    compare("trash_svm, votes", got, {p: np.array(want[os.path.basename(p)]["votes"]) / 5 for p in got}, 1e-7)
    check("trash_svm, best classes", len(got) == 90 and
          all(got[p][1]["top"][0]["index"] == want[os.path.basename(p)]["top1"] for p in got))
    plain, mirror = built(folder, large()), built(folder, large("flip horizontal"))
    got = built(folder, large("augment { keep; flip horizontal }"))
    compare("horizontal flip, all pictures", got, {p: (plain[p][0] + mirror[p][0]) / 2 for p in got}, 1e-6)


def executable(folder, a, b):
    """What the executable says of itself: the arena is that of the largest member, shared steps are done once; weights
    fitted to pictures are at least as likely as any of a grid."""
    subprocess.run([KILN, "build", write_source(folder, pair("merge mean")), "-o", folder + "/c"], check=True)

    def said(*options):
        return subprocess.run([folder + "/c", *options], check=True, capture_output=True, text=True).stdout

    arenas = [int(line.split()[1]) for line in said("--info").splitlines() if line.startswith("arena")]
    check("the arena is the largest member's", len(arenas) == 3 and arenas[2] == max(arenas[:2]), arenas)
    with open(folder + "/list.csv", "w") as f:
        for p, label in zip(SOME, (0, 2, 5)):
            f.write(f"{p},{label}\n")
    lines = said("--fit-blend", folder + "/list.csv").splitlines()
    x, y = (np.array([m[p][label] for p, label in zip(SOME, (0, 2, 5))]) for m in (a, b))
    w = json.loads(lines[-1].removeprefix("merge mean "))
    best = min(-np.log(v * x + (1 - v) * y).mean() for v in np.linspace(0, 1, 1001))
    check("--fit-blend", abs(sum(w) - 1) < 2e-4 and -np.log(w[0] * x + w[1] * y).mean() <= best + 1e-5, lines[-1])


def text_bytes(exe):
    rows = subprocess.run(["size", "-A", exe], check=True, capture_output=True, text=True).stdout.splitlines()
    return next(int(r.split()[1]) for r in rows if r.startswith(".text"))


def said_last(exe, word):
    """The number behind a word in the last part of --info, which is about the whole program."""
    text = subprocess.run([exe, "--info"], check=True, capture_output=True, text=True).stdout
    return [int(r.split()[1]) for r in text.splitlines() if r.startswith(word + " ")][-1]


def members(count):
    return "".join(f"member fold{i} {{ }}\n" for i in range(count)) + "merge mean"


def fold_code(folder, name, network, count):
    """Folds of one network beside that network alone: as much code, as large an arena, weights for each. In the program
    of one network gcc puts the addresses of its weights into the functions, which folds get as arguments: half a percent
    of the code may differ, but nothing from two folds to more."""
    one, two, many = folder + "/one", folder + "/two", folder + "/folds"
    for exe, lines in ((one, ""), (two, members(2)), (many, members(count))):
        source = write_source(folder, network + lines, f'import "{ROOT}/models/resnet.kiln"')
        subprocess.run([KILN, "build", source, "-w", "random", "-o", exe], check=True)
    code = text_bytes(one), text_bytes(two), text_bytes(many)
    check(f"{count} folds of {name} add no code", code[2] <= code[0] * 1.005 and code[2] <= code[1] + 1024,
          f".text of one {code[0]}, of two {code[1]}, of all {code[2]}")
    arenas = said_last(one, "arena"), said_last(many, "arena")
    check(f"{count} folds of {name} have the arena of one", arenas[0] == arenas[1], arenas)
    weights = said_last(one, "weights"), said_last(many, "weights")
    check(f"{count} folds of {name} have weights of their own", weights[1] == count * weights[0], weights)
    return many


def folds(folder):
    network = "model mobilenet_v1_050_160_folded(classes = 6)\n" + steps(160)
    subprocess.run([KILN, "emit", write_source(folder, network + members(3)), "-w", "random", "-o", folder + "/c_folds"],
                   check=True)
    code = [open(f"{folder}/c_folds/c_fold{i}.c").read() for i in range(3)]
    check("folds share their code", code[0].count("for (") > 50 and not any("for (" in c for c in code[1:]))
    exe = fold_code(folder, "mobilenet_v1", network, 3)
    profile = subprocess.run([exe, "--profile", SOME[0]], check=True, capture_output=True, text=True)
    rows = profile.stdout.split("preprocessing, each step once\n")[1].splitlines()[1:]
    check("shared steps are done once", [r.split()[1] for r in rows] == ["3"] * 3, rows)
    got = parse(subprocess.run([exe, "--format", "json", "--top", "6", *SOME], check=True, capture_output=True,
                               text=True).stdout)
    want = [run(folder, network, options=("-w", f"random:{seed}")) for seed in range(3)]
    compare("folds have weights of their own", got, {p: np.mean([w[p][0] for w in want], 0) for p in SOME}, 1e-5)
    if "--all" in sys.argv:
        fold_code(folder, "resnet50", "model resnet50(classes = 6)\n" + steps(224), 5)


def result_only(folder):
    source = write_source(folder, large())
    text = subprocess.run([KILN, "run", source, "--format", "result", SOME[0]], check=True, capture_output=True,
                          text=True).stdout
    check("--format result", text == '{"result": "可回收物/纸板箱"}\n', text.strip())


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


with open(LABELS, encoding="utf-8") as file:
    labels = file.read().split()
with tempfile.TemporaryDirectory() as work:
    of_large = {p: s for p, (s, _) in run(work, large()).items()}
    of_small = {p: s for p, (s, _) in run(work, small()).items()}
    merging(work, of_large, of_small)
    stacking(work, of_large, of_small)
    views(work)
    decisions(work, of_large)
    machines(work)
    result_only(work)
    executable(work, of_large, of_small)
    folds(work)
    references(work)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
