import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { committedOutputs, drifted } from '../../../scripts/generate.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { parseDuration } from '../../../src/util/duration.ts';
import { parseSize } from '../../../src/util/size.ts';
import { loadOk, makeFolder } from '../folder.ts';

interface SchemaNode {
  readonly title?: string;
  readonly description?: string;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly $ref?: string;
}

const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const schema = JSON.parse(readFileSync(path('schema/alternate.schema.json'), 'utf8')) as SchemaNode & {
  readonly definitions: Readonly<Record<string, SchemaNode>>;
};

function definition(name: string): SchemaNode {
  const node = schema.definitions[name];
  if (node === undefined) throw new Error(`no definition ${name}`);
  return node;
}

/** Every key of every mapping, by a name for messages; `$ref` and a single `allOf` followed. */
function allKeys(): [string, SchemaNode][] {
  const mappings = [['', schema] as const, ...Object.entries(schema.definitions)];
  return mappings.flatMap(([parent, { properties = {} }]) =>
    Object.entries(properties).map(([key, node]): [string, SchemaNode] => {
      const reference = node.$ref ?? node.allOf?.[0]?.$ref;
      const inherited = reference === undefined ? {} : definition(reference.replace('#/definitions/', ''));
      return [`${parent}.${key}`, { ...inherited, ...node }];
    }),
  );
}

describe('the schema', () => {
  it('describes every key, with an example', () => {
    expect(allKeys().length).toBeGreaterThan(40);
    for (const [name, node] of allKeys()) {
      expect(node.description ?? '', name).toMatch(/\.$/);
      expect(node.examples ?? [], name).not.toEqual([]);
    }
  });

  it('names the defaults that are filled in', async () => {
    const defaults = (name: string) => {
      const given = Object.entries(definition(name).properties ?? {}).filter(
        ([, node]) => node.default !== undefined,
      );
      return Object.fromEntries(given.map(([key, node]) => [key, node.default]));
    };
    const ready = { tcp: 8080 };
    const service = { command: 'x', output: { file: 'x.log' }, ready };
    const { onRotate, overlap, watch } = defaults('service');
    const written = {
      ...{ ...service, onRotate, overlap, watch },
      ready: { ...ready, ...defaults('ready') },
      stop: defaults('stop'),
      restart: defaults('restartRules'),
      output: { file: 'x.log', ...defaults('outputFile') },
    };
    const cwd = await makeFolder({
      'short.json': JSON.stringify({ services: { api: service, plain: { command: 'x' } } }),
      'long.json': JSON.stringify({
        control: defaults('control'),
        services: { api: written, plain: { command: 'x', ...defaults('service') } },
      }),
    });
    const [short, long] = [
      await loadConfig({ file: 'short.json', cwd }),
      await loadConfig({ file: 'long.json', cwd }),
    ];
    if (!short.ok || !long.ok) throw new Error('refused');
    expect(long.config).toEqual({ ...short.config, path: long.config.path });
    expect(Object.keys(defaults('restartRules'))).toHaveLength(5);
  });

  it.each([
    ['duration', (text: string) => parseDuration(text).ok],
    ['durationOrNever', (text: string) => text === 'never' || parseDuration(text).ok],
    ['size', (text: string) => parseSize(text).ok],
  ])('takes for a %s what the program takes', (name, parses) => {
    const node = definition(name);
    const pattern = new RegExp(node.pattern ?? node.anyOf?.[0]?.pattern ?? '(?!)', 'u');
    const piece = fc.constantFrom(
      ...Array.from('0123456789.+-hmsunKMGiBb e\u00b5\u03bc'),
      'ms',
      'us',
      'never',
      'MB',
      'KiB',
    );
    // Numbers that are too long or nothing at all are the program's business alone.
    const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, (candidate) => {
        if (parses(candidate)) expect(pattern.test(candidate)).toBe(true);
        else if (pattern.test(candidate))
          expect(candidate).toMatch(/^[0.]+ *[KMGi]*B$|\d{3}.*h|^[0.]+\d* *B$/i);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the committed files', () => {
  const generate = path('scripts/generate.ts');

  it('follow from the schema', () => {
    execFileSync(process.execPath, ['--import', 'tsx', generate, '--check'], { stdio: 'pipe' });
  });

  it('are compared byte by byte', async () => {
    const outputs = await committedOutputs();
    expect(await drifted(outputs)).toEqual([]);
    outputs.set('docs/configuration.md', `${outputs.get('docs/configuration.md') ?? ''} `);
    outputs.set('docs/no-such-file.md', '');
    expect(await drifted(outputs)).toEqual(['docs/configuration.md', 'docs/no-such-file.md']);
  });
});

describe('docs/configuration.md', () => {
  const text = readFileSync(path('docs/configuration.md'), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);

  it('has examples', () => {
    expect(blocks.length).toBeGreaterThan(15);
  });

  it.each(blocks.map((block) => [block]))('%s', async (block) => {
    expect((await loadOk(block)).services).not.toEqual([]);
  });

  it('names every key', () => {
    for (const [name] of allKeys()) expect(text).toContain(`\`${name.split('.').at(-1) ?? ''}\``);
  });
});
