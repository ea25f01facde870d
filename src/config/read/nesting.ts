/** Much deeper than any real configuration, and far below the limit of the YAML parser's recursion. */
export const DEEPEST = 100;

/** A bracket opens a collection only at a place where a value can begin. Other brackets are text. */
const BRACKETS = /(?:^|(?<=[[{,:?-]))[ \t]*[[{]|[\]}]/g;

/**
 * Whether YAML text is nested deeper than {@link DEEPEST}, estimated without parsing it. The parser recurses, and
 * compiles regular expressions meanwhile. Near the end of the stack V8 then aborts the whole process, and no `catch`
 * can prevent that (seen with 20,000 brackets on Node.js 20).
 */
export function isNestedTooDeeply(text: string): boolean {
  const indents: number[] = [];
  let brackets = 0;
  for (const line of text.split('\n')) {
    const content = line.trimStart();
    if (content === '' || content.startsWith('#')) continue;
    const indent = line.length - content.length;
    while (indents.length > 0 && (indents.at(-1) ?? 0) >= indent) indents.pop();
    indents.push(indent);
    const depth = indents.length + indicators(content);
    for (const bracket of content.matchAll(BRACKETS)) {
      const opens = bracket[0].endsWith('[') || bracket[0].endsWith('{');
      brackets = opens ? brackets + 1 : Math.max(0, brackets - 1);
      if (depth + brackets > DEEPEST) return true;
    }
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** `- - ? - x` opens a collection with each indicator. */
function indicators(content: string): number {
  return /^(?:[-?:][ \t]+)*/.exec(content)?.[0].match(/[-?:]/g)?.length ?? 0;
}
