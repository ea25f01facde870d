// From the load's samples to percentiles, apart for the time of rotations and for the rest.
import { readFileSync } from 'node:fs';

/** What is left out at the beginning, while connections are made and processes warm up (ms). */
const WARM_UP_MS = 500;

function percentiles(latencies) {
  latencies.sort();
  const at = (share) =>
    latencies.length === 0
      ? null
      : latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] / 1_000;
  return { count: latencies.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/** `windows` are `[from, to]` in ms on the clock that `beganMs` is on. All latencies are in ms. */
export function measureLatency(file, beganMs, windows) {
  const bytes = readFileSync(file);
  const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 8) * 2);
  const inside = [];
  const outside = [];
  const relative = windows.map(([from, to]) => [from - beganMs, to - beganMs]);
  for (let i = 0; i < numbers.length; i += 2) {
    const from = numbers[i] / 100;
    const to = from + numbers[i + 1] / 1_000;
    if (from < WARM_UP_MS) continue;
    (relative.some((window) => from < window[1] && to > window[0]) ? inside : outside).push(numbers[i + 1]);
  }
  const steady = percentiles(Uint32Array.from(outside));
  const rotating = percentiles(Uint32Array.from(inside));
  return { steady, rotating, ratio: steady.p99 && rotating.p99 ? rotating.p99 / steady.p99 : null };
}
