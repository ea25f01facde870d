/** What is to be brought up when somebody asks, or once a stop has come to its end. */
import type { Parameter } from '../config/types.ts';
import { listedParameter, nextParameter } from './instances.ts';
import type { Turn } from './turn.ts';
import type { Id, Intent, Purpose } from './types.ts';

export function rotationTo(turn: Turn, parameter: Parameter, requests: readonly Id[]): Intent {
  const from = turn.state.lastParameter ?? null;
  return { purpose: 'rotate', from, parameter, startedAt: turn.at, requests };
}

/** The parameter that served last, or was about to; the first one where it is no longer in the list. */
export function sameAgain(turn: Turn, purpose: Purpose, requests: readonly Id[]): Intent {
  const { spec, lastParameter } = turn.state;
  const { phase } = turn;
  const wanted = phase.name === 'backoff' ? phase.parameter : lastParameter;
  const parameter = listedParameter(spec.parameters, wanted);
  return { purpose, from: lastParameter ?? null, parameter, startedAt: turn.at, requests };
}

/** What is to follow a stop, once the list of parameters is another one. */
export function relisted(turn: Turn, intent: Intent): Intent {
  const { spec, lastParameter } = turn.state;
  const rotates = intent.purpose === 'rotate' && spec.onRotate.type === 'alternate';
  const parameter = rotates
    ? nextParameter(spec.parameters, lastParameter)
    : listedParameter(spec.parameters, intent.parameter);
  return { ...intent, parameter };
}
