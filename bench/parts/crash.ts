// From kill -9 of an instance that had been up for a while to the first instruction of its successor.
import { readFileSync } from 'node:fs';
import { bin, median, openBed, pause, pidOf, round, type Row } from './bed.ts';

const RUNS = 20;

export async function measure(): Promise<Row[]> {
  const bed = openBed();
  // resetAfter is short, so that each of these counts as having been up for a while.
  const config = bed.write(
    'alternate.config.yaml',
    `control: { socket: ./s.sock }\nservices:\n  a:\n    command: ${bed.reporter}\n    parameters: [1, 2]\n    restart: { policy: always, resetAfter: 100ms }\n`,
  );
  const first = bed.reported();
  const manager = bed.start(bin, ['--config', config]);
  await first;
  await pause(500);
  const times: number[] = [];
  const childrenOfManager = `/proc/${pidOf(manager)}/task/${pidOf(manager)}/children`;
  for (let run = 0; run < RUNS; run++) {
    const [pid] = readFileSync(childrenOfManager, 'latin1').trim().split(' ').map(Number);
    if (!pid) throw new Error('the manager has no instance');
    const reported = bed.reported();
    const killed = performance.now();
    process.kill(pid, 'SIGKILL');
    times.push((await reported) - killed);
    await pause(250);
  }
  await bed.stop(manager);
  bed.close();
  const ours = median(times);
  return [
    {
      what: 'kill -9 to the successor',
      ours: round(ours),
      floor: null,
      unit: 'ms',
      aim: 'within 20 ms',
      reached: ours <= 20,
    },
  ];
}
