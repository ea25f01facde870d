import { spawnSync } from 'node:child_process';
import type { PieceFile, Pieces } from '../export-pieces.ts';
import * as apache from './apache.ts';
import * as caddy from './caddy.ts';
import * as haproxy from './haproxy.ts';
import * as nginx from './nginx.ts';

/** What each file of this folder exports. */
export interface Proxy {
  readonly program: string;
  /** Have it print its version. */
  readonly versionWords: readonly string[];
  /** How it is notified. */
  readonly route: 'files' | 'haproxy';
  /** The pieces to export, each in a file named after its key. */
  readonly pieces: Pieces;
  /** Writes a configuration around the exported pieces, and gives the words that start the program in the foreground. */
  readonly configure: (place: ProxyPlace) => string[];
}

/** `port`: for clients; `socket`: of HAProxy's runtime API. */
export interface ProxyPlace {
  readonly folder: string;
  readonly port: number;
  readonly socket: string;
  readonly piece: PieceFile;
}

export type ProxyName = 'nginx' | 'apache' | 'caddy' | 'haproxy';

export const proxies: Readonly<Record<ProxyName, Proxy>> = { nginx, apache, caddy, haproxy };

/** What the program says it is; null where it is not installed. */
export function version({ program, versionWords }: Proxy): string | null {
  const { status, stdout, stderr } = spawnSync(program, versionWords, { encoding: 'utf8' });
  return status === 0 ? (/\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown') : null;
}
