/**
 * A process of its own that carries the output of the given commands, so that its memory and its real stdout and stderr
 * can be looked at. Bundled by the test; the plan is the first argument.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createOutputs, type OutputSpec } from '../../src/output/output.ts';

export interface CarryingPlan {
  readonly instances: readonly (OutputSpec & { readonly command: readonly [string, ...string[]] })[];
  readonly graceMs: number;
  /** Where the result is written at the end. */
  readonly result: string;
}

export interface CarryingResult {
  readonly maxRssMiB: number;
  readonly lines: readonly string[];
  /** Of the open file behind stdout, as /proc/self/fdinfo has them; null where there is no /proc. */
  readonly stdoutFlags: number | null;
  readonly flushed: boolean;
}

const plan = JSON.parse(process.argv[2] ?? '') as CarryingPlan;
const lines: string[] = [];
const outputs = createOutputs({
  stdout: process.stdout,
  stderr: process.stderr,
  report(event) {
    outputs.writeMessage(`alternate | ${JSON.stringify(event)}`);
  },
});

await Promise.all(
  plan.instances.map(async ({ command: [file, ...words], ...spec }) => {
    const output = outputs.open(spec);
    if (spec.needsLines) output.onLine((line) => lines.push(line), new AbortController().signal);
    const child = spawn(file, words, { detached: true, stdio: ['ignore', ...output.stdio] });
    output.attach(child.stdout, child.stderr);
    await new Promise((resolve) => child.on('exit', resolve));
    await output.release(plan.graceMs);
  }),
);
const flushed = await outputs.flush(60_000);
const result: CarryingResult = {
  maxRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  lines,
  stdoutFlags: stdoutFlags(),
  flushed,
};
writeFileSync(plan.result, JSON.stringify(result));

function stdoutFlags(): number | null {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/1', 'latin1'))?.[1];
    return flags === undefined ? null : parseInt(flags, 8);
  } catch {
    return null;
  }
}
