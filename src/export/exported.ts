/** What an export comes to: the text for stdout, or why there is none, in words for people. */
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

/** What stands above every exported piece. */
export interface Origin {
  /** The command line that makes the same again. */
  readonly command: string;
  /** The configuration's absolute path, as it was named. */
  readonly config: string;
}

/** The lines as comments; a control character, which could end the comment, becomes a question mark. */
export function comment(...lines: readonly string[]): string {
  return lines.map((line) => `# ${line.replace(/[\u0000-\u001f\u007f]/g, '?')}\n`).join('');
}

export function madeBy({ command, config }: Origin): string {
  return comment(`Made from ${config} by: ${command}`);
}

/** Puts the lines of a text further to the right; empty ones stay empty. */
export function indent(text: string, by: string): string {
  return text.replace(/^(?=.)/gm, by);
}

/**
 * Why a text cannot be written between double quotes; null where it can. Control characters, quotes and backslashes
 * are refused for all kinds, `special` are the characters that mean something to this kind even there.
 */
export function notWritable(what: string, text: string, special: RegExp): Refusal | null {
  const found = /[\u0000-\u001f\u007f"\\]/.exec(text) ?? special.exec(text);
  if (found === null) return null;
  const message = `${what} ${JSON.stringify(text)} holds ${JSON.stringify(found[0])}, which has no safe way into that configuration; choose another name`;
  return refuse('not-writable', message);
}
