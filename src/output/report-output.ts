import type { OutputReport } from '../api/event.ts';
import { UnsafePath } from '../util/held-folder.ts';

/** Told what goes wrong with output, for the log. */
export type ReportOutput = (fact: OutputReport) => void;

/** The errno name of a failed system call, for instance `ENOSPC`; for a path that is not safe, why not. */
export function errnoName(error: unknown): string {
  if (error instanceof UnsafePath) return error.message;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}
