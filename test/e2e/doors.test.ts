import { afterAll, beforeAll, describe } from 'vitest';
import { Doors } from './doors/Doors.ts';
import { operateDoor } from './doors/operateDoor.ts';
import { reportDoor } from './doors/reportDoor.ts';
import { submitDoor } from './doors/submitDoor.ts';

describe('the doors, called past the client', () => {
  const doors = new Doors();
  beforeAll(() => doors.open());
  afterAll(() => doors.close());

  describe('the submit door', () => submitDoor(doors));
  describe('the report door', () => reportDoor(doors));
  describe('the operate door', () => operateDoor(doors));
});
