/**
 * The path to a value in a configuration as a JSON pointer (RFC 6901). `''` is the whole configuration. The schema
 * validator uses this form.
 */
export type Pointer = string;

/** The pointer to one key or item of the value that `parent` points to. */
export function child(parent: Pointer, key: string | number): Pointer {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The keys of a pointer, the outermost first. */
export function segments(pointer: Pointer): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A pointer for a message: `services.api.parameters[1]`, with quotes around unusual keys. */
export function dotted(pointer: Pointer): string {
  let text = '';
  for (const segment of segments(pointer)) {
    if (/^\d+$/.test(segment)) text += `[${segment}]`;
    else if (/^[\w$.-]+$/.test(segment)) text += text === '' ? segment : `.${segment}`;
    else text += `[${JSON.stringify(segment)}]`;
  }
  return text;
}
