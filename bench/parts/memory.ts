// Resident memory: one service (watched, with a control socket) and 500, against a bare Node that does nothing.
import { bin, median, openBed, pause, residentMb, round, type Bed, type Row } from './bed.ts';

export async function measure(): Promise<Row[]> {
  const bare = await resident(process.execPath, ['-e', 'setInterval(()=>{},1e9)'], 1_500);
  const one = await withServices(1, true, 3_000);
  const many = await withServices(500, false, 15_000);
  return [
    {
      what: 'memory, one watched service',
      ours: round(one),
      floor: round(bare),
      unit: 'MB',
      aim: 'at most 1.25 times',
      reached: one <= bare * 1.25,
    },
    {
      what: 'memory, 500 services',
      ours: round(many),
      floor: round(bare),
      unit: 'MB',
      aim: 'under 80 MB',
      reached: many < 80,
    },
  ];
}

async function resident(
  command: string,
  words: readonly string[],
  settleMs: number,
  bed: Bed = openBed(),
): Promise<number> {
  const figures: number[] = [];
  for (let run = 0; run < 3; run++) {
    const child = bed.start(command, words);
    await pause(settleMs);
    figures.push(residentMb(child));
    await bed.stop(child);
  }
  bed.close();
  return median(figures);
}

async function withServices(count: number, watch: boolean, settleMs: number): Promise<number> {
  const bed = openBed();
  const services = Array.from(
    { length: count },
    (_, index) =>
      `  s${index}:\n    command: sleep 100%alt\n    parameters: [1, 2]\n    output: ignore\n${watch ? '    watch: true\n' : ''}`,
  );
  const file = bed.write('alternate.config.yaml', `services:\n${services.join('')}`);
  return resident(bin, ['--config', file], settleMs, bed);
}
