import { readdirSync, readFileSync } from 'node:fs';
import { until } from './until.ts';

/** What proc(5) says of a process; null when it is gone. A zombie, which only waits to be reaped, counts as gone. */
export function processFacts(pid: number): { state: string; parent: number; group: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  const [state = '', parent, group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? null : { state, parent: Number(parent), group: Number(group) };
}

export async function processGone(pid: number): Promise<void> {
  await until(`the end of process ${pid}`, () => processFacts(pid) === null);
}

/** The processes of a group that are alive. */
export function groupMembers(group: number): number[] {
  return processes().filter((pid) => processFacts(pid)?.group === group);
}

/** The children of a process that are alive. */
export function childrenOf(parent: number): number[] {
  return processes().filter((pid) => processFacts(pid)?.parent === parent);
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}
