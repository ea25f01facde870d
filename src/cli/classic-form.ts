import { nearest } from '../util/nearest.ts';

/**
 * Whether these words are the classic form and not one of the `commands`. Its first word is a whole command line,
 * which mostly holds a space or a slash; its last one is an overlap. A single plain word is a command misspelt.
 */
export function isClassicForm(words: readonly string[], commands: readonly string[]): boolean {
  const [first, ...rest] = words;
  if (first === undefined || first.startsWith('-') || commands.includes(first)) return false;
  return /[\s/]/.test(first) || /^-?[\d.]/.test(rest.at(-1) ?? '');
}

/** What is said of a word that is neither, in the words of commander's other mistakes. */
export function unknownCommand(word: string, commands: readonly string[]): string {
  const meant = nearest(word, commands);
  return `error: unknown command '${word}'${meant === null ? '; see alternate --help' : `\n(Did you mean ${meant}?)`}`;
}
