import type { Writable } from 'node:stream';

/** `process.stdout`, `process.stderr`, or in a test any stream. */
export type StandardStream = Writable & { readonly fd?: number };
