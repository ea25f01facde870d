// `alternate status` against a Node that does nothing at all.
import { bin, median, openBed, round, type Row } from './bed.ts';

const RUNS = 21;

export async function measure(): Promise<Row[]> {
  const bed = openBed();
  const config = bed.write(
    'alternate.config.yaml',
    `services:\n  a:\n    command: ${bed.reporter}\n    parameters: [1, 2]\n`,
  );
  const first = bed.reported();
  const manager = bed.start(bin, ['--config', config]);
  await first;
  const times: Record<'ours' | 'floor', number[]> = { ours: [], floor: [] };
  for (let run = 0; run < RUNS; run++) {
    for (const [name, command, words] of [
      ['ours', bin, ['status']],
      ['floor', process.execPath, ['-e', '0']],
    ] as const) {
      const started = performance.now();
      const child = bed.start(command, words);
      const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
      if (code !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${code ?? 'a signal'}`);
      times[name].push(performance.now() - started);
    }
  }
  await bed.stop(manager);
  bed.close();
  const [ours, floor] = [median(times.ours), median(times.floor)];
  return [
    {
      what: 'alternate status',
      ours: round(ours),
      floor: round(floor),
      unit: 'ms',
      aim: 'at most 1.5 times',
      reached: ours <= floor * 1.5,
    },
  ];
}
