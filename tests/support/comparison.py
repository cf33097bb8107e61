"""What the checks of examples share: how they count, build, run, and compare texts. Their weights: fixture.py."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KILN = os.environ.get("KILN", os.path.join(ROOT, "build", "kiln"))
SHARED = os.path.normpath(os.path.join(ROOT, os.environ.get("KILN_SHARED", "../shared")))

passed = failed = skipped = 0


def check(what, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok   " if ok else "FAIL ") + what, detail, flush=True)


def skip(what, reason):
    global skipped
    skipped += 1
    print(f"SKIP: {what}: {reason}", flush=True)


def finish():
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed > 0)


def need(*modules):
    """Imports them, or ends the check saying loudly what is not compared."""
    found = []
    for module in modules:
        try:
            found.append(__import__(module))
        except ImportError:
            skip(sys.argv[0], f"Python's {module} is not installed, nothing is compared")
            finish()
    return found


def same_bytes(what, got, want):
    """Equal texts; of others the first line that differs."""
    lines = zip(got.splitlines() + ["(end)"], want.splitlines() + ["(end)"])
    differ = next((f"{a!r}, expected {b!r}" for a, b in lines if a != b), "")
    check(what, got == want and want, differ or f"{len(want.encode())} bytes")


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"FAIL {' '.join(command)}\n{done.stderr.decode()}")
    return done.stdout.decode()


def build(source, name, out, weights=(), options=()):
    """The executable of a classifier; weights: pairs of member and file."""
    command = [KILN, "build", f"{source}:{name}", "-o", str(out), *options]
    for member, path in weights:
        command += ["-w", f"{member}={path}" if member else str(path)]
    run(command, os.path.dirname(out))


# --- texts ------------------------------------------------------------------------------------------


def text_lines(name, scores, labels, top):
    """What --format text prints of one picture."""
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    rows = "".join(f"  {scores[i]:8.4f}  {labels[i]}\n" for i in order[:top])
    return f"{name}: {labels[order[0]]}\n{rows}"


BORDER = 5e-6  # how far a float32 score may be off


def same_text(what, got, names, scores, labels, top):
    """--format text against float64 scores. A line may have the other last digit only where the score
    is within BORDER of where rounding changes, and how many do is said."""
    want = "".join(text_lines(n, s, labels, top) for n, s in zip(names, scores))
    values = [v for s in scores for v in [None, *sorted(s, reverse=True)[:top]]]
    lines, other = got.split("\n"), 0
    for i, (a, b, v) in enumerate(zip(lines, want.split("\n"), values)):
        if a != b and v is not None and a in (f"  {v + e:8.4f}{b[10:]}" for e in (BORDER, -BORDER)):
            lines[i], other = b, other + 1
    same_bytes(what + (f" (but for {other} of {len(names) * top} scores at a border of rounding)"
                       if other else ""), "\n".join(lines), want)
