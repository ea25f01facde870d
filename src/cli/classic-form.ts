/** Distinguishes the classic form from a command. */
import { nearest } from '../util/nearest.ts';

/**
 * Whether these words are the classic form and not one of the `commands`. Its first word is a whole command line, which
 * mostly contains a space or a slash. Its last word is an overlap. A single plain word is a misspelt command.
 */
export function isClassicForm(words: readonly string[], commands: readonly string[]): boolean {
  const [first, ...rest] = words;
  if (first === undefined || first.startsWith('-') || commands.includes(first)) return false;
  return /[\s/]/.test(first) || /^-?[\d.]/.test(rest.at(-1) ?? '');
}

/** The message for a word that is neither, in the form of commander's own errors. */
export function unknownCommand(word: string, commands: readonly string[]): string {
  const meant = nearest(word, commands);
  return `error: unknown command '${word}'${meant === null ? '; see alternate --help' : `\n(Did you mean ${meant}?)`}`;
}
