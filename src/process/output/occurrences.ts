import type { OutputFact } from '../../rotator/occurrence.ts';

/** Told what goes wrong with output, for the log. */
export type ReportOutput = (fact: OutputFact) => void;

/** The errno name of a failed system call, for instance `ENOSPC`. */
export function errnoName(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}
