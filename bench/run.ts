// Measures what alternate costs, each figure against a floor taken in the same run, and prints a table and JSON.
// Usage: npm run bench -- [part...]      (parts: memory idle start rotation crash status watch output)
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Row } from './parts/bed.ts';

const parts = ['memory', 'idle', 'start', 'rotation', 'crash', 'status', 'watch', 'output'];
const wanted = process.argv.slice(2);
const rows: Row[] = [];
execFileSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], {
  cwd: path.resolve(import.meta.dirname, '..'),
  stdio: 'inherit',
});
for (const part of wanted.length > 0 ? wanted : parts) {
  const { measure } = (await import(`./parts/${part}.ts`)) as { measure: () => Row[] | Promise<Row[]> };
  for (const row of await measure()) {
    rows.push(row);
    console.error(
      `${row.what}: ${row.ours} ${row.unit}, floor ${row.floor ?? '-'} ${row.unit}, aim ${row.aim}`,
    );
  }
}
console.log(
  `\nNode ${process.version}, ${availableParallelism()} cores, ${process.platform}-${process.arch}\n`,
);
console.log('| what | alternate | floor | ratio | aim | reached |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const { what, ours, floor, unit, aim, reached } of rows) {
  const ratio = floor === null ? '-' : (ours / floor).toFixed(2);
  console.log(
    `| ${what} | ${ours} ${unit} | ${floor === null ? '-' : `${floor} ${unit}`} | ${ratio} | ${aim} | ${reached ? 'yes' : 'no'} |`,
  );
}
console.log(`\n${JSON.stringify({ node: process.version, at: new Date().toISOString(), rows })}`);
