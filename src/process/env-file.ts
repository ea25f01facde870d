/** Reads the text of an env file. Pure. */
import { failure, success, type Result } from '../util/result.ts';

/** A line that is not an assignment. `line` counts from 1. */
export interface EnvFileError {
  readonly line: number;
  readonly reason: 'not-an-assignment' | 'bad-name' | 'unclosed-quote' | 'text-after-quote' | 'nul';
}

const ASSIGNMENT = /^(?:export[ \t]+)?([^=\s]+)[ \t]*=[ \t]*(.*)$/s;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const BLANK_OR_COMMENT = /^\s*(?:#.*)?$/;

/**
 * One `NAME=value` per line. `export` before the name is allowed. Blank lines and `#` comments are skipped.
 * - Single quotes keep their content unchanged. In double quotes `\n`, `\t`, `\r`, `\"`, `\\` and `\$` are escapes. A
 *   quoted value may have several lines.
 * - A value without quotes ends at ` #`, and blanks around it are removed.
 * - Variables in values are not expanded. If a name is given twice, the last value is used.
 *
 * `util.parseEnv` of Node 20 to 26 cannot replace this. It reports no error, and accepts NUL and any name. It also reads
 * some texts differently: it cuts `A=b#c` to `b`; `\n` is its only escape, and `\"` ends the value; backticks are quotes;
 * a byte order mark, and `export` before a tab, become part of the name; it loses `__proto__`.
 */
export function parseEnvFile(
  text: string,
): Result<Readonly<Record<string, string>>, readonly EnvFileError[]> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const env = new Map<string, string>();
  const errors: EnvFileError[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    let content = (lines[index] ?? '').trimStart();
    if (BLANK_OR_COMMENT.test(content)) continue;
    const last = lastLineOfValue(lines, index);
    if (last !== null) {
      content = [content, ...lines.slice(index + 1, last + 1)].join('\n');
      index = last;
    }
    const [, name, rest] = ASSIGNMENT.exec(content) ?? [];
    if (name === undefined || rest === undefined) {
      errors.push({ line, reason: 'not-an-assignment' });
    } else if (!NAME.test(name)) {
      errors.push({ line, reason: 'bad-name' });
    } else {
      const value = readValue(rest);
      if (value.ok) env.set(name, value.value);
      else errors.push({ line, reason: value.reason });
    }
  }
  return errors.length > 0 ? failure(errors) : success(Object.fromEntries(env));
}

/**
 * The index of the line that closes a quote of line `first`. Null if line `first` leaves no quote open, or if no line
 * closes it.
 */
function lastLineOfValue(lines: readonly string[], first: number): number | null {
  const quote = /=[ \t]*(["'])/.exec(lines[first] ?? '');
  if (quote === null) return null;
  let rest = (lines[first] ?? '').slice(quote.index + quote[0].length);
  for (let index = first; index < lines.length; rest = lines[++index] ?? '') {
    if (closingQuote(rest, quote[1] ?? '') !== -1) return index === first ? null : index;
  }
  return null;
}

/** The index of the first closing quote; a backslash escapes a double quote. -1 if there is none. */
function closingQuote(text: string, quote: string): number {
  for (let index = 0; index < text.length; index++) {
    if (quote === '"' && text[index] === '\\') index += 1;
    else if (text[index] === quote) return index;
  }
  return -1;
}

function readValue(rest: string): Result<string, EnvFileError['reason']> {
  if (rest.includes('\0')) return failure('nul');
  const quote = rest.charAt(0);
  if (quote !== '"' && quote !== "'") return success(rest.replace(/(^|[ \t])#.*$/s, '').trim());
  const end = closingQuote(rest.slice(1), quote);
  if (end === -1) return failure('unclosed-quote');
  if (!BLANK_OR_COMMENT.test(rest.slice(end + 2))) return failure('text-after-quote');
  const content = rest.slice(1, end + 1);
  return success(quote === '"' ? unescape(content) : content);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['"', '"'],
  ['\\', '\\'],
  ['$', '$'],
]);

function unescape(content: string): string {
  return content.replace(/\\(.)/gs, (whole, letter: string) => ESCAPES.get(letter) ?? whole);
}
