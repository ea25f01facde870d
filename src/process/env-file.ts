/** A line that is no assignment; `line` counts from 1. */
export interface EnvFileMistake {
  readonly line: number;
  readonly reason: 'not-an-assignment' | 'bad-name' | 'unclosed-quote' | 'text-after-quote' | 'nul';
}

export type ParsedEnvFile =
  | { readonly ok: true; readonly env: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly mistakes: readonly EnvFileMistake[] };

const ASSIGNMENT = /^(?:export[ \t]+)?([^=\s]+)[ \t]*=[ \t]*(.*)$/s;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const BLANK_OR_COMMENT = /^\s*(?:#.*)?$/;

type Value =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly reason: EnvFileMistake['reason'] };

/**
 * Reads the text of an env file: a `NAME=value` a line, `export` in front allowed, blank lines and `#` comments
 * skipped. Single quotes keep their content as it is; in double quotes `\n`, `\t`, `\r`, `\"`, `\\` and `\$` are
 * escapes; both may run over several lines. Without quotes the value ends at ` #`, blanks around it are cut. Nothing
 * is expanded. A name given twice keeps its last value.
 *
 * `util.parseEnv` of Node 20 to 26 cannot take its place. It reports no mistake, accepts NUL and any name, and reads these
 * differently: `A=b#c` is cut to `b`; of the escapes it knows `\n` alone, and `\"` ends the value; backticks are quotes, too;
 * a byte order mark and `export` before a tab become part of the name; `__proto__` is lost.
 */
export function parseEnvFile(text: string): ParsedEnvFile {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const env = new Map<string, string>();
  const mistakes: EnvFileMistake[] = [];
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
      mistakes.push({ line, reason: 'not-an-assignment' });
    } else if (!NAME.test(name)) {
      mistakes.push({ line, reason: 'bad-name' });
    } else {
      const value = readValue(rest);
      if (value.ok) env.set(name, value.value);
      else mistakes.push({ line, reason: value.reason });
    }
  }
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, env: Object.fromEntries(env) };
}

/** The index of the line that closes a quote opened on line `first`; `null` when none is left open or none closes it. */
function lastLineOfValue(lines: readonly string[], first: number): number | null {
  const quote = /=[ \t]*(["'])/.exec(lines[first] ?? '');
  if (quote === null) return null;
  let rest = (lines[first] ?? '').slice(quote.index + quote[0].length);
  for (let index = first; index < lines.length; rest = lines[++index] ?? '') {
    if (closingQuote(rest, quote[1] ?? '') !== -1) return index === first ? null : index;
  }
  return null;
}

/** The index of the first closing quote; a backslash hides a double one. */
function closingQuote(text: string, quote: string): number {
  for (let index = 0; index < text.length; index++) {
    if (quote === '"' && text[index] === '\\') index += 1;
    else if (text[index] === quote) return index;
  }
  return -1;
}

function readValue(rest: string): Value {
  if (rest.includes('\0')) return { ok: false, reason: 'nul' };
  const quote = rest.charAt(0);
  if (quote !== '"' && quote !== "'") return { ok: true, value: rest.replace(/(^|[ \t])#.*$/s, '').trim() };
  const end = closingQuote(rest.slice(1), quote);
  if (end === -1) return { ok: false, reason: 'unclosed-quote' };
  if (!BLANK_OR_COMMENT.test(rest.slice(end + 2))) return { ok: false, reason: 'text-after-quote' };
  const content = rest.slice(1, end + 1);
  return { ok: true, value: quote === '"' ? unescape(content) : content };
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
