import type { Bed } from '../bed.ts';

/** What a program is given to work with: a folder, the port for clients, and two for instances. */
export interface Stage {
  readonly bed: Bed;
  readonly folder: string;
  readonly port: number;
  readonly ports: readonly number[];
  readonly bin: string;
}

export interface Started {
  /** Resolves when the upgrade is over. */
  upgrade(): Promise<unknown>;
  stop(): Promise<unknown>;
}

/** What each file of this folder exports. */
export interface Peer {
  readonly name: string;
  /** Programs that must be there. */
  readonly needs: readonly string[];
  start(stage: Stage): Promise<Started> | Started;
}
