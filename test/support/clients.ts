import { expect } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { Theatre } from './theatre.ts';

/** Services that the tests of client commands run against, and how a command's end is compared. */
export const web: RawService = { command: 'sleep 300', parameters: ['a', 'b'], overlap: 0 };
export const edge: RawService = { command: 'sleep 300' };
/** Comes up with `a` alone. */
export const fragile: RawService = {
  command: ['sh', '-c', 'test "$0" = a && exec sleep 300', '%alt'],
  parameters: ['a', 'b'],
  overlap: '1h',
};

export async function manager(services: Record<string, RawService>) {
  const theatre = await Theatre.started(services);
  const { alternate, socket } = theatre;
  return { theatre, alternate, socket, client: alternate.command.bind(alternate) };
}

/** One line for people on stderr, nothing on stdout. */
export const said = (code: number, line: RegExp): object => ({
  code,
  stdout: '',
  stderr: expect.stringMatching(new RegExp(`^${line.source}\\n$`)) as unknown,
});
