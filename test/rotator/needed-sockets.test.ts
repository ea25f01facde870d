/** Which sockets must be open: those of all that serves or is about to, without a gap, and none of what is over. */
import { describe, expect, test } from 'vitest';
import type { ListenSocket, ServiceConfig } from '../../src/config/types.ts';
import { currentOf, nextOf } from '../../src/rotator/instances.ts';
import { neededSockets } from '../../src/rotator/needed-sockets.ts';
import type { State } from '../../src/rotator/machine.ts';
import { anyStory } from './drive.ts';
import { mustHold } from './must-hold.ts';
import { eachStep, effectsOf } from './rules.ts';
import { anySpec, serviceSpec } from './specs.ts';
import { World } from './world.ts';

const socket = (port: number): ListenSocket => ({
  name: 'api',
  address: { type: 'tcp', host: null, port },
  backlog: 511,
});
const [goes, stays, comes] = [socket(1), socket(2), socket(3)];
let ports = 10;

/** Each specification of a story has one socket of its own, and one that all share. */
const stories = anyStory(
  anySpec.map((spec): ServiceConfig => ({ ...spec, listen: [stays, socket(++ports)] })),
);

describe('after any sequence of inputs', () => {
  test('the sockets of what is launched, serves or is about to are needed', () => {
    mustHold(
      eachStep(
        () => null,
        (step) => {
          const needed = neededSockets(step.after);
          const specs = [currentOf(step.after), nextOf(step.after)].flatMap(
            (instance) => instance?.spec ?? [],
          );
          const launched = effectsOf(step, 'launch').map(({ spec }) => spec);
          const used = [...specs, ...launched].flatMap(({ listen }) => listen);
          const lost = used.find((one) => !needed.includes(one));
          return lost === undefined ? null : `${JSON.stringify(lost.address)} would be closed`;
        },
      ),
      stories,
    );
  });

  test('one that stays in the specification is needed until the service is over, and not beyond', () => {
    mustHold(
      eachStep(
        () => null,
        ({ after }) => {
          const open = neededSockets(after).includes(stays);
          if (isOver(after)) return open ? 'a socket without a service' : null;
          return open ? null : 'whoever connects now is refused';
        },
      ),
      stories,
    );
  });
});

function isOver({ phase }: State): boolean {
  return (
    phase.name === 'stopped' || phase.name === 'failed' || (phase.name === 'stopping' && phase.then === null)
  );
}

function launching(world: World): number {
  return world.groupsThat(({ life }) => life === 'launching')[0]?.id ?? 0;
}

describe('a reload that changes them', () => {
  function reloaded(): World {
    const world = new World(serviceSpec({ listen: [goes, stays] }));
    world.happen({ type: 'startRequested', request: world.newRequest() });
    world.happen({ type: 'launched', instance: launching(world), pid: 101 });
    expect(neededSockets(world.state)).toEqual([goes, stays]);
    const spec = serviceSpec({ listen: [stays, comes] });
    world.happen({ type: 'specChanged', request: world.newRequest(), spec });
    return world;
  }

  test('needs both the old and the new ones until the rotation is over', () => {
    const world = reloaded();
    expect(new Set(neededSockets(world.state))).toEqual(new Set([goes, stays, comes]));
    world.happen({ type: 'launched', instance: launching(world), pid: 103 });
    world.passTime(10_000);
    expect(neededSockets(world.state)).toEqual([stays, comes]);
  });

  test('needs the old ones where the rotation fails', () => {
    const world = reloaded();
    world.happen({ type: 'launchFailed', instance: launching(world), reason: 'no such file' });
    expect(neededSockets(world.state)).toEqual([goes, stays]);
  });
});
