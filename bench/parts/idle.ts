// Wake-ups while nothing happens, in 20 s: the watcher's slow tick is one every 2 s.
import { bin, openBed, pause, wakeUps, type Row } from './bed.ts';

const SECONDS = 20;

export async function measure(): Promise<Row[]> {
  const bed = openBed();
  const config = (watch: boolean) =>
    bed.write(
      `${watch}.yaml`,
      `control: { socket: ./${watch}.sock }\nservices:\n  a:\n    command: sleep 100%alt\n    parameters: [1, 2]\n    watch: ${watch}\n`,
    );
  const children = {
    bare: bed.start(process.execPath, ['-e', 'setInterval(()=>{},1e9)']),
    unwatched: bed.start(bin, ['--config', config(false)]),
    watched: bed.start(bin, ['--config', config(true)]),
  };
  await pause(45_000);
  const counts = () => ({
    bare: wakeUps(children.bare),
    unwatched: wakeUps(children.unwatched),
    watched: wakeUps(children.watched),
  });
  const before = counts();
  await pause(SECONDS * 1_000);
  const after = counts();
  const count = {
    bare: after.bare - before.bare,
    unwatched: after.unwatched - before.unwatched,
    watched: after.watched - before.watched,
  };
  for (const child of Object.values(children)) await bed.stop(child);
  bed.close();
  return [
    {
      what: `wake-ups in ${SECONDS} s, nothing watched`,
      ours: count.unwatched,
      floor: count.bare,
      unit: '',
      aim: 'none',
      reached: count.unwatched <= count.bare,
    },
    // Each tick wakes the main thread and, for the stat calls it hands out, some of the pool's.
    {
      what: `wake-ups in ${SECONDS} s, one file watched`,
      ours: count.watched,
      floor: count.bare,
      unit: '',
      aim: 'the slow tick',
      reached: count.watched <= 60,
    },
  ];
}
