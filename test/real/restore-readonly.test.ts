import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { bucketOf, noise } from '../../dev/corpus.js';
import { startFlakyProxy } from '../support/flaky-proxy.js';
import type { FlakyProxy } from '../support/flaky-proxy.js';
import { openLab, writersMongoUri } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { startMongoEar } from '../support/mongo-ear.js';
import type { MongoEar } from '../support/mongo-ear.js';
import { CORRUPT, DOWNLOADED, HEALED, runRestore } from '../support/run-restore.js';

describe('whole jobs only read', () => {
  let lab: Lab;
  let ear: MongoEar;
  let proxy: FlakyProxy;
  let mongo: MongoClient;
  beforeAll(async () => {
    ear = await startMongoEar(process.env['MONGODB_URI'] ?? '');
    proxy = await startFlakyProxy(process.env['AWS_ENDPOINT_URL_S3'] ?? '');
    mongo = await MongoClient.connect(writersMongoUri());
    lab = await openLab({ env: { MONGODB_URI: ear.uri, AWS_ENDPOINT_URL_S3: proxy.url } });
  });
  afterAll(async () => {
    await lab.close();
    await Promise.all([ear.close(), proxy.close(), mongo.close()]);
  });

  test('the catalogue hears nothing but find, and its documents stay byte for byte; S3 hears GET and HEAD', async () => {
    const project = lab.project('readonly');
    const files = { new: noise(9_000_000, 'new'), wrong: noise(999, 'w'), altered: noise(999, 'a') };
    await lab.corpus.add({ id: 'readonly', project, files, chunkMb: 5 });
    await lab.corpus.put(bucketOf(project), 'altered', noise(999, 'x'));
    await lab.write(`${project}/wrong`, 'wrong');
    const before = await catalogue();
    expect(before).toHaveLength(1);

    const { files: statuses } = await runRestore(lab, 'readonly,unknown');
    expect(statuses).toEqual({ new: DOWNLOADED, wrong: HEALED, altered: CORRUPT });
    await lab.restore({ raw_file_ids: 'readonly', verify_only: true });
    await lab.restore({ raw_file_ids: 'readonly', dry_run: true });

    expect(await catalogue()).toEqual(before);
    expect(ear.commands).toContain('find');
    expect([...ear.others]).toEqual([]);
    expect([...proxy.methods].toSorted()).toEqual(['GET', 'HEAD']);
  });

  /** Every collection with its documents, as the bytes that MongoDB sends. */
  async function catalogue(): Promise<readonly string[]> {
    const db = mongo.db(lab.database);
    const collections = await db.listCollections().toArray();
    const dumps: string[] = [];
    for (const { name } of collections)
      for (const bytes of await db.collection(name).find({}, { raw: true }).toArray())
        dumps.push(`${name} ${Buffer.from(bytes as unknown as Uint8Array).toString('hex')}`);
    return dumps.toSorted();
  }
});
