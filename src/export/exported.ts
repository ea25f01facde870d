/** The result of an export, and the parts that all exports share. Pure. */

/** The text for stdout, or the reason why there is none; `message` is for people. */
export type Exported = { readonly ok: true; readonly text: string } | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly reason:
    'unknown-service' | 'no-fitting-route' | 'several-services' | 'no-address' | 'not-writable';
  readonly message: string;
}

export function refuse(reason: Refusal['reason'], message: string): Refusal {
  return { ok: false, reason, message };
}

/** The facts in the first comment of every export. */
export interface Origin {
  /** The command line that prints the same export again. */
  readonly command: string;
  /** The configuration's absolute path, as it was named. */
  readonly config: string;
}

/** The lines as comments. A control character becomes a question mark, because it could end the comment. */
export function comment(...lines: readonly string[]): string {
  return lines.map((line) => `# ${line.replace(/[\u0000-\u001f\u007f]/g, '?')}\n`).join('');
}

export function madeBy({ command, config }: Origin): string {
  return comment(`Made from ${config} by: ${command}`);
}

/** Indents the lines of a text. Empty lines stay empty. */
export function indent(text: string, by: string): string {
  return text.replace(/^(?=.)/gm, by);
}

/**
 * Refuses a text that cannot be written between double quotes; null if it can. Control characters, quotes and
 * backslashes are always refused. `special`: the characters that have a meaning between quotes in this kind of
 * configuration.
 */
export function notWritable(what: string, text: string, special: RegExp): Refusal | null {
  const found = /[\u0000-\u001f\u007f"\\]/.exec(text) ?? special.exec(text);
  if (found === null) return null;
  const message = `${what} ${JSON.stringify(text)} contains ${JSON.stringify(found[0])}, which cannot be written safely into this configuration: choose another name`;
  return refuse('not-writable', message);
}
