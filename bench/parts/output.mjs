// Prefixed output, 100-byte lines: see bench/output.mjs.
import { execFileSync } from 'node:child_process';
import path from 'node:path';

export async function measure() {
  const script = path.resolve(import.meta.dirname, '../output.mjs');
  const printed = execFileSync(process.execPath, [script, '300', '3'], { encoding: 'utf8' });
  const { pipe } = JSON.parse(printed.split('\n').find((line) => line.startsWith('{')));
  return [
    {
      what: 'prefixed output, 100-byte lines',
      ours: pipe.prefixedMBs,
      floor: pipe.bareMBs,
      unit: 'MB/s',
      aim: 'at least 0.6 times',
      reached: pipe.prefixedMBs >= pipe.bareMBs * 0.6,
    },
  ];
}
