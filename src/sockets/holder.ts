/**
 * Finds the process that listens on an address; only on Linux, if this user may see it (proc(5), /proc/net,
 * /proc/pid/fd).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { basename } from 'node:path';

export interface Holder {
  readonly pid: number;
  /** The name of the program's file, without its folder. */
  readonly name: string;
}

export type ListenPlace =
  /** `ip: null`: any address of this machine. */
  { readonly ip: string | null; readonly port: number } | { readonly path: string };

const TCP_LISTENING = '0A';
/** `__SO_ACCEPTCON` of the kernel: the flags of a listening unix socket. */
const UNIX_LISTENING = '00010000';

/** Null if no process can be found. */
export function holderOf(place: ListenPlace): Holder | null {
  const inodes = 'path' in place ? unixListeners(place.path) : tcpListeners(place.ip, place.port);
  if (inodes.length === 0) return null;
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const pid = processes().find((entry) => holdsOne(entry, sockets));
  return pid === undefined ? null : { pid: Number(pid), name: programOf(pid) };
}

/** Empty if no descriptor is left to read `/proc` with (EMFILE). */
function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  } catch {
    return [];
  }
}

/**
 * `comm` is used last: it is the name of the main thread, which is `MainThread` for Node.js from version 24 on. `exe`
 * of another user's process is hidden.
 */
function programOf(pid: string): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
  } catch {
    const [word = ''] = readText(`/proc/${pid}/cmdline`).split('\0');
    return basename(word) || readText(`/proc/${pid}/comm`).trim();
  }
}

function tcpListeners(ip: string | null, port: number): string[] {
  return ['tcp', 'tcp6'].flatMap(rowsOf).flatMap(([, local = '', , state, , , , , , inode = '']) => {
    const [address = '', hexPort = ''] = local.split(':');
    const matches = state === TCP_LISTENING && Number.parseInt(hexPort, 16) === port && covers(address, ip);
    return matches ? [inode] : [];
  });
}

/**
 * Whether a listener on this address of the kernel's table (hexadecimal, in the machine's byte order) also has `ip`.
 */
function covers(address: string, ip: string | null): boolean {
  if (ip === null || !isIPv4(ip) || /^0+$/.test(address)) return true;
  const bytes = ip.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return address.endsWith(bytes.reverse().join('').toUpperCase());
}

function unixListeners(path: string): string[] {
  return rowsOf('unix').flatMap(([, , , flags, , , inode = '', ...words]) =>
    flags === UNIX_LISTENING && words.join(' ') === path ? [inode] : [],
  );
}

function rowsOf(table: string): string[][] {
  const [, ...rows] = readText(`/proc/net/${table}`).trimEnd().split('\n');
  return rows.map((row) => row.trim().split(/\s+/));
}

function holdsOne(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    // The process has ended meanwhile, or belongs to another user.
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
