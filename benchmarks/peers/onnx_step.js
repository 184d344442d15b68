// Predictions of the documented model in ONNX Runtime, with the weights and the data of
// `train_step --export`: onnx_step.js MODEL.onnx INPUTS.safetensors THREADS SECONDS. Prints JSON.
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

function readSafetensors(path) {
  const bytes = fs.readFileSync(path);
  const size = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + size).toString('utf8'));
  const tensor = (name) => {
    const {dtype, shape, data_offsets: [begin, end]} = header[name];
    const data = Uint8Array.from(bytes.subarray(8 + size + begin, 8 + size + end)).buffer;
    return dtype === 'I32' ? new ort.Tensor('int32', new Int32Array(data), shape)
                           : new ort.Tensor('float32', new Float32Array(data), shape);
  };
  return tensor;
}

async function main() {
  const [model, inputs, threads, seconds] = process.argv.slice(2);
  const tensor = readSafetensors(inputs);
  const session = await ort.InferenceSession.create(
      model, {intraOpNumThreads: Number(threads), interOpNumThreads: 1});
  const feeds = {queries: tensor('queries'), values: tensor('values')};
  const expected = tensor('predictions').data;
  const {scores} = await session.run(feeds);
  const difference = Math.max(...expected.map((p, i) => Math.abs(p - scores.data[i])));
  for (let i = 0; i < 3; ++i) await session.run(feeds);
  const times = [];
  for (let total = 0; total < 1000 * Number(seconds) || times.length < 5;) {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
    total += times[times.length - 1];
  }
  times.sort((a, b) => a - b);
  console.log(JSON.stringify({infer_ms: times[Math.floor(times.length / 2)], difference}));
}

main().catch((error) => { console.error(String(error)); process.exit(1); });
