/** With real processes: how much arrives, in what order, and how much memory that takes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OutputSpec } from '../../src/output/output.ts';
import { until } from '../support/until.ts';
import type { CarryingPlan, CarryingResult } from './carrying-program.ts';

const MEMORY_LIMIT_MIB = 200;
const PREFIX = { type: 'prefix' } as const;
/** Writes 64 KiB blocks, as many as its first argument says, and counts them in the file that its second one names. */
const COUNTING_WRITER = `
  const { writeSync, writeFileSync } = require('node:fs');
  const block = Buffer.from(('y'.repeat(63) + '\\n').repeat(1024));
  for (let count = 1; count <= Number(process.argv[1]); count++) {
    for (let at = 0; at < block.length; ) at += writeSync(1, block, at);
    writeFileSync(process.argv[2], String(count));
  }
`;

let folder: string;
let program: string;
let result: string;
let runs = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alternate-output-'));
  program = join(folder, 'carry.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./carrying-program.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  result = join(folder, `result-${++runs}`);
});

type Instance = CarryingPlan['instances'][number];

function instance(
  parameter: string | null,
  command: readonly [string, ...string[]],
  spec: Partial<OutputSpec> = {},
): Instance {
  return { service: 'api', parameter, output: PREFIX, needsLines: false, command, ...spec };
}

function planFor(instances: readonly Instance[], graceMs = 10_000): string {
  return JSON.stringify({ instances, graceMs, result } satisfies CarryingPlan);
}

async function readResult(): Promise<CarryingResult> {
  return JSON.parse(await readFile(result, 'utf8')) as CarryingResult;
}

