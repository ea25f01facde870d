import { startClassic } from './classic.ts';
import type { Stage, Started } from './peer.ts';

export { needs } from './classic.ts';
export const name = 'classic form, nginx max_fails=1 fail_timeout=5s, overlap 7s, an upgrade every 14s';

/** Overlap, and what lies between the end of one and the next, are longer than nginx shuts a server out. */
export function start(stage: Stage): Started {
  return startClassic(stage, { overlap: '7s', every: 14_000 });
}
