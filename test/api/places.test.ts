import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import type { Principal } from '../../client/api/auth.js';
import { createPlaces } from '../../client/api/places.js';

const principal = { workspace: 'w', user: 'u' } as Principal;
const newReply = () =>
  ({ raw: Object.assign(new EventEmitter(), { closed: false }) }) as unknown as FastifyReply;

test('an answer takes one place however often it is tried, and gives it back when it is closed', () => {
  const places = createPlaces(1, 'too-many-downloads');
  const reply = newReply();
  places.take(principal, reply);
  expect(() => places.take(principal, reply)).not.toThrow();
  expect(() => places.take(principal, newReply())).toThrow();
  reply.raw.emit('close');
  expect(() => places.take(principal, newReply())).not.toThrow();
});
