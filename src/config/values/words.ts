/** Splits a command into words as a shell does. Pure. */

import { failure, success, type Result } from '../../util/result.ts';

export interface SplitWords {
  readonly words: readonly string[];
  /** The same words. Each quoted character is replaced by NUL. */
  readonly bare: readonly string[];
}

/** `offset` is the place of the opening quote, or of the backslash. */
export interface SplitFault {
  readonly fault: 'unclosed-quote' | 'dangling-backslash';
  readonly offset: number;
}

/** Inside double quotes a backslash quotes only these (POSIX, Shell Command Language, 2.2.3). */
const ESCAPED_IN_DOUBLE_QUOTES = new Set(['$', '`', '"', '\\']);

/** Stands for a quoted character. A configuration never contains it: checkShape refuses it. */
const QUOTED = '\0';

const BLANKS = new Set([' ', '\t', '\n']);

/**
 * Splits a text as a POSIX shell does (Shell Command Language, 2.2 and 2.3): single quotes, double quotes, backslashes,
 * line continuations, and comments from a `#` at the start of a word to the end of the line. Nothing is expanded, and
 * operators (`| & ; < > ( )`) are plain characters. Unlike in a shell, a line break outside quotes is a blank, so that
 * a command can have several lines.
 */
export function splitWords(text: string): Result<SplitWords, SplitFault> {
  const words: string[] = [];
  const bareWords: string[] = [];
  // `null` between words. An empty text is a word that consists of quotes.
  let word: string | null = null;
  let bare = '';
  const end = (): void => {
    if (word !== null) {
      words.push(word);
      bareWords.push(bare);
    }
    word = null;
    bare = '';
  };
  let index = 0;
  while (index < text.length) {
    const char = text.charAt(index);
    if (BLANKS.has(char)) {
      end();
      index += 1;
    } else if (char === '#' && word === null) {
      const lineEnd = text.indexOf('\n', index);
      index = lineEnd === -1 ? text.length : lineEnd;
    } else if (char === '\\') {
      if (index + 1 === text.length) return failure({ fault: 'dangling-backslash', offset: index } as const);
      const next = text.charAt(index + 1);
      if (next !== '\n') {
        word = (word ?? '') + next;
        bare += QUOTED;
      }
      index += 2;
    } else if (char === "'" || char === '"') {
      const quoted = char === "'" ? readSingleQuotes(text, index) : readDoubleQuotes(text, index);
      if (quoted === null) return failure({ fault: 'unclosed-quote', offset: index } as const);
      word = (word ?? '') + quoted.content;
      bare += QUOTED.repeat(quoted.content.length);
      index = quoted.end;
    } else {
      word = (word ?? '') + char;
      bare += char;
      index += 1;
    }
  }
  end();
  return success({ words, bare: bareWords });
}

/** The text between a pair of quotes, and the index after the closing one. */
interface Quoted {
  readonly content: string;
  readonly end: number;
}

function readSingleQuotes(text: string, start: number): Quoted | null {
  const close = text.indexOf("'", start + 1);
  return close === -1 ? null : { content: text.slice(start + 1, close), end: close + 1 };
}

function readDoubleQuotes(text: string, start: number): Quoted | null {
  let content = '';
  for (let index = start + 1; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === '"') return { content, end: index + 1 };
    const next = text.charAt(index + 1);
    if (char === '\\' && next === '\n') {
      index += 1;
    } else if (char === '\\' && ESCAPED_IN_DOUBLE_QUOTES.has(next)) {
      content += next;
      index += 1;
    } else {
      content += char;
    }
  }
  return null;
}
