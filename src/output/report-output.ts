/** Reports problems with output. */
import type { OutputReport } from '../api/event.ts';
import { UnsafePath } from '../util/held-folder.ts';

export type ReportOutput = (fact: OutputReport) => void;

/** The errno name of a failed system call, for instance `ENOSPC`. For an unsafe path, the reason in words. */
export function errnoName(error: unknown): string {
  if (error instanceof UnsafePath) return error.message;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}
