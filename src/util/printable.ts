/**
 * Makes text from outside safe to print: the output of a check, the reason of a failure, another manager's answer. No
 * character of the result moves the cursor of a terminal or begins a line that looks like a line of the manager. Pure.
 */

/** C0, DEL and C1, the separators of lines and paragraphs, and the marks of writing direction (Unicode, UAX #9). */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const LETTERS: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line. Each control character becomes a JavaScript escape such as `\n` or `\x1b`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escape);
}

/** Like `printable`, but line ends and tabs stay. For text of several lines, such as the code frame of a diagnostic. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    character === '\n' || character === '\t' ? character : escape(character),
  );
}

function escape(character: string): string {
  const code = character.charCodeAt(0);
  const short = LETTERS[character];
  if (short !== undefined) return short;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
