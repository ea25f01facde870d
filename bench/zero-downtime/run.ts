#!/usr/bin/env -S npx tsx
// Counts every failed request through rotations behind real proxies and without one, and prints a table; exit 1 when a row is not as it should be.
// Usage: npx tsx bench/zero-downtime/run.ts [--quick] [--only nginx,haproxy,listen] [--rows post,dies] [--json FILE] [--bin PATH]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openBed } from './bed.ts';
import { proxies, version } from './proxies/index.ts';
import { runRow } from './row.ts';
import { isAsItShouldBe, rowsFor, WITHOUT_PROXY, type Row } from './rows.ts';
import { oneLine, table, type JudgedResult } from './table.ts';

const root = path.resolve(import.meta.dirname, '../..');
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    only: { type: 'string' },
    rows: { type: 'string' },
    json: { type: 'string' },
    bin: { type: 'string' },
  },
});
const bin = path.resolve(flags.bin ?? path.join(root, 'bin/alternate'));
if (flags.bin === undefined)
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });

const known = [...Object.keys(proxies), WITHOUT_PROXY] as Row['proxy'][];
const wanted = (flags.only?.split(',') ?? known).map((name) => {
  const found = known.find((candidate) => candidate === name);
  if (found !== undefined) return found;
  console.error(`--only knows ${known.join(', ')}, not ${name}`);
  process.exit(2);
});
const versions: Record<string, string | null> = {};
for (const name of wanted) if (name !== WITHOUT_PROXY) versions[name] = version(proxies[name]);
const present = wanted.filter((name) => versions[name] !== null);
for (const name of wanted)
  if (versions[name] === null) console.error(`${name} is not installed: its rows are left out`);

const chosen = flags.rows?.split(',');
const rows = rowsFor(present).filter(
  (row) =>
    chosen === undefined ||
    [...row.workloads, row.release ?? '', row.incident ?? ''].some((word) => chosen.includes(word)),
);
const length = flags.quick ? { steadyMs: 500, rotations: 3 } : { steadyMs: 2_000, rotations: 20 };

const bed = openBed();
const done: JudgedResult[] = [];
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.once('exit', () => bed.close());
let broken = 0;
for (const row of rows) {
  try {
    for (const found of await runRow(row, { bed, bin, ...length })) {
      const result = { ...found, passed: isAsItShouldBe(found) };
      done.push(result);
      console.error(oneLine(result));
      if (!result.passed) console.error(JSON.stringify(result.examples, null, 2));
    }
  } catch (error) {
    broken++;
    console.error(
      `${JSON.stringify(row)}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
}

const judged = done.filter(({ expected }) => expected === 0);
const requests = judged.reduce((sum, row) => sum + row.requests, 0);
const failed = judged.reduce((sum, row) => sum + row.failed, 0);
const programs = Object.entries(versions)
  .filter(([, found]) => found !== null)
  .map((words) => `, ${words.join(' ')}`)
  .join('');
console.log(table(done));
console.log(
  `\n${failed.toLocaleString('en-US')} of ${requests.toLocaleString('en-US')} requests failed in the ${judged.length} rows where none should. Node ${process.version}${programs}, ${availableParallelism()} cores, ${process.platform}-${process.arch}.`,
);
if (flags.json !== undefined)
  writeFileSync(
    flags.json,
    JSON.stringify(
      { at: new Date().toISOString(), node: process.version, versions, requests, failed, rows: done },
      null,
      1,
    ),
  );
process.exitCode = broken === 0 && done.every(({ passed }) => passed) ? 0 : 1;
