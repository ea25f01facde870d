/** Reads names of signals. */
import { constants } from 'node:os';
import { nearest } from '../../util/nearest.ts';
import { failure, success, type Result } from '../../util/result.ts';
import type { SignalName } from '../types.ts';

/** There is no signal of this name. `suggestion` is a similar name. */
export interface UnknownSignal {
  readonly suggestion: string | null;
}

function isSignal(name: string): name is SignalName {
  return Object.hasOwn(constants.signals, name);
}

/** Reads the name of a signal of this system, with or without `SIG`, in upper or lower case: `hup` is `SIGHUP`. */
export function parseSignal(text: string): Result<SignalName, UnknownSignal> {
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  if (isSignal(name)) return success(name);
  const known = Object.keys(constants.signals).map((signal) => signal.slice('SIG'.length));
  const meant = nearest(name.slice('SIG'.length), known);
  return failure({ suggestion: meant === null ? null : `SIG${meant}` });
}
