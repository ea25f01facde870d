/** Far deeper than any configuration, far from what the YAML parser's recursion can take. */
export const DEEPEST = 100;

/** Only a bracket where a value can begin opens anything, others are text. */
const BRACKETS = /(?:^|(?<=[[{,:?-]))[ \t]*[[{]|[\]}]/g;

/**
 * Whether YAML text is nested deeper than {@link DEEPEST}, as far as can be told without parsing it. The parser
 * recurses, and compiles regular expressions on the way: near the end of the stack V8 aborts the whole process, which
 * no `catch` can prevent (seen with 20,000 brackets on Node 20).
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
