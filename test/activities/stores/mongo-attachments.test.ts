import { afterEach, describe, expect, test } from '@jest/globals';
import { Long } from 'mongodb';
import type { BSON } from 'mongodb';
import { createMongoAttachments } from '../../../activities/stores/mongo-attachments.js';
import { startScriptedMongo } from '../../support/scripted-mongo.js';

const EVENT = {
  id: 'zip-1',
  atMs: 0,
  userId: 'u',
  workspaceId: 'w',
  clientId: 'c',
  attachmentIds: ['a'],
  totalSizeBytes: 1,
};
const NEVER = new AbortController().signal;
const WRITTEN = { ok: 1, n: 1 };
const REPEATED = { ok: 1, n: 0, writeErrors: [{ index: 0, code: 11_000, errmsg: 'E11000 zip-1' }] };
const NO_MAJORITY = { code: 64, codeName: 'WriteConcernFailed', errmsg: 'waiting for replication timed out' };

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

async function open(answerTo: Parameters<typeof startScriptedMongo>[0], timeoutMs = 5000) {
  const mongo = await startScriptedMongo(answerTo);
  const attachments = createMongoAttachments({ uri: mongo.uri, database: 'd', timeoutMs });
  opened.push(mongo, attachments);
  return { mongo, attachments };
}

describe('an audit event', () => {
  const record = async (...answers: readonly (BSON.Document | 'hang up')[]): Promise<string> => {
    const { attachments } = await open((_, nth) => answers[nth] ?? null);
    return attachments.recordAccess(EVENT, NEVER).then(
      () => 'durable',
      (error: Error) => error.message,
    );
  };

  test('is inserted with the majority and the journal, by a user who may do nothing else', async () => {
    const { mongo, attachments } = await open(() => WRITTEN);
    await attachments.recordAccess(EVENT, NEVER);
    expect(mongo.commands).toMatchObject([
      { insert: 'audit_events', documents: [{ _id: 'zip-1' }], writeConcern: { w: 'majority', j: true } },
    ]);
  });

  test('that is there already is durable once the majority has it, and not before', async () => {
    expect(await record(REPEATED)).toBe('durable');
    expect(await record({ ...REPEATED, writeConcernError: NO_MAJORITY })).toContain('did not answer: Mongo');
    expect(await record({ ...WRITTEN, writeConcernError: NO_MAJORITY })).toContain('did not answer: Mongo');
  });

  test('that is refused for another reason is not, and its document is not repeated', async () => {
    const refused = { ok: 1, n: 0, writeErrors: [{ index: 0, code: 121, errmsg: 'zip-1 is not valid' }] };
    expect(await record(refused)).toMatch(/did not answer: MongoServerError 121$/);
  });

  test('goes out once more where an idle connection broke', async () => {
    expect(await record('hang up', REPEATED)).toBe('durable');
  });

  test('is not waited for longer than its time, nor after a cancel', async () => {
    const silent = await open(() => null, 300);
    await expect(silent.attachments.recordAccess(EVENT, NEVER)).rejects.toThrow('MongoOperationTimeoutError');
    const patient = await open(() => null, 60_000);
    const cancel = new AbortController();
    const asked = patient.attachments.recordAccess(EVENT, cancel.signal);
    setTimeout(() => cancel.abort(), 100);
    await expect(asked).rejects.toThrow('The database d');
  });
});

describe('a question', () => {
  test('to a server that is there but silent ends after its time', async () => {
    const { attachments: silent } = await open(() => null, 300);
    await expect(silent.isServed('w')).rejects.toThrow('MongoOperationTimeoutError');
  });
});

describe('the size in a document', () => {
  test.each([
    [5, 5],
    ['5', 5],
    ['five', null],
    ['', null],
    [-1, null],
    [Number.NaN, null],
    [undefined, null],
    [null, null],
  ])('%p is %p', async (file_size_bytes, wanted) => {
    const firstBatch = [{ _id: 'a', file_size_bytes }];
    const { attachments: stored } = await open(() => ({
      ok: 1,
      cursor: { id: Long.ZERO, ns: 'd.attachments', firstBatch },
    }));
    const [found] = await stored.find({ workspaceId: 'w', clientId: 'c', ids: ['a'] });
    expect(found?.sizeBytes).toBe(wanted);
  });
});
