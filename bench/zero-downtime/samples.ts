// From the load's samples to percentiles, apart for the time of rotations and for the rest.
import { readFileSync } from 'node:fs';

/** What is left out at the beginning, while connections are made and processes warm up (ms). */
const WARM_UP_MS = 500;

/** From and to, in ms. */
export type Window = readonly [from: number, to: number];

/** All in ms; null where there was no request. */
interface Percentiles {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
}

export interface Latency {
  readonly steady: Percentiles;
  readonly rotating: Percentiles;
  readonly ratio: number | null;
}

function percentiles(latencies: Uint32Array): Percentiles {
  latencies.sort();
  const at = (share: number) => {
    const found = latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
    return found === undefined ? null : found / 1_000;
  };
  return { count: latencies.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/** `windows` are `[from, to]` in ms on the clock that `beganMs` is on. All latencies are in ms. */
export function measureLatency(file: string, beganMs: number, windows: readonly Window[]): Latency {
  const bytes = readFileSync(file);
  const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 8) * 2);
  const inside: number[] = [];
  const outside: number[] = [];
  const relative = windows.map(([from, to]): Window => [from - beganMs, to - beganMs]);
  for (let i = 0; i < numbers.length; i += 2) {
    const [began = 0, took = 0] = numbers.subarray(i, i + 2);
    const from = began / 100;
    const to = from + took / 1_000;
    if (from < WARM_UP_MS) continue;
    (relative.some((window) => from < window[1] && to > window[0]) ? inside : outside).push(took);
  }
  const steady = percentiles(Uint32Array.from(outside));
  const rotating = percentiles(Uint32Array.from(inside));
  return { steady, rotating, ratio: steady.p99 && rotating.p99 ? rotating.p99 / steady.p99 : null };
}