/** Runs a shell script in which `$NODE $PROGRAM "$PLAN"` carries the output of the instances; returns its stdout. */
async function shell(script: string, instances: readonly Instance[]): Promise<string> {
  const env = {
    ...process.env,
    NODE: process.execPath,
    PROGRAM: program,
    PLAN: planFor(instances),
    FOLDER: folder,
  };
  const child = spawn('sh', ['-c', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const text = collect(child);
  await exit(child);
  return text();
}

function carry(instances: readonly Instance[], graceMs?: number): ChildProcess {
  return spawn(process.execPath, [program, planFor(instances, graceMs)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr' = 'stdout'): () => string {
  const chunks: Buffer[] = [];
  child[stream]?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

function exit(child: ChildProcess): Promise<number | null> {
  return until('the process to end', new Promise((resolve) => child.on('close', resolve)));
}

describe('output with a prefix', () => {
  test('takes 300 MB without a newline: memory bounded, every byte arrives', async () => {
    const flood = instance('3000', ['head', '-c', '300000000', '/dev/zero']);
    const said = await shell(
      `mkfifo "$FOLDER/zero"
      { printf 'api:3000 | '; head -c 300000000 /dev/zero; echo; } > "$FOLDER/zero" &
      $NODE "$PROGRAM" "$PLAN" | cmp - "$FOLDER/zero" && echo same`,
      [flood],
    );
    expect(said).toBe('same\n');
    expect((await readResult()).maxRssMiB).toBeLessThan(MEMORY_LIMIT_MIB);
  });

  test('takes 500 MB of 100-byte lines: memory bounded, every line arrives with its prefix', async () => {
    const line = 'x'.repeat(99);
    const said = await shell(
      `mkfifo "$FOLDER/lines"
      { yes 'api:3000 | ${line}' | head -n 5000000; } > "$FOLDER/lines" &
      $NODE "$PROGRAM" "$PLAN" | cmp - "$FOLDER/lines" && echo same`,
      [instance('3000', ['sh', '-c', `yes ${line} | head -n 5000000`])],
    );
    expect(said).toBe('same\n');
    expect((await readResult()).maxRssMiB).toBeLessThan(MEMORY_LIMIT_MIB);
  });

  test('waits with the instance for a reader that stalls, and then brings everything', async () => {
    const blocks = 1_000;
    const progress = join(folder, 'progress');
    const writer = [process.execPath, '-e', COUNTING_WRITER, String(blocks), progress] as const;
    const child = carry([instance(null, writer)]);
    const written = await until('the instance to be held up', progressThatStays(progress));
    expect(written * 65_536).toBeLessThan(8 * 1024 * 1024);

    let bytes = 0;
    child.stdout?.on('data', (chunk: Buffer) => (bytes += chunk.length));
    expect(await exit(child)).toBe(0);
    expect(bytes).toBe(blocks * 1024 * (64 + 'api | '.length));
    expect((await readResult()).maxRssMiB).toBeLessThan(MEMORY_LIMIT_MIB);
  });

  test('lets the instance go on when the reader of stdout goes away, and says so on stderr', async () => {
    const progress = join(folder, 'progress of the unread');
    const child = carry([instance(null, [process.execPath, '-e', COUNTING_WRITER, '400', progress])]);
    const said = collect(child, 'stderr');
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await exit(child)).toBe(0);
    expect(await readFile(progress, 'utf8')).toBe('400');
    expect(said().match(/output-closed/g)).toHaveLength(1);
    expect(said()).toContain('"file":"stdout"');
  });

  test('says on stdout that the reader of stderr has gone', async () => {
    const talk =
      'i=0; while [ $i -lt 2000 ]; do echo "some words for stderr" >&2; i=$((i+1)); done; echo bye';
    const child = carry([instance(null, ['sh', '-c', talk])]);
    child.stderr?.destroy();
    const said = collect(child);
    expect(await exit(child)).toBe(0);
    expect(said()).toContain('api | bye\n');
    expect(said().match(/alternate \| .*"output-closed","file":"stderr"/g)).toHaveLength(1);
  });

  test('never mixes lines, not even where stdout and stderr are one pipe', async () => {
    const talk = (word: string): string =>
      `i=0; while [ $i -lt 3000 ]; do echo "${word} $i ${word.repeat(40)}"; echo "err $i ${word.repeat(9)}" >&2; i=$((i+1)); done`;
    const text = await shell('$NODE "$PROGRAM" "$PLAN" 2>&1 | cat', [
      instance('3000', ['sh', '-c', talk('one')]),
      instance('3001', ['sh', '-c', talk('two')]),
    ]);
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(12_000);
    for (const line of lines) {
      expect(line).toMatch(/^(api:3000 \| (one|err) \d+ (one)+|api:3001 \| (two|err) \d+ (two)+)$/);
    }
  });

  test('goes to stdout and stderr apart', async () => {
    const child = carry([instance(null, ['sh', '-c', 'echo out; printf err >&2'])]);
    const [out, err] = [collect(child), collect(child, 'stderr')];
    expect(await exit(child)).toBe(0);
    expect([out(), err()]).toEqual(['api | out\n', 'api | err\n']);
  });

  test.skipIf(!existsSync('/dev/full'))('survives a stdout on a full disk (/dev/full)', async () => {
    const full = await open('/dev/full', 'w');
    const plan = planFor([instance(null, ['sh', '-c', 'echo out; echo err >&2'])]);
    const child = spawn(process.execPath, [program, plan], { stdio: ['ignore', full.fd, 'pipe'] });
    const said = collect(child, 'stderr');
    expect(await exit(child)).toBe(0);
    await full.close();
    expect(said()).toContain('api | err\n');
    expect(said()).toContain('{"type":"output-lost","file":"stdout","reason":"ENOSPC","bytes":10}');
  });

  test('does not wait for a grandchild that holds the pipe', async () => {
    const child = carry([instance(null, ['sh', '-c', 'sleep 600 & echo $!'])], 50);
    const said = collect(child);
    try {
      expect(await exit(child)).toBe(0);
      expect((await readResult()).flushed).toBe(true);
    } finally {
      process.kill(Number(said().replace('api | ', '')));
    }
  });
});

describe('other outputs', () => {
  test('inherit: leaves the descriptors to the instance, and its own stdout non-blocking', async () => {
    const text = await shell('$NODE "$PROGRAM" "$PLAN" | cat', [
      instance(null, ['sh', '-c', 'printf raw'], { output: { type: 'inherit' } }),
      instance('other', ['echo', 'with a prefix']),
    ]);
    expect(text.replace('raw', '')).toBe('api:other | with a prefix\n');
    const { stdoutFlags } = await readResult();
    if (stdoutFlags !== null) expect(stdoutFlags & constants.O_NONBLOCK).not.toBe(0);
  });

  test('inherit, ignore: their lines can be read all the same', async () => {
    const text = await shell('$NODE "$PROGRAM" "$PLAN"', [
      instance(null, ['sh', '-c', 'printf "inherited\\nlast"'], {
        output: { type: 'inherit' },
        needsLines: true,
      }),
      instance(null, ['echo', 'ignored'], { output: { type: 'ignore' }, needsLines: true }),
    ]);
    expect(text).toBe('inherited\nlast');
    expect([...(await readResult()).lines].sort()).toEqual(['ignored', 'inherited', 'last']);
  });

  test('file: two instances share one, and everything is in it at the end', async () => {
    const file = join(folder, 'logs', 'shared.log');
    const output = { type: 'file', file, maxSizeBytes: null, maxFiles: 0 } as const;
    const lines = (word: string) => ['sh', '-c', `yes ${word} | head -n 50000; echo ${word} >&2`] as const;
    const text = await shell('$NODE "$PROGRAM" "$PLAN" 2>&1', [
      instance('3000', lines('one'), { output }),
      instance('3001', lines('second'), { output }),
    ]);
    expect(text).toBe('');
    const written = (await readFile(file, 'latin1')).split('\n');
    expect(written.pop()).toBe('');
    expect(written.filter((line) => line === 'one')).toHaveLength(50_001);
    expect(written.filter((line) => line === 'second')).toHaveLength(50_001);
    expect(written).toHaveLength(100_002);
  });
});

/** Looks at a counter in a file until it has not moved for 30 looks in a row; returns it. */
function progressThatStays(path: string): () => Promise<number | null> {
  let previous = -1;
  let stays = 0;
  return async () => {
    const count = Number(await readFile(path, 'utf8').catch(() => '0'));
    stays = count > 0 && count === previous ? stays + 1 : 0;
    previous = count;
    return stays >= 30 ? count : null;
  };
}
