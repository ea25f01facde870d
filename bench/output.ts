// Carries lines of 100 bytes from one instance to stdout, each with its prefix, and compares that with a bare Node
// program that pipes a child's stdout through unchanged. Same machine, same run, taking turns; medians of all rounds.
// Usage: npx tsx bench/output.ts [MEGABYTES=600] [ROUNDS=5]
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const LINE = `${'x'.repeat(99)}\n`;
const megabytes = Number(process.argv[2] ?? 600);
const rounds = Number(process.argv[3] ?? 5);

const BARE = `
  import { spawn } from 'node:child_process';
  const child = spawn('cat', [process.argv[2]], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.pipe(process.stdout);
`;

const PREFIXED = `
  import { spawn } from 'node:child_process';
  import { createOutputs } from './src/output/output.ts';
  const outputs = createOutputs({ stdout: process.stdout, stderr: process.stderr, report: console.error });
  const output = outputs.open({ service: 'api', parameter: '3000', output: { type: 'prefix' }, needsLines: false });
  const child = spawn('cat', [process.argv[2]], { detached: true, stdio: ['ignore', ...output.stdio] });
  output.attach(child.stdout, child.stderr);
  child.on('exit', () => void output.release(1000).then(() => outputs.flush(60_000)));
`;

/** How long each round of the two programs took. */
type Seconds = Record<'bare' | 'prefixed', number[]>;

const folder = await mkdtemp(join(tmpdir(), 'alternate-bench-'));
try {
  const lines = join(folder, 'lines');
  await writeLines(lines);
  const programs = { bare: join(folder, 'bare.mjs'), prefixed: join(folder, 'prefixed.mjs') };
  await writeFile(programs.bare, BARE);
  await bundle(PREFIXED, programs.prefixed);

  const seconds: Record<'pipe' | 'file', Seconds> = {
    pipe: { bare: [], prefixed: [] },
    file: { bare: [], prefixed: [] },
  };
  for (let round = 0; round < rounds; round++) {
    for (const name of ['bare', 'prefixed'] as const) {
      const program = programs[name];
      seconds.pipe[name].push(await timed(() => runToPipe(program, lines)));
      seconds.file[name].push(await timed(() => runToFile(program, lines, join(folder, 'out'))));
    }
  }
  report(seconds);
} finally {
  await rm(folder, { recursive: true });
}

async function writeLines(path: string): Promise<void> {
  const file = createWriteStream(path);
  const block = Buffer.from(LINE.repeat(10_000));
  for (let left = megabytes; left > 0; left--) {
    if (!file.write(block)) await new Promise<void>((resolve) => file.once('drain', resolve));
  }
  await new Promise<void>((resolve) => file.end(() => resolve()));
}

async function bundle(contents: string, outfile: string): Promise<void> {
  const resolveDir = fileURLToPath(new URL('..', import.meta.url));
  const stdin = { contents, resolveDir, loader: 'ts' } as const;
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
}

async function timed(run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

async function runToPipe(program: string, lines: string): Promise<void> {
  const cat = spawn('sh', ['-c', '"$0" "$1" "$2" | cat >/dev/null', process.execPath, program, lines], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await exit(cat);
}

async function runToFile(program: string, lines: string, path: string): Promise<void> {
  const file = await open(path, 'w');
  await exit(spawn(process.execPath, [program, lines], { stdio: ['ignore', file.fd, 'inherit'] }));
  await file.close();
  await rm(path);
}

function exit(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(code === null ? 'ended by a signal' : `exit code ${code}`));
    });
  });
}

interface Rates {
  readonly bareMBs: number;
  readonly prefixedMBs: number;
  readonly ratio: number;
}

function report(seconds: Record<'pipe' | 'file', Seconds>): void {
  const rate = (values: number[]) =>
    Math.round(megabytes / (values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN));
  const measure = ({ bare, prefixed }: Seconds): Rates => {
    const result = { bareMBs: rate(bare), prefixedMBs: rate(prefixed) };
    return { ...result, ratio: Number((result.prefixedMBs / result.bareMBs).toFixed(2)) };
  };
  const pipe = measure(seconds.pipe);
  const file = measure(seconds.file);
  console.log(JSON.stringify({ bench: 'output', megabytes, rounds, lineBytes: LINE.length, pipe, file }));
  const cells = ({ bareMBs, prefixedMBs, ratio }: Rates) => `${prefixedMBs} of ${bareMBs} MB/s (${ratio})`;
  console.log(`| prefixed output, 100-byte lines | to a pipe: ${cells(pipe)} | to a file: ${cells(file)} |`);
}
