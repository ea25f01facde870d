/** Who listens on a port; Linux only, as far as this user may see (proc(5), /proc/net/tcp and /proc/pid/fd). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Holder {
  readonly pid: number;
  /** The name of the program, cut to 15 bytes. */
  readonly name: string;
}

const LISTENING = '0A';

/** Null where nobody can be made out. */
export function holderOf(port: number): Holder | null {
  const sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listenersOn(port, table)));
  if (sockets.size === 0) return null;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || !holdsOne(entry, sockets)) continue;
    return { pid: Number(entry), name: readText(`/proc/${entry}/comm`).trim() };
  }
  return null;
}

/** The links that descriptors of the sockets show: `socket:[inode]`. */
function listenersOn(port: number, table: string): string[] {
  const rows = readText(`/proc/net/${table}`).split('\n').slice(1);
  return rows.flatMap((row) => {
    const fields = row.trim().split(/\s+/);
    const [, local = '', , state] = fields;
    const matches = state === LISTENING && Number.parseInt(local.split(':')[1] ?? '', 16) === port;
    return matches ? [`socket:[${fields[9] ?? ''}]`] : [];
  });
}

function holdsOne(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    // Gone meanwhile, or another user's.
    return false;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
