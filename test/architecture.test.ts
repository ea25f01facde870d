import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const source = path.resolve(import.meta.dirname, '../src');

/** What a folder may import, beside its own files: folders, or single files of them. `cli` may import everything. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  util: [],
  config: ['util'],
  rotator: ['util', 'config/types.ts', 'api/event.ts'],
  api: ['util', 'config/types.ts', 'rotator'],
  output: ['util', 'config/types.ts', 'api'],
  process: ['util', 'config/types.ts', 'config/instance.ts', 'config/values', 'rotator/machine.ts', 'output'],
  state: ['util', 'config/types.ts', 'process'],
  sockets: ['util', 'config/types.ts', 'config/services/listen.ts', 'api', 'process/launch.ts', 'state'],
  routing: ['util', 'config/types.ts', 'config/instance.ts', 'config/values'],
  triggers: ['util', 'process/writers.ts'],
  control: ['util', 'config/types.ts', 'config/values', 'rotator/machine.ts', 'api'],
  export: ['util', 'config/types.ts', 'config/instance.ts', 'config/values'],
  report: ['util', 'config/types.ts', 'rotator', 'api'],
  manager: [
    ...['util', 'config', 'rotator', 'api', 'output', 'process', 'state', 'sockets', 'routing', 'triggers'],
  ],
  cli: [
    ...['util', 'config', 'rotator', 'api', 'output', 'process', 'state', 'sockets', 'routing', 'triggers'],
    ...['control', 'export', 'report', 'manager'],
  ],
  // The types that the package gives out.
  'index.ts': ['api', 'config/schema/generated'],
};

/** Who may say these words; everybody else hands a stream or an exit code on. */
const MAY_NAME: readonly { readonly word: RegExp; readonly who: readonly string[] }[] = [
  {
    word: /\bprocess\.(?:stdout|stderr)\b|\bconsole\.(?:log|error|warn|info)\b/,
    who: ['report/', 'cli/bin.ts', 'cli/run/supervise.ts'],
  },
  { word: /\bprocess\.exit\b/, who: ['cli/bin.ts', 'sockets/start-listening.ts'] },
];

/** What would make the machine depend on something else than its events. */
const IMPURE =
  /\bnode:|\bDate\b|\bset(?:Timeout|Interval|Immediate)\b|\bMath\.random\b|\bperformance\b|\bprocess\./;

interface SourceFile {
  /** From src, `rotator/types.ts`. */
  readonly name: string;
  /** Without comments. */
  readonly code: string;
  readonly lines: number;
}

function fileOf(name: string, text: string): SourceFile {
  const code = text.replace(/\/\*.*?\*\//gs, '').replace(/(^|\s)\/\/.*$/gm, '$1');
  return { name, code, lines: text.trimEnd().split('\n').length };
}

const FILES = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith(path.join('config', 'schema', 'generated')))
  .map((name) => fileOf(name, readFileSync(path.join(source, name), 'utf8')));

const folderOf = (name: string): string => name.split('/')[0] ?? '';

/** The files of src that a file imports, by their names. */
function importsOf({ name, code }: SourceFile): string[] {
  return [...code.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']*)'/g)]
    .map(([, target = '']) => path.join(path.dirname(name), target))
    .filter((target) => !target.startsWith('..'));
}

function forbiddenImports(file: SourceFile): string[] {
  const folder = folderOf(file.name);
  const allowed = MAY_IMPORT[folder];
  if (allowed === undefined) return [`${file.name} is in a folder that is not in the table`];
  return importsOf(file)
    .filter((target) => folderOf(target) !== folder)
    .filter((target) => !allowed.some((one) => target === one || target.startsWith(`${one}/`)))
    .map((target) => `${file.name} imports ${target}`);
}

function forbiddenWords(file: SourceFile): string[] {
  return MAY_NAME.flatMap(({ word, who }) => {
    const found = who.some((one) => file.name.startsWith(one)) ? null : word.exec(file.code);
    return found === null ? [] : [`${file.name} names ${found[0]}`];
  });
}

function impureWords(file: SourceFile): string[] {
  const found = folderOf(file.name) === 'rotator' ? IMPURE.exec(file.code) : null;
  return found === null ? [] : [`${file.name} names ${found[0]}`];
}

function twice(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

describe('the folders of src', () => {
  test('are those of the table', () => {
    const folders = new Set(FILES.map(({ name }) => folderOf(name)));
    expect([...folders].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  test('import what the table allows: arrows go one way, and nothing imports cli', () => {
    expect(FILES.flatMap(forbiddenImports)).toEqual([]);
  });

  test('the machine knows no module of Node, no clock, no timer and no chance', () => {
    expect(FILES.flatMap(impureWords)).toEqual([]);
  });

  test('one place writes to stdout and stderr, and one ends the process', () => {
    expect(FILES.flatMap(forbiddenWords)).toEqual([]);
  });

  test('no file is called after what it is not', () => {
    const nameless = /^(?:utils|helpers?|common|misc)$/;
    const parts = FILES.flatMap(({ name }) => name.replace(/\.ts$/, '').split('/'));
    expect(parts.filter((part) => nameless.test(part))).toEqual([]);
  });

  test('no file name has two meanings; the file of a command has the name of the command', () => {
    const names = FILES.map(({ name }) => name)
      .filter((name) => !name.startsWith('cli/commands/'))
      .map((name) => path.basename(name));
    expect(twice(names)).toEqual([]);
  });

  test('no exported name has two meanings', () => {
    const exported = /^export (?:async )?(?:type|interface|class|function|const|let) ([A-Za-z]\w*)/gm;
    expect(
      twice(FILES.flatMap(({ code }) => [...code.matchAll(exported)].map(([, name = '']) => name))),
    ).toEqual([]);
  });

  test('no file is longer than 400 lines', () => {
    expect(FILES.filter(({ lines }) => lines > 400).map(({ name }) => name)).toEqual([]);
  });
});

describe('what is checked is seen', () => {
  const importing = (target: string): string => `import { x } from '${target}';`;

  test.each([
    ['util/a.ts', importing('../config/types.ts')],
    ['rotator/a.ts', importing('../config/load.ts')],
    ['rotator/a.ts', `export type { X } from '../report/log.ts';`],
    ['output/lines/a.ts', importing('../../config/load.ts')],
    ['manager/a.ts', `const { x } = await import('../cli/main.ts');`],
    ['manager/a.ts', `import {\n  x,\n} from '../control/server.ts';`],
    ['config/a.ts', `import '../process/launch.ts';`],
    ['elsewhere/a.ts', ''],
  ])('%s with %j', (name, text) => {
    expect(forbiddenImports(fileOf(name, text))).toHaveLength(1);
  });

  test.each([
    'const at = Date.now();',
    'setTimeout(go, 5);',
    'const x = Math.random();',
    `import { readFileSync } from 'node:fs';`,
  ])('the machine with %j', (text) => {
    expect(impureWords(fileOf('rotator/a.ts', text))).toHaveLength(1);
    expect(impureWords(fileOf('rotator/a.ts', `// ${text}\n/** ${text} */`))).toEqual([]);
  });

  test('a stream or an exit where they do not belong', () => {
    expect(forbiddenWords(fileOf('cli/main.ts', 'process.exit(1)'))).toHaveLength(1);
    expect(forbiddenWords(fileOf('manager/a.ts', 'process.stderr.write(x)'))).toHaveLength(1);
    expect(forbiddenWords(fileOf('report/a.ts', 'process.stderr.write(x)'))).toEqual([]);
  });
});
