// Runs what onnx_cases wrote in ONNX Runtime and compares: onnx_runtime.js FOLDER [ONLY]. Fails if
// a model doesn't run, or a number differs from kindling's by more than 1e-5, relative to the
// largest of its output if that is above 1.
'use strict';
const fs = require('fs');
const path = require('path');
const ort = require('onnxruntime-node');

const LIMIT = 1e-5;
const TYPES = {F32: ['float32', Float32Array], I32: ['int32', Int32Array],
               BOOL: ['bool', Uint8Array]};

function readSafetensors(file) {
  const bytes = fs.readFileSync(file);
  const size = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + size).toString('utf8'));
  const tensors = {};
  for (const [name, {dtype, shape, data_offsets}] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [type, Elements] = TYPES[dtype];
    const [begin, end] = data_offsets.map((offset) => 8 + size + offset);
    const data = new Elements(Uint8Array.from(bytes.subarray(begin, end)).buffer);
    tensors[name] = new ort.Tensor(type, data, shape);
  }
  return tensors;
}

// The largest difference, relative to the largest number if that is above 1.
function difference(got, wanted) {
  if (got.type !== wanted.type) throw new Error(`is ${got.type}, ${wanted.type} is wanted`);
  if (got.dims.join() !== wanted.dims.join()) {
    throw new Error(`has shape (${got.dims}), (${wanted.dims}) is wanted`);
  }
  let most = 0, largest = 1;
  for (let i = 0; i < wanted.data.length; ++i) {
    const a = Number(got.data[i]), b = Number(wanted.data[i]);
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    largest = Math.max(largest, Math.abs(b));
    most = Math.max(most, Number.isFinite(a - b) ? Math.abs(a - b) : Infinity);
  }
  return most / largest;
}

async function compare(folder, name) {
  const session = await ort.InferenceSession.create(path.join(folder, name + '.onnx'),
                                                    {logSeverityLevel: 3});
  const result = {runs: 0, outputs: 0, difference: 0, faults: []};
  const files = fs.readdirSync(folder).filter(
      (file) => file.startsWith(name + '.') && file.endsWith('.safetensors'));
  for (const file of files.sort()) {
    const feeds = {}, wanted = {};
    for (const [key, tensor] of Object.entries(readSafetensors(path.join(folder, file)))) {
      const [kind, own] = [key.slice(0, key.indexOf('.')), key.slice(key.indexOf('.') + 1)];
      (kind === 'input' ? feeds : wanted)[own] = tensor;
    }
    const outputs = await session.run(feeds);
    for (const [output, tensor] of Object.entries(wanted)) {
      try {
        const off = difference(outputs[output], tensor);
        result.difference = Math.max(result.difference, off);
        if (!(off <= LIMIT)) result.faults.push(`${file}: ${output} is off by ${off}`);
      } catch (error) {
        result.faults.push(`${file}: ${output} ${error.message}`);
      }
    }
    result.outputs = Object.keys(wanted).length;
    ++result.runs;
  }
  if (result.runs === 0) result.faults.push('nothing to compare with');
  return result;
}

async function main() {
  const [folder, only] = process.argv.slice(2);
  const names = fs.readdirSync(folder).filter((file) => file.endsWith('.onnx'))
      .map((file) => file.slice(0, -5)).filter((name) => !only || name === only).sort();
  console.log(`onnxruntime-node ${require('onnxruntime-node/package.json').version}`);
  console.log('model                           runs outputs  largest difference');
  let passed = 0;
  for (const name of names) {
    let result;
    try {
      result = await compare(folder, name);
    } catch (error) {
      result = {runs: 0, outputs: 0, difference: NaN, faults: [error.message]};
    }
    console.log(name.padEnd(31), String(result.runs).padStart(4),
                String(result.outputs).padStart(7), result.difference.toExponential(1).padStart(19));
    for (const fault of result.faults.slice(0, 10)) console.log('  ' + fault);
    if (result.faults.length === 0) ++passed;
  }
  console.log(`${passed} passed, ${names.length - passed} failed`);
  process.exit(passed === names.length && passed > 0 ? 0 : 1);
}

main().catch((error) => { console.error(String(error)); process.exit(1); });
