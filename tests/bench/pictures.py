"""Pictures for pictures.sh, and what a script with Pillow does with them.

pictures.py make FROM TO COUNT      COUNT JPEGs of 12 megapixels, enlarged from those of a folder
pictures.py prepare FOLDER THREADS  decodes and prepares each as the classifier does; prints seconds"""

import glob
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


def make(source, target, count):
    names = sorted(glob.glob(os.path.join(source, "*.JPEG")))
    os.makedirs(target, exist_ok=True)
    for i in range(count):
        path = os.path.join(target, f"{i:03}.jpg")
        if os.path.exists(path):
            continue
        with Image.open(names[i % len(names)]) as small:
            size = (4000, 3000) if small.width >= small.height else (3000, 4000)
            large = small.convert("RGB").resize(size, Image.BICUBIC)
        large.save(path + ".new", "JPEG", quality=90)
        os.replace(path + ".new", path)


def prepare(path):
    with Image.open(path) as file:
        image = file.convert("RGB")
    width, height = image.size
    size = (256, 256 * height // width) if width <= height else (256 * width // height, 256)
    image = image.resize(size, Image.BILINEAR)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    pixels = np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32)
    return np.ascontiguousarray(((pixels * np.float32(1 / 255) - MEAN) / STD).transpose(2, 0, 1))


def time_all(folder, threads):
    paths = sorted(glob.glob(os.path.join(folder, "*.jpg")))
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(prepare, paths):
            pass
    return time.perf_counter() - start


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        print(f"{time_all(sys.argv[2], int(sys.argv[3])):.4f}")
