"""ONNX Runtime's C interface by ctypes, as much as a peer needs: sessions with fixed tensors.

The library is the one that the npm package onnxruntime-node carries. Its functions stand in a table (struct OrtApi)
that grows only at its end; FUNCTIONS are places in it."""

import ctypes
import glob
import json
import os

import numpy as np

INTERFACE_VERSION = 17
FUNCTIONS = {
    "GetErrorMessage": 2, "CreateEnv": 3, "CreateSession": 7, "Run": 9, "CreateSessionOptions": 10,
    "SetSessionExecutionMode": 13, "SetSessionGraphOptimizationLevel": 23, "SetIntraOpNumThreads": 24,
    "SetInterOpNumThreads": 25, "SessionGetInputTypeInfo": 33, "SessionGetOutputTypeInfo": 34,
    "CreateTensorWithDataAsOrtValue": 49, "CastTypeInfoToTensorInfo": 55, "GetDimensionsCount": 61,
    "GetDimensions": 62, "CreateCpuMemoryInfo": 69,
}
FLOAT, ARENA_ALLOCATOR, MEMORY_DEFAULT, SEQUENTIAL, ALL_OPTIMISATIONS, WARNING = 1, 1, 0, 0, 99, 2

pointer = ctypes.c_void_p


class Library:
    """The interface of one loaded library; failures become RuntimeError."""

    def __init__(self, modules):
        package = os.path.join(modules, "onnxruntime-node")
        with open(os.path.join(package, "package.json"), encoding="utf-8") as file:
            self.version = json.load(file)["version"]
        machine = {"x86_64": "x64", "aarch64": "arm64"}[os.uname().machine]
        found = glob.glob(os.path.join(package, "bin", "*", "linux", machine, "libonnxruntime.so*"))
        if not found:
            raise RuntimeError(f"no libonnxruntime.so for {machine} below {package}")
        base = ctypes.CDLL(found[0]).OrtGetApiBase
        base.restype = ctypes.POINTER(pointer)
        get = ctypes.CFUNCTYPE(ctypes.POINTER(pointer), ctypes.c_uint32)(base()[0])
        self.table = get(INTERFACE_VERSION)
        self.message = ctypes.CFUNCTYPE(ctypes.c_char_p, pointer)(self.table[FUNCTIONS["GetErrorMessage"]])
        self.env = self.make("CreateEnv", ctypes.c_int(WARNING), ctypes.c_char_p(b"bench"))

    def function(self, name, *arguments):
        kinds = [pointer if isinstance(a, ctypes.Array) else type(a) for a in arguments]
        return ctypes.CFUNCTYPE(pointer, *kinds)(self.table[FUNCTIONS[name]])

    def call(self, name, *arguments):
        status = self.function(name, *arguments)(*arguments)
        if status:
            raise RuntimeError(f"{name}: {self.message(status).decode()}")

    def make(self, name, *arguments):
        """Calls a function whose last argument receives a handle."""
        result = pointer()
        self.call(name, *arguments, pointer(ctypes.addressof(result)))
        return result


class Session:
    """A model with one input and one output; run() computes `output` from `input`, both numpy arrays."""

    def __init__(self, library, path, threads):
        self.library = library
        options = library.make("CreateSessionOptions")
        library.call("SetSessionExecutionMode", options, ctypes.c_int(SEQUENTIAL))
        library.call("SetSessionGraphOptimizationLevel", options, ctypes.c_int(ALL_OPTIMISATIONS))
        library.call("SetIntraOpNumThreads", options, ctypes.c_int(threads))
        library.call("SetInterOpNumThreads", options, ctypes.c_int(1))
        self.session = library.make("CreateSession", library.env, ctypes.c_char_p(path.encode()), options)
        self.input, source = self.tensor("SessionGetInputTypeInfo")
        self.output, result = self.tensor("SessionGetOutputTypeInfo")
        one = ctypes.c_size_t(1)
        self.keep = self.lists(b"image", source) + self.lists(b"logits", result)
        names, sources, result_names, results = [ctypes.cast(array, pointer) for array in self.keep]
        self.arguments = [self.session, pointer(), names, sources, one, result_names, one, results]
        self.function = library.function("Run", *self.arguments)

    @staticmethod
    def lists(name, value):
        """A name and a value as Run takes them: lists of one."""
        return [(ctypes.c_char_p * 1)(name), (pointer * 1)(value.value)]

    def tensor(self, describe):
        library = self.library
        kind = library.make(describe, self.session, ctypes.c_size_t(0))
        shape_info = library.make("CastTypeInfoToTensorInfo", kind)
        rank = ctypes.c_size_t()
        library.call("GetDimensionsCount", shape_info, pointer(ctypes.addressof(rank)))
        shape = (ctypes.c_int64 * rank.value)()
        library.call("GetDimensions", shape_info, shape, rank)
        array = np.zeros(tuple(shape), np.float32)
        memory = library.make("CreateCpuMemoryInfo", ctypes.c_int(ARENA_ALLOCATOR), ctypes.c_int(MEMORY_DEFAULT))
        return array, library.make("CreateTensorWithDataAsOrtValue", memory, pointer(array.ctypes.data),
                                   ctypes.c_size_t(array.nbytes), shape, rank, ctypes.c_int(FLOAT))

    def run(self):
        status = self.function(*self.arguments)
        if status:
            raise RuntimeError(self.library.message(status).decode())
