/** Opens the manager's stdout and stderr as destinations. */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { DescriptorDestination } from './descriptor-destination.ts';
import type { Destination } from './destination.ts';
import type { ReportOutput } from '../report-output.ts';
import type { StandardStream } from './standard-stream.ts';
import { StreamDestination } from './stream-destination.ts';

export interface Destinations {
  readonly stdout: Destination;
  readonly stderr: Destination;
}

/**
 * If stdout and stderr are the same pipe, terminal or file (`2>&1`), they are one destination. Two writers would mix
 * their lines, because a write to a full pipe is done in parts.
 */
export function openDestinations(
  stdout: StandardStream,
  stderr: StandardStream,
  report: ReportOutput,
): Destinations {
  const first = openDestination('stdout', stdout, report);
  const isSame = stdout === stderr || isSameFile(stdout.fd, stderr.fd);
  return { stdout: first, stderr: isSame ? first : openDestination('stderr', stderr, report) };
}

function openDestination(name: string, stream: StandardStream, report: ReportOutput): Destination {
  return stream.fd !== undefined && isWrittenAtOnce(stream.fd)
    ? new DescriptorDestination(name, stream.fd, report)
    : new StreamDestination(name, stream, report);
}

function isWrittenAtOnce(descriptor: number): boolean {
  const stat = fstatSync(descriptor);
  return !stat.isFIFO() && !stat.isSocket() && !isatty(descriptor);
}

function isSameFile(one: number | undefined, other: number | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  const a = fstatSync(one, { bigint: true });
  const b = fstatSync(other, { bigint: true });
  return a.dev === b.dev && a.ino === b.ino;
}
