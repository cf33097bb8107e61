"""What the checks of examples share: weights by a seeded rule, pictures, the executable's text.

The rule is that of `kiln -w random`: values from a tensor's name and a seed. Batch norms are then scaled
to what reaches them, and the last layer so that the pictures get different classes.
"""
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
    command = [KILN, "build", f"{source}:{name}", "-o", out, *options]
    for member, path in weights:
        command += ["-w", f"{member}={path}" if member else path]
    run(command, os.path.dirname(out))


# --- weights ----------------------------------------------------------------------------------------


def uniform(np, name, count, seed=0):
    """Numbers from -1 to 1: FNV-1a of the name, splitmix64."""
    def mix(z):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))

    gamma, start = 0x9E3779B97F4A7C15, 0xCBF29CE484222325
    for byte in name.encode():
        start = (start ^ byte) * 0x100000001B3 % 2**64
    if seed:
        start ^= int(mix(np.array([seed * gamma % 2**64], np.uint64))[0])
    index = np.arange(1, count + 1, dtype=np.uint64)
    z = mix(index * np.uint64(gamma) + np.uint64(start))
    return (z >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1


def fill(np, torch, network, seed):
    """By the rule, whatever the framework had put there."""
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point():
            continue
        u = uniform(np, name, tensor.numel(), seed).reshape(tuple(tensor.shape))
        if tensor.dim() > 1:
            u *= np.sqrt(6 / (tensor.numel() / tensor.shape[0]))
        elif name.endswith("bias") or name.endswith("running_mean"):
            u *= 0.1
        else:
            u = 1 + 0.3 * u
        tensor.copy_(torch.from_numpy(u.astype(np.float32)))


def calibrate(torch, network, last, pictures, spread=1.5):
    """A batch norm's statistics become, but for the rule's variation, the mean and variance of all that
    reaches it; the scores of the pictures are centred, with a standard deviation of `spread`."""
    def measure(m, inputs):
        variance = inputs[0].var(unbiased=False).clamp(min=1e-3)
        m.running_mean.mul_(2 * variance.sqrt()).add_(inputs[0].mean())
        m.running_var.mul_(variance)

    hooks = [m.register_forward_pre_hook(measure) for m in network.modules()
             if isinstance(m, torch.nn.BatchNorm2d)]
    network.eval()
    network(pictures)
    for hook in hooks:
        hook.remove()
    logits = network(pictures)
    last.bias -= logits.mean(0)
    scale = spread / (logits - logits.mean(0)).std()
    last.weight *= scale
    last.bias *= scale


# --- texts ------------------------------------------------------------------------------------------


def text_lines(name, scores, labels, top):
    """What --format text prints of one picture."""
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    rows = "".join(f"  {scores[i]:8.4f}  {labels[i]}\n" for i in order[:top])
    return f"{name}: {labels[order[0]]}\n{rows}"


BORDER = 1e-5  # how far a float32 score may be off


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
