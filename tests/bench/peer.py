"""Times a network in another runtime: peer.py onnxruntime|pytorch FOLDER NAME THREADS RUNS [OUTPUT]

FOLDER holds NAME.onnx and NAME.pth (export.py) and node_modules. Prints "least median" in milliseconds, after one run
to warm up: processor time of the process with one thread, the wall clock with several, as emitted/time.c does, and on
the same input. OUTPUT receives the result."""

import os
import sys
import time
import warnings

import numpy as np


def fill(image):
    """The input of emitted/time.c, whose order is NHWC (or [N, features])."""
    i = np.arange(image.size, dtype=np.int64)
    values = (i * 7919 % 2001).astype(np.float32) / np.float32(1000) - np.float32(1)
    if image.ndim == 4:
        n, c, h, w = image.shape
        values = values.reshape(n, h, w, c).transpose(0, 3, 1, 2)
    image[...] = values.reshape(image.shape)


def onnxruntime(folder, name, threads):
    import ort

    session = ort.Session(ort.Library(os.path.join(folder, "node_modules")), f"{folder}/{name}.onnx", threads)
    fill(session.input)
    return session.run, lambda: session.output


def pytorch(folder, name, threads):
    """Traced, frozen and optimised for inference."""
    import torch

    import export

    warnings.filterwarnings("ignore")
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model, shape, _ = export.build(name)
    image = torch.zeros(shape)
    fill(image.numpy())
    with torch.no_grad():
        script = torch.jit.optimize_for_inference(torch.jit.trace(model, image))
    result = []

    def run():
        with torch.no_grad():
            result[:] = [script(image)]

    run()
    return run, lambda: result[0].numpy()


def main(peer, folder, name, threads, runs, output=None):
    run, result = {"onnxruntime": onnxruntime, "pytorch": pytorch}[peer](folder, name, int(threads))
    now = time.process_time if int(threads) == 1 else time.perf_counter
    run()
    times = []
    for _ in range(int(runs)):
        start = now()
        run()
        times.append(now() - start)
    print(f"{1e3 * min(times):.4f} {1e3 * float(np.median(times)):.4f}")
    if output:
        result().tofile(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
