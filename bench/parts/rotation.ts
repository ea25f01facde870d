// From SIGUSR1 to the first instruction of the next instance, against a bare Node program that spawns at SIGUSR1.
import { bin, median, openBed, pause, round, type Row } from './bed.ts';

const RUNS = 40;

export async function measure(): Promise<Row[]> {
  const bed = openBed();
  const config = bed.write(
    'alternate.config.yaml',
    `services:\n  a:\n    command: ${bed.reporter}\n    parameters: [1, 2]\n    overlap: 0\n    output: inherit\n    watch: true\n`,
  );
  const bare = bed.write(
    'bare.mjs',
    `import { spawn } from 'node:child_process';\nconst [c, ...w] = ${JSON.stringify(bed.reporterWords)};\nlet last;\nconst next = () => { last?.kill(); last = spawn(c, w, { detached: true, stdio: 'inherit' }); };\nprocess.on('SIGUSR1', next);\nprocess.on('SIGTERM', () => { last.kill(); process.exit(); });\nnext();\n`,
  );
  const first = bed.reported();
  const ours = bed.start(bin, ['--config', config]);
  await first;
  const second = bed.reported();
  const floor = bed.start(process.execPath, [bare]);
  await second;
  await pause(1_000);
  const times: Record<'ours' | 'floor', number[]> = { ours: [], floor: [] };
  for (let run = 0; run < RUNS; run++) {
    for (const [name, child] of [
      ['ours', ours],
      ['floor', floor],
    ] as const) {
      const reported = bed.reported();
      const asked = performance.now();
      child.kill('SIGUSR1');
      times[name].push((await reported) - asked);
      await pause(50);
    }
  }
  await bed.stop(ours);
  await bed.stop(floor);
  bed.close();
  const [a, b] = [median(times.ours), median(times.floor)];
  return [
    {
      what: "SIGUSR1 to the next instance's first instruction",
      ours: round(a, 2),
      floor: round(b, 2),
      unit: 'ms',
      aim: 'at most 1.5 times',
      reached: a <= b * 1.5,
    },
  ];
}
