/** Colours text only on a terminal that is not dumb, and only if NO_COLOR is not set (no-color.org). */

export type Colour = 'red' | 'green' | 'yellow' | 'grey' | 'bold';

const CODES: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, grey: 90, bold: 1 };

export type Paint = (colour: Colour, text: string) => string;

/** Whether this stream shows colours and cursor movements. */
export function isLively(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === '';
}

export function painter(lively: boolean): Paint {
  return lively ? (colour, text) => `\u001b[${CODES[colour]}m${text}\u001b[0m` : (_colour, text) => text;
}
