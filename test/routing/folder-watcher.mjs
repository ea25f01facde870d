// Reads a folder again and again in a thread of its own. One readdir of a small folder is one getdents64(2), which sees
// the folder at one moment; looking for one file after the other would see two moments.
import { existsSync, readdirSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/** @type {{ folder: string, until: string }} */
const { folder, until } = workerData;
let looks = 0;
let none = 0;
let both = 0;
parentPort?.postMessage('looking');
do {
  const names = readdirSync(folder);
  const there = ['a', 'b'].filter((name) => names.includes(name)).length;
  looks += 1;
  if (there === 0) none += 1;
  if (there === 2) both += 1;
} while (!existsSync(until));
parentPort?.postMessage({ looks, none, both });
