/** Finds shell syntax in a command that no shell runs. Pure. */

export interface ShellSyntax {
  readonly message: string;
  readonly hint: string;
}

const NAMES_A_VARIABLE = /^([A-Za-z_]\w*)=/;
/** A redirection as a word, with or without its target. `>=1.0` and `<name>` are not redirections. */
const REDIRECTION = /^(?:\d?>>?(?:&\d?)?(?![=&]).*|&>>?.*|\d?<{1,3}(?!.*>$)(?!=).*)$/;
const OPERATOR = /^(?:\|\|?|\|&|&&|;)$|[^;];$/;
/** POSIX, Shell Command Language, 2.6: parameters and commands. */
const EXPANSION = /\$(?:\(|\{?[A-Za-z_]\w*\}?)|`/;
const HOME = /^~(?:\/|$)/;

const LET_A_SHELL = 'no shell runs the command; to use a shell, write sh -c "exec …"';

/**
 * The first part of a command that a shell would interpret, and that the program gets unchanged.
 * @param words the words of {@link splitWords}
 * @param bare the same words without quoted text: that is text for the program, which may be a shell itself
 */
export function findShellSyntax(words: readonly string[], bare: readonly string[]): ShellSyntax | null {
  const variable = NAMES_A_VARIABLE.exec(bare[0] ?? '')?.[1];
  if (variable !== undefined)
    return {
      // The value may be a secret.
      message: `${variable}=… is used as the name of the program`,
      hint: `no shell runs the command; write env: { ${variable}: … }`,
    };
  for (const [index, word] of bare.entries()) {
    const given = words[index] ?? '';
    const last = index === bare.length - 1;
    if (last && /(?:^|[^&])&$/.test(word))
      return passedOn('&', 'remove it: the program must stay in the foreground');
    if (REDIRECTION.test(word))
      return passedOn(given, 'no shell runs the command; write output: { file: … }, or sh -c "exec …"');
    if (OPERATOR.test(word)) return passedOn(word.endsWith(';') ? ';' : given, LET_A_SHELL);
    const expansion = EXPANSION.exec(word)?.[0];
    // The rest of the word may be a secret.
    if (expansion !== undefined)
      return passedOn(expansion, 'no shell expands it; use %alt or env, or sh -c "exec …"');
    if (HOME.test(word)) return passedOn('~', 'no shell expands it; write the full path');
  }
  return null;
}

function passedOn(text: string, hint: string): ShellSyntax {
  return { message: `${text} is passed to the program unchanged`, hint };
}
