"""Large pictures, and what a careful script makes of them with Pillow and ONNX Runtime.

pictures.py make FROM TO COUNT                  COUNT JPEGs of 12 megapixels, enlarged from those of a folder
pictures.py export FOLDER NAME IN               FOLDER/NAME-pictures.onnx and .pth, which tell the pictures of IN apart
pictures.py classify FOLDER NAME THREADS IN     classes of the pictures of IN, a line "file index" each
pictures.py compare OURS PEER                   lines of two runs: the first is JSON of an executable

classify decodes, prepares and runs in THREADS workers; both Pillow and ONNX Runtime leave Python's lock alone while they
work, so workers share nothing but the names. Each has a session of one thread, which for many pictures is faster than
sharing one picture among threads."""

import concurrent.futures
import glob
import json
import os
import sys
import threading

import numpy as np
from PIL import Image

SCALE = np.float32(1) / (np.float32(255) * np.array([0.229, 0.224, 0.225], np.float32))
SHIFT = -np.array([0.485, 0.456, 0.406], np.float32) / np.array([0.229, 0.224, 0.225], np.float32)


def make(source, target, count):
    names = sorted(glob.glob(os.path.join(source, "*.JPEG")))
    os.makedirs(target, exist_ok=True)
    for i in range(count):
        path = os.path.join(target, f"{i:03}.jpg")
        if os.path.exists(path):
            continue
        with Image.open(names[i % len(names)]) as small:
            size = (4000, 3000) if small.width >= small.height else (3000, 4000)
            image = small.convert("RGB")
            if i >= len(names):  # the second time round: another picture
                image = image.transpose(Image.FLIP_LEFT_RIGHT)
            image.resize(size, Image.BICUBIC).save(path + ".new", "JPEG", quality=90)
        os.replace(path + ".new", path)


def prepare(path, image):
    """The shorter side becomes 256, the middle 224x224 is kept; only what is kept is made a tensor."""
    with Image.open(path) as file:
        picture = file.convert("RGB")
    width, height = picture.size
    size = (256, 256 * height // width) if width <= height else (256 * width // height, 256)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    picture = picture.resize(size, Image.BILINEAR).crop((left, top, left + 224, top + 224))
    pixels = np.asarray(picture, np.float32) * SCALE + SHIFT
    image[0] = pixels.transpose(2, 0, 1)


def export_network(folder, name, pictures):
    import torch

    import export

    target = os.path.join(folder, name + "-pictures")
    if os.path.exists(target + ".onnx") and os.path.exists(target + ".pth"):
        return
    images = np.zeros((24, 1, 3, 224, 224), np.float32)
    for path, image in zip(sorted(glob.glob(os.path.join(pictures, "*.jpg"))), images):
        prepare(path, image)
    torch.manual_seed(1)
    export.export_centred(target, name, torch.from_numpy(images[:, 0]))


def classify(folder, name, threads, pictures):
    import ort

    library, own = ort.Library(os.path.join(folder, "node_modules")), threading.local()

    def classify_one(path):
        if not hasattr(own, "session"):
            own.session = ort.Session(library, os.path.join(folder, name + "-pictures.onnx"), 1)
        prepare(path, own.session.input)
        own.session.run()
        return int(own.session.output[0].argmax())

    paths = sorted(glob.glob(os.path.join(pictures, "*.jpg")))
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for path, index in zip(paths, pool.map(classify_one, paths)):
            print(os.path.basename(path), index)


def compare(ours, peer):
    """Prints how many pictures have one class in both; 1 unless all have."""
    with open(ours, encoding="utf-8") as file:
        mine = {os.path.basename(one["file"]): one["top"][0]["index"] for one in map(json.loads, file)}
    with open(peer, encoding="utf-8") as file:
        theirs = {name: int(index) for name, index in map(str.split, file)}
    names = mine.keys() | theirs.keys()
    equal = [name for name in names if name in mine and mine[name] == theirs.get(name)]
    for name in sorted(names - set(equal))[:5]:
        print(f"pictures: {name}: class {mine.get(name)}, the peer says {theirs.get(name)}", file=sys.stderr)
    print(f"{len(equal)} of {len(names)} ({len(set(mine.values()))} classes)")
    return 0 if names and len(equal) == len(names) else 1


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    elif sys.argv[1] == "export":
        export_network(*sys.argv[2:])
    elif sys.argv[1] == "classify":
        classify(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
    else:
        sys.exit(compare(sys.argv[2], sys.argv[3]))
