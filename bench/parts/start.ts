// From the start of the command to the first instruction of its first child.
import { bin, median, openBed, round, type Row } from './bed.ts';

const RUNS = 15;

export async function measure(): Promise<Row[]> {
  const bed = openBed();
  const config = bed.write(
    'alternate.config.yaml',
    `services:\n  a:\n    command: ${bed.reporter}\n    parameters: [1, 2]\n    output: inherit\n`,
  );
  const bare = bed.write(
    'bare.mjs',
    `import { spawn } from 'node:child_process';\nconst [c, ...w] = ${JSON.stringify(bed.reporterWords)};\nspawn(c, w, { detached: true, stdio: 'inherit' });\nprocess.on('SIGTERM', () => process.exit());\n`,
  );
  const times: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let run = 0; run < RUNS; run++) {
    for (const [name, command, words] of [
      ['ours', bin, ['--config', config]],
      ['bare', process.execPath, [bare]],
    ] as const) {
      const reported = bed.reported();
      const started = performance.now();
      const child = bed.start(command, words, ['ignore', 'ignore', 'ignore']);
      times[name].push((await reported) - started);
      await bed.stop(child);
    }
  }
  bed.close();
  const [ours, floor] = [median(times.ours), median(times.bare)];
  return [
    {
      what: "launch to the first child's first instruction",
      ours: round(ours),
      floor: round(floor),
      unit: 'ms',
      aim: 'at most 1.5 times',
      reached: ours <= floor * 1.5,
    },
  ];
}
