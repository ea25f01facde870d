/** Finds what only a shell understands in a command that no shell runs. Pure. */

export interface ShellSyntax {
  readonly message: string;
  readonly hint: string;
}

const NAMES_A_VARIABLE = /^([A-Za-z_]\w*)=/;
/** A redirection as a word, with its target or without; `>=1.0` and `<name>` are none. */
const REDIRECTION = /^(?:\d?>>?(?:&\d?)?(?![=&]).*|&>>?.*|\d?<{1,3}(?!.*>$)(?!=).*)$/;
const OPERATOR = /^(?:\|\|?|\|&|&&|;)$|[^;];$/;
/** POSIX, Shell Command Language, 2.6: parameters and commands. */
const EXPANSION = /\$(?:\(|\{?[A-Za-z_]\w*\}?)|`/;
const HOME = /^~(?:\/|$)/;

const LET_A_SHELL = 'no shell runs; to have one: sh -c "exec …"';

/**
 * The first part of a command that a shell would act on and that is passed to the program as it stands.
 * @param words as {@link splitWords} splits them
 * @param bare the same without what was quoted: that is text for the program, which may be a shell itself
 */
export function findShellSyntax(words: readonly string[], bare: readonly string[]): ShellSyntax | null {
  const variable = NAMES_A_VARIABLE.exec(bare[0] ?? '')?.[1];
  if (variable !== undefined)
    return {
      // The value may be a secret.
      message: `${variable}=… is taken for the name of the program`,
      hint: `no shell runs; write env: { ${variable}: … }`,
    };
  for (const [index, word] of bare.entries()) {
    const given = words[index] ?? '';
    const last = index === bare.length - 1;
    if (last && /(?:^|[^&])&$/.test(word))
      return passedOn('&', 'leave it out: alternate itself waits for the program in the background');
    if (REDIRECTION.test(word))
      return passedOn(given, 'no shell runs; write output: { file: … }, or sh -c "exec …"');
    if (OPERATOR.test(word)) return passedOn(word.endsWith(';') ? ';' : given, LET_A_SHELL);
    const expansion = EXPANSION.exec(word)?.[0];
    // The rest of the word may be a secret.
    if (expansion !== undefined)
      return passedOn(expansion, 'nothing is expanded; use %alt or env, or sh -c "exec …"');
    if (HOME.test(word)) return passedOn('~', 'nothing is expanded; write the path in full');
  }
  return null;
}

function passedOn(text: string, hint: string): ShellSyntax {
  return { message: `${text} is passed to the program as it stands`, hint };
}
