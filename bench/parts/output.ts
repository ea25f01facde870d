// Prefixed output, 100-byte lines: see bench/output.ts.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { Row } from './bed.ts';

export function measure(): Row[] {
  const script = path.resolve(import.meta.dirname, '../output.ts');
  const printed = execFileSync(process.execPath, ['--import', 'tsx', script, '300', '3'], {
    encoding: 'utf8',
  });
  const json = printed.split('\n').find((line) => line.startsWith('{')) ?? '';
  const { pipe } = JSON.parse(json) as { pipe: { prefixedMBs: number; bareMBs: number } };
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
