import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MongoClient } from 'mongodb';
import { createMongoAttachments } from '../../activities/stores/mongo-attachments.js';
import { writersMongoUri } from '../support/lab.js';

const uri = process.env['MONGODB_URI'] ?? '';
const database = `tenants-${randomUUID().slice(0, 8)}`;
const mongo = new MongoClient(writersMongoUri());
const attachments = createMongoAttachments({ uri, database });
afterAll(async () => {
  await mongo.db(database).dropDatabase();
  await Promise.all([mongo.close(), attachments.close()]);
});

/** Ids that are each other's beginning, and values that a query language might take for more than text. */
const tenant = fc.constantFrom('w', 'w2', 'W', '', '$ne', '{"$ne":null}', '.*');
const document = fc.record({
  workspace_id: tenant,
  client_id: tenant,
  deleted_at: fc.constantFrom(null, null, new Date(0)),
  noDeletedAt: fc.boolean(),
});

const other = fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: tenant });
/** Mostly the owner of one of the documents; else somebody else, or half somebody else. */
const asker = fc.record({
  at: fc.nat({ max: 3 }),
  workspaceId: other,
  clientId: other,
});

test('whatever there is and whatever is asked for, the query answers with this client of this workspace, not deleted', async () => {
  let found = 0;
  const collection = mongo.db(database).collection<{ _id: string }>('attachments');
  await fc.assert(
    fc.asyncProperty(
      fc.array(document, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 8 }),
      asker,
      async (documents, wanted, { at, ...stranger }) => {
        const owner = documents[at];
        const workspaceId = stranger.workspaceId ?? owner?.workspace_id ?? '';
        const clientId = stranger.clientId ?? owner?.client_id ?? '';
        const run = randomUUID();
        const idOf = (at: number): string => `${run}-${at}`;
        await collection.insertMany(
          documents.map(({ noDeletedAt, deleted_at, ...place }, at) => ({
            _id: idOf(at),
            ...place,
            ...(noDeletedAt && deleted_at === null ? {} : { deleted_at }),
            file_name: `${place.workspace_id} ${place.client_id}`,
          })) as never,
        );
        const answer = await attachments.find({ workspaceId, clientId, ids: wanted.map(idOf) });
        const mayHave = [...new Set(wanted)].filter((at) => {
          const one = documents[at];
          return one?.workspace_id === workspaceId && one.client_id === clientId && one.deleted_at === null;
        });
        expect(answer.map(({ id }) => id).toSorted()).toEqual(mayHave.map(idOf).toSorted());
        for (const { fileName } of answer) expect(fileName).toBe(`${workspaceId} ${clientId}`);
        found += answer.length;
      },
    ),
    { numRuns: 300 },
  );
  expect(found).toBeGreaterThan(10);
}, 60_000);
