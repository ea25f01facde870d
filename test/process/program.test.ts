import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { programFile } from '../../src/process/program.ts';
import { temporaryFolder } from '../support/alternate.ts';

let folder = '';

function program(name: string, mode = 0o755): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, mode);
  return file;
}

function find(word: string, searchPath?: string): string | null {
  return programFile(word, { baseDir: path.join(folder, 'base'), cwd: path.join(folder, 'cwd'), searchPath });
}

beforeEach(() => {
  const temporary = temporaryFolder();
  folder = temporary.path;
  onTestFinished(() => {
    temporary.remove();
  });
});

describe('a word with a slash', () => {
  test('starts from the folder of the configuration', () => {
    const file = program('base/bin/app');
    program('cwd/bin/app');
    expect(find('bin/app')).toBe(file);
    expect(find('./bin/../bin/app')).toBe(file);
  });

  test('starts from the working directory where it is only found there', () => {
    program('base/bin/app', 0o644);
    const file = program('cwd/bin/app');
    expect(find('bin/app')).toBe(file);
  });

  test('need not exist: then it is the one of the configuration', () => {
    expect(find('./app')).toBe(path.join(folder, 'base/app'));
    expect(find('/no/such/program', folder)).toBe('/no/such/program');
  });
});

describe('a bare name', () => {
  test('is the first one in PATH that is an executable file', () => {
    mkdirSync(path.join(folder, 'one/app'), { recursive: true });
    program('two/app', 0o644);
    const file = program('three/app');
    program('four/app');
    const searchPath = ['missing', 'one', 'two', 'three', 'four'].map((name) => path.join(folder, name));
    expect(find('app', searchPath.join(':'))).toBe(file);
  });

  test('is not looked for in the folder of the configuration', () => {
    program('base/app');
    expect(find('app', path.join(folder, 'missing'))).toBeNull();
  });

  test('a relative entry of PATH starts from the working directory, an empty one is it', () => {
    const file = program('cwd/bin/app');
    const here = program('cwd/other');
    expect(find('app', 'bin')).toBe(file);
    expect(find('other', '/missing:')).toBe(here);
  });

  test('without PATH the usual folders are searched', () => {
    expect(find('sh')).toMatch(/^(\/usr)?\/bin\/sh$/);
  });
});
