import { describe, expect, test } from 'vitest';
import { readYaml } from '../../../src/config/read/yaml.ts';
import { loadOk, loadService, errorsOf } from '../folder.ts';

const SERVICE = 'services:\n  api:\n    command: x\n';

describe('anchors, aliases and merge keys', () => {
  test('work', async () => {
    const { services } = await loadOk(`
services:
  one: &one
    command: x
    overlap: &time 3s
    stop: &stop { timeout: *time }
  two:
    <<: *one
    overlap: 4s
  three:
    <<: [{ overlap: 5s }, *one]
    stop: { <<: *stop, signal: INT }
`);
    expect(
      services.map(({ command, overlapMs, stop }) => [command[0], overlapMs, stop.signal, stop.timeoutMs]),
    ).toEqual([
      ['x', 3000, 'SIGTERM', 3000],
      ['x', 4000, 'SIGTERM', 3000],
      ['x', 5000, 'SIGINT', 3000],
    ]);
  });

  test('keep their places: what is inside an alias stands at its anchor, the alias itself where it is used', async () => {
    const text = `services:
  one: &one
    command: [x, &five 5]
    ovrlap: 3s
  two:
    <<: *one
    overlap: *five
`;
    expect(await errorsOf(text)).toEqual([
      '4:5 services.one.ovrlap: unknown key (did you mean "overlap"?)',
      '4:5 services.two.ovrlap: unknown key (did you mean "overlap"?)',
      '7:14 services.two.overlap: expected a duration such as 10s, 1m30s or 500ms, found 5 (add a unit: 5s or 5ms)',
    ]);
  });

  test('a merge key in quotes is a key', async () => {
    expect(await errorsOf(`${SERVICE}    "<<": { overlap: 3s }`)).toEqual([
      expect.stringContaining('4:5 services.api["<<"]: unknown key'),
    ]);
  });

  test.each([
    ['a: *nope', '1:4 there is no anchor &nope above (define it first: &nope)'],
    ['a: *x\nb: &x 1', '1:4 there is no anchor &x above (define it first: &x)'],
    ['services: &x { api: *x }', '1:21 the alias *x is inside its own anchor'],
    ['services: &x { <<: *x }', '1:20 the alias *x is inside its own anchor'],
    ['services: { <<: 5 }', '1:17 a merge key (<<) needs a mapping, or a list of mappings'],
  ])('%j is refused', async (text, error) => {
    expect(await errorsOf(text)).toContainEqual(error);
  });

  test('a bomb of aliases is refused at once', async () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [x, x, x, x, x, x, x, x, x, x]'
        : `l${level}: &l${level} [${`*l${level - 1}, `.repeat(10)}]`,
    );
    const before = performance.now();
    const errors = await errorsOf(levels.join('\n'));
    expect(performance.now() - before).toBeLessThan(5000);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('aliases add more than 20000 values');
  });

  test('and so is one of merge keys, which adds no key at all', async () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0 ? 'l0: &l0 { k: 1 }' : `l${level}: &l${level} { <<: [${`*l${level - 1}, `.repeat(10)}] }`,
    );
    const errors = await errorsOf(levels.join('\n'));
    expect(errors[0]).toContain('aliases add more than 20000 values');
  });

  test('and a long chain of aliases, each inside the next', async () => {
    const chain = Array.from(
      { length: 5000 },
      (_, index) => `k${index}: &a${index} [${index === 0 ? '' : `*a${index - 1}`}]`,
    );
    expect((await errorsOf(chain.join('\n'))).join('\n')).toContain('or 100 levels');
  });
});

