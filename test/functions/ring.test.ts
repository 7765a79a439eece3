import { LambdaClient } from '@aws-sdk/client-lambda';
import { expect, inject, it, onTestFinished } from 'vitest';
import { Ring } from '../../functions/ring.ts';
import { MINUTE, makeWorld, newId, SECOND, START, type World } from './world.ts';

/** A door's bell. What it wakes is no function that exists: whether it was called is what counts. */
function doorOf(world: World) {
  const process = world.process();
  const { endpoint, region } = inject('localAws');
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const lambda = process.faults.watch(new LambdaClient({ endpoint, region, credentials }));
  onTestFinished(() => lambda.destroy());
  const ring = new Ring(process.seat, lambda, 'dispatcher');
  return {
    faults: process.faults,
    ring: (dueAt = START, now = START, app = 'billing') => ring.ifNear({ ...world.settings, app }, [{ id: newId(app), dueAt }], now),
    get wakes() {
      return process.faults.count('Invoke');
    },
  };
}

it('a task that falls due after the next tick is not rung for', async () => {
  const door = doorOf(await makeWorld());
  await door.ring(START + 80 * SECOND + 1);
  expect(door.faults.calls).toEqual([]);
  await door.ring(START + 80 * SECOND);
  expect(door.wakes).toBe(1);
});

it('where nobody is alive the dispatcher is woken, without waiting for it', async () => {
  const world = await makeWorld();
  const door = doorOf(world);
  await door.ring();
  const call = door.faults.calls.find(({ name }) => name === 'Invoke');
  expect(call?.input).toEqual({ FunctionName: 'dispatcher', InvocationType: 'Event', Payload: '{"rung":"billing"}' });
  expect(await world.seat.read()).toMatchObject({ rings: 1, wokenAt: START, rung: new Map([['billing', START]]) });
});

it('where a run is alive it is rung for, and nobody is woken', async () => {
  const world = await makeWorld();
  await world.seat.take(await world.seat.read(), START + MINUTE, 0, 'a');
  const door = doorOf(world);
  await door.ring();
  expect(door.wakes).toBe(0);
  expect((await world.seat.read()).rings).toBe(1);
  // Its time is over: it will not hear any more.
  await door.ring(START + MINUTE, START + MINUTE);
  expect(door.wakes).toBe(1);
});

it('a door rings once a beat for an app, and for each app', async () => {
  const world = await makeWorld();
  const door = doorOf(world);
  await door.ring(START, START);
  await door.ring(START, START + SECOND - 1);
  await door.ring(START, START + SECOND - 1, 'mail');
  expect((await world.seat.read()).rings).toBe(2);
  await door.ring(START, START + SECOND);
  expect((await world.seat.read()).rings).toBe(3);
});

it('of many doors that find nobody, one wakes the dispatcher; if that comes to nothing, another does after a while', async () => {
  const world = await makeWorld();
  const doors = Array.from({ length: 5 }, () => doorOf(world));
  await Promise.all(doors.map((door) => door.ring()));
  const wakes = () => doors.reduce((sum, door) => sum + door.wakes, 0);
  expect(wakes()).toBe(1);
  await Promise.all(doors.map((door) => door.ring(START, START + 3 * SECOND)));
  expect(wakes()).toBe(1);
  await Promise.all(doors.map((door) => door.ring(START, START + 4 * SECOND)));
  expect(wakes()).toBe(2);
});

it('never fails a request: a seat that cannot be written is left to the next tick', async () => {
  const door = doorOf(await makeWorld());
  door.faults.inject('UpdateItem', 'not sent');
  await door.ring();
  expect(door.wakes).toBe(0);
});
