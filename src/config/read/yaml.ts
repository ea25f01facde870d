/** Reads YAML text into plain data with places. */
import { isMap, isScalar, parseDocument } from 'yaml';
import type { Document, Node, YAMLError } from 'yaml';
import type { Diagnostic } from '../diagnostic.ts';
import type { Span } from './frame.ts';
import { DEEPEST, isNestedTooDeeply } from './nesting.ts';
import { textDiagnostic, type Source } from './source.ts';
import { readNodes } from './yaml-data.ts';

/**
 * With `ok`, `diagnostics` are errors after which the rest is still readable, such as a key given twice. Otherwise
 * `salvaged` is what the parser could read of a text that is not valid YAML.
 */
export type ReadText =
  | { readonly ok: true; readonly source: Source; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[]; readonly salvaged?: Source };

/** Messages for the most frequent errors. For the others, the parser's own message is used. */
const ADVICE: Readonly<Partial<Record<YAMLError['code'], { message?: string; hint: string }>>> = {
  TAB_AS_INDENT: { message: 'a tab is used as indentation', hint: 'indent with spaces: YAML allows no tabs' },
  MULTIPLE_DOCS: {
    message: 'a second document begins here',
    hint: 'remove the line `---`: a file holds one document',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second `: ` on one line',
    hint: 'put quotes around a value that holds `: `',
  },
  BAD_SCALAR_START: { hint: 'put quotes around the value, as in "%alt"' },
  MISSING_CHAR: { hint: 'close it, or check the lines above' },
  NON_STRING_KEY: { message: 'a key must be text', hint: 'write `name: value`' },
  TAG_RESOLVE_FAILED: { hint: 'remove it: tags (`!name`) are not used here' },
};

/**
 * Reads YAML 1.2 (core schema, so also JSON) with anchors, aliases and merge keys. With `under`, the configuration is
 * the value of that key.
 */
export function readYaml(file: string, text: string, under?: string): ReadText {
  const diagnosticAt = (span: Span, message: string, hint: string | null = null) =>
    textDiagnostic(file, text, span, message, hint);

  if (isNestedTooDeeply(text)) {
    return {
      ok: false,
      diagnostics: [diagnosticAt({ start: 0, end: 0 }, `nested deeper than ${DEEPEST} levels`)],
    };
  }
  // The parser's own search for keys given twice takes a time that grows with the square of their number.
  const document = parseDocument(text, {
    version: '1.2',
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
  });
  const diagnostics = problemsOf(document, text).map((problem) => {
    const [start, end] = problem.pos;
    const advice = ADVICE[problem.code];
    return diagnosticAt({ start, end }, advice?.message ?? problem.message, advice?.hint);
  });
  // A directive would switch the parser to another version, which reads `yes` and dates differently.
  if (document.directives.yaml.version !== '1.2') {
    diagnostics.push(
      diagnosticAt(
        { start: 0, end: 0 },
        'the file requires another version of YAML than 1.2',
        'remove %YAML',
      ),
    );
    return { ok: false, diagnostics };
  }
  const broken = document.errors.length > 0;
  const root = rootOf(document, under);
  if (root === null) {
    if (broken) return { ok: false, diagnostics };
    const nothing = under === undefined ? 'the file contains no configuration' : `there is no key "${under}"`;
    return {
      ok: false,
      diagnostics: [...diagnostics, diagnosticAt({ start: 0, end: 0 }, nothing)],
    };
  }
  const read = readNodes(document, root);
  if (!broken)
    diagnostics.push(...read.problems.map(({ span, message, hint }) => diagnosticAt(span, message, hint)));
  if (read.gaveUp) return { ok: false, diagnostics };
  const { data, place, written } = read;
  const source = { file, text, data, place, written };
  return broken ? { ok: false, diagnostics, salvaged: source } : { ok: true, source, diagnostics };
}

/** One problem per line: further problems on the same line are mostly consequences of the first. */
function problemsOf(document: Document.Parsed, text: string): YAMLError[] {
  const lines = new Set<number>();
  return [...document.errors, ...document.warnings]
    .toSorted((one, other) => one.pos[0] - other.pos[0])
    .filter(({ pos }) => {
      const line = text.lastIndexOf('\n', pos[0] - 1);
      const first = !lines.has(line);
      lines.add(line);
      return first;
    });
}

function rootOf(document: Document.Parsed, under: string | undefined): Node | null {
  const { contents } = document;
  if (under === undefined) return isScalar(contents) && contents.value === null ? null : contents;
  if (!isMap(contents)) return null;
  const pair = contents.items.find(({ key }) => isScalar(key) && key.value === under);
  return pair?.value ?? null;
}
