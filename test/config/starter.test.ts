import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { instantiate } from '../../src/config/instance.ts';
import { starterConfig } from '../../src/config/starter.ts';
import { loadOk, warningsOf } from './folder.ts';

const TEXT = starterConfig('./schema/alternate.schema.json');

describe('the starter file', () => {
  test('tells editors where the schema is, in its first line', () => {
    expect(TEXT.split('\n')[0]).toBe('# yaml-language-server: $schema=./schema/alternate.schema.json');
  });

  test('is valid, and its server is one program of Node', async () => {
    const { services } = await loadOk(TEXT);
    expect(services.map(({ name }) => name)).toEqual(['web']);
    const [service] = services;
    if (service === undefined) throw new Error('no service');
    const [program, option, source = '', ...others] = instantiate(service, '3001').command;
    expect([program, option, others]).toEqual(['node', '--eval', []]);
    expect(() => new Script(source)).not.toThrow();
    expect(source).toContain('listen(3001,');
  });

  test('gives no warning', async () => {
    expect(await warningsOf(TEXT)).toEqual([]);
  });

  test('is valid with each of its suggestions', async () => {
    const lines = TEXT.split('\n');
    const suggestions = lines.filter(
      (line) => /^ *# ?[a-zA-Z]+:( .*)?$/.test(line) || /^ *# {3}[a-zA-Z]+:/.test(line),
    );
    expect(suggestions.length).toBeGreaterThan(10);
    const uncommented = lines.map((line) => {
      if (!suggestions.includes(line) || /user:|envFile:|language-server/.test(line)) return line;
      return line.replace(/# ?/, '');
    });
    const { services, control } = await loadOk(uncommented.join('\n'));
    expect(services.map(({ name }) => name)).toEqual(['web', 'proxy']);
    expect(services[0]).toMatchObject({
      watch: [expect.stringMatching(/bin\/server$/)],
      output: { type: 'file' },
    });
    expect(services[1]).toMatchObject({ onRotate: { signal: 'SIGHUP' }, stop: { timeoutMs: 60_000 } });
    expect(control?.mode).toBe(0o660);
  });
});
