/** Reads names of signals. */
import { constants } from 'node:os';
import { nearest } from '../../util/nearest.ts';
import type { SignalName } from '../types.ts';

export type ParsedSignal =
  | { readonly ok: true; readonly signal: SignalName }
  | { readonly ok: false; readonly suggestion: string | null };

function isSignal(name: string): name is SignalName {
  return Object.hasOwn(constants.signals, name);
}

/** Reads the name of a signal of this system, with or without `SIG`, in upper or lower case: `hup` is `SIGHUP`. */
export function parseSignal(text: string): ParsedSignal {
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  if (isSignal(name)) return { ok: true, signal: name };
  const known = Object.keys(constants.signals).map((signal) => signal.slice('SIG'.length));
  const meant = nearest(name.slice('SIG'.length), known);
  return { ok: false, suggestion: meant === null ? null : `SIG${meant}` };
}
