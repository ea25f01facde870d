/** Colours text only on a terminal that is not dumb, and only if NO_COLOR is not set (no-color.org). */
import { styleText } from 'node:util';

export type Colour = 'red' | 'green' | 'yellow' | 'grey' | 'bold';

export type Paint = (colour: Colour, text: string) => string;

/** Whether this stream shows colours and cursor movements. */
export function isLively(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === '';
}

export function painter(lively: boolean): Paint {
  // `isLively` has looked at the stream; styleText would look at stdout, even for the log, which is on stderr.
  return lively
    ? (colour, text) => styleText(colour, text, { validateStream: false })
    : (_colour, text) => text;
}
