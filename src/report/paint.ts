/** Colour, only where a person reads it: a terminal that is not dumb, and no NO_COLOR (no-color.org). */
import { styleText } from 'node:util';

export type Colour = 'red' | 'green' | 'yellow' | 'grey' | 'bold';

export type Paint = (colour: Colour, text: string) => string;

/** Whether colour and cursor movement suit this stream. */
export function isLively(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === '';
}

export function painter(lively: boolean): Paint {
  // `isLively` has looked at the stream; styleText would look at stdout, even for the log, which is on stderr.
  return lively
    ? (colour, text) => styleText(colour, text, { validateStream: false })
    : (_colour, text) => text;
}
