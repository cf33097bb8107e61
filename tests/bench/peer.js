// Times a network in ONNX Runtime: node peer.js MODULES MODEL.onnx THREADS RUNS
//
// Prints "least median" in milliseconds, after one run to warm up: processor time of the process with one thread,
// the wall clock with several, as emitted/time.c does.
'use strict';
const path = require('path');
const [modules, model, threads, runs] = process.argv.slice(2);
const ort = require(path.resolve(modules, 'onnxruntime-node'));

function now() {
    if (Number(threads) > 1) return Number(process.hrtime.bigint()) / 1e6;
    const used = process.cpuUsage();
    return (used.user + used.system) / 1e3;
}

async function main() {
    const session = await ort.InferenceSession.create(model, {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        executionMode: 'sequential',
        intraOpNumThreads: Number(threads),
        interOpNumThreads: 1,
    });
    const shape = session.inputMetadata[0].shape.map((d) => (typeof d === 'number' ? d : 1));
    const count = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 2001) / 1000 - 1);
    const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, shape) };
    const times = [];
    for (let i = -1; i < Number(runs); i++) {
        const start = now();
        await session.run(feeds);
        const taken = now() - start;
        if (i >= 0) times.push(taken);
    }
    times.sort((a, b) => a - b);
    const n = times.length;
    console.log(times[0].toFixed(3), ((times[(n - 1) >> 1] + times[n >> 1]) / 2).toFixed(3));
}

main().catch((error) => {
    console.error(`peer: ${error.message}`);
    process.exit(1);
});