describe('text that is no YAML', () => {
  test.each([
    ['services:\n\tapi: x\n', '2:1 a tab is used as indentation (indent with spaces: YAML allows no tabs)'],
    [
      `${SERVICE}---\na: 1`,
      '4:1 a second document begins here (remove the line `---`: a file holds one document)',
    ],
    ['services:\n  a: b: c', '2:6 a second `: ` on one line (put quotes around a value that holds `: `)'],
    [
      'cwd: %alt',
      '1:6 Plain value cannot start with directive indicator character % (put quotes around the value, as in "%alt")',
    ],
    ['a: "x\nb: 1', '2:5 Missing closing "quote (close it, or check the lines above)'],
    [
      'a: [1, 2\nb: 3',
      '2:1 Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['? [a]\n: b', '1:3 a key must be text (write `name: value`)'],
    ['%YAML 1.1\n---\na: yes', '1:1 the file requires another version of YAML than 1.2 (remove %YAML)'],
    ['', '1:1 the file contains no configuration'],
    ['# only a comment\n', '1:1 the file contains no configuration'],
    ['just text', '1:1 expected a mapping with services, found "just text"'],
    ['- a', '1:1 expected a mapping with services, found a list'],
  ])('%j', async (text, error) => {
    expect(await errorsOf(text)).toEqual([error]);
  });

  test('a tag that is not known is said with the rest', async () => {
    expect(await errorsOf('services: !env X')).toEqual([
      '1:11 Unresolved tag: !env (remove it: tags (`!name`) are not used here)',
      '1:16 services: expected a mapping of names to services, found "X"',
    ]);
  });

  test('a key given twice is said together with all the rest', async () => {
    expect(await errorsOf(`${SERVICE}    overlap: 5\n    overlap: 6\n    stopp: {}`)).toEqual([
      '4:14 services.api.overlap: expected a duration such as 10s, 1m30s or 500ms, found 5 (add a unit: 5s or 5ms)',
      '5:5 the key overlap is given twice',
      '6:5 services.api.stopp: unknown key (did you mean "stop"?)',
    ]);
  });

  test('two services of the same name are a key given twice', async () => {
    expect(await errorsOf(`${SERVICE}  "api": { command: y }`)).toEqual(['4:3 the key api is given twice']);
  });

  test.each([
    ['brackets', '['.repeat(20_000)],
    ['closed brackets', `services: ${'{a: '.repeat(3000)}${'}'.repeat(3000)}`],
    ['dashes', '- '.repeat(20_000)],
    ['lines', Array.from({ length: 900 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('nesting without end is refused before the parser sees it: %s', async (_, text) => {
    expect(await errorsOf(text)).toEqual(['1:1 nested deeper than 100 levels']);
  });

  test('brackets in texts are no nesting', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => `      V${index}: "\\\\[ready [ ((( {"`);
    const { env } = await loadService(
      'command: x',
      'env:',
      ...lines.map((line) => line.trimStart()).map((line) => `  ${line}`),
    );
    expect(Object.keys(env)).toHaveLength(300);
  });

  test('text that is not UTF-8, or begins with a byte order mark', async () => {
    expect(await loadOk(`\uFEFF${SERVICE}`)).toMatchObject({ services: [{ name: 'api' }] });
  });
});

describe('keys that could reach the prototype', () => {
  test.each(['__proto__', 'constructor', 'toString'])('%s is a key like any other', async (key) => {
    const errors = await errorsOf(`${SERVICE}    ${key}: { polluted: yes }`);
    expect(errors).toEqual([expect.stringMatching(`^4:5 services\\.api\\.${key}: unknown key`)]);
    expect({}).not.toHaveProperty('polluted');
  });

  test('as the name of a service: one is refused by the rule for names, another is fine', async () => {
    expect(await errorsOf('services:\n  __proto__: { command: x }')).toEqual([
      expect.stringContaining('2:3 services.__proto__: "__proto__" cannot be the name of a service'),
    ]);
    const { services } = await loadOk('services:\n  constructor: { command: x }');
    expect(services[0]?.name).toBe('constructor');
  });

  test('as a variable', async () => {
    const { env } = await loadService('command: x', 'env: { __proto__: a, constructor: b }');
    expect(Object.entries(env)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });
});

describe('numbers', () => {
  test('keep the text that was written', async () => {
    const service = await loadService(
      'command: [x, 1.10]',
      'parameters: [1.10, 0x10, 007, 1e3, 12345678901234567890]',
      'env: { A: 1.10, B: 0o17, C: TRUE, D: 3000, E: yes }',
    );
    expect(service.command).toEqual(['x', '1.10']);
    expect(service.parameters).toEqual(['1.10', '0x10', '007', '1e3', '12345678901234567890']);
    expect(service.env).toEqual({ A: '1.10', B: '0o17', C: 'TRUE', D: '3000', E: 'yes' });
  });

  test('differ as text, not as numbers', async () => {
    expect((await loadService('command: x', 'parameters: [16, 0x10]')).parameters).toEqual(['16', '0x10']);
  });
});

test('JSON is YAML, tabs included', () => {
  const read = readYaml('x.json', '{\n\t"a": {\n\t\t"b": [1,\t2.50]\n\t}\n}');
  expect(read.ok && read.source.data).toEqual({ a: { b: [1, 2.5] } });
  expect(read.ok && read.source.written('/a/b/1')).toBe('2.50');
});
