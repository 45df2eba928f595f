import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Long, MongoClient, type Document } from 'mongodb';
import { randomUUID } from 'node:crypto';
import { createMongoRawFiles } from '../../activities/stores/mongo-raw-files.js';
import { parseFileInfo } from '../../core/plan.js';
import { writersMongoUri } from '../support/lab.js';
import { failureOf } from '../support/object-store-suite.js';

const uri = process.env['MONGODB_URI'] ?? '';
const database = `catalogue-${randomUUID().slice(0, 8)}`;
const md5 = 'd41d8cd98f00b204e9800998ecf8427e';

describe('raw files in MongoDB', () => {
  const client = new MongoClient(writersMongoUri());
  const commands: string[] = [];
  const rawFiles = createMongoRawFiles({ uri, database, onCommand: (name) => commands.push(name) });
  const many = Array.from({ length: 1234 }, (_, at) => `raw-${at}`);

  beforeAll(async () => {
    const documents: Document[] = many.map((id) => ({ _id: id, project_id: 'P1', status: 'done', size: 1 }));
    documents.push({
      _id: 'odd',
      project_id: null,
      s3_upload_path: 's3://bucket/prefix/',
      instrument_id: 'test1',
      file_info: {
        'x.d/a.b $c.tdf': [Long.fromString('5000000000'), md5, `${md5}__100`],
        'y.raw': [4096.0, md5],
      },
    });
    await client.db(database).collection('raw_file').insertMany(documents);
  });
  afterAll(async () => {
    await client.db(database).dropDatabase();
    await client.close();
    await rawFiles.close();
  });

  test('a document comes with the fields that a plan reads, and no others', async () => {
    const [found] = await rawFiles.find(['odd', 'unknown']);
    expect(Object.keys(found ?? {}).sort()).toEqual(['_id', 'file_info', 'project_id', 's3_upload_path']);
    expect(found).toMatchObject({ _id: 'odd', project_id: null, s3_upload_path: 's3://bucket/prefix/' });
    const info = found?.file_info as Readonly<Record<string, unknown>>;
    expect(parseFileInfo(info['x.d/a.b $c.tdf'])).toMatchObject({ sizeBytes: 5_000_000_000, etag: md5 });
    expect(parseFileInfo(info['y.raw'])).toMatchObject({ sizeBytes: 4096 });
  });

  test('many ids are found in several queries', async () => {
    const found = await rawFiles.find([...many, 'unknown']);
    expect(found.map(({ _id }) => _id).sort()).toEqual([...many].sort());
    expect(await rawFiles.find([])).toEqual([]);
  });

  test('nothing but find is ever sent', () => {
    expect(new Set(commands)).toEqual(
      new Set(commands.filter((name) => name === 'find' || name === 'getMore')),
    );
    expect(commands.filter((name) => name === 'find').length).toBeGreaterThanOrEqual(4);
  });
});

describe('a catalogue that cannot be asked', () => {
  test('a server that is not there is named with its setting, and the password is not', async () => {
    const hidden = 'mongodb://someone:hush@127.0.0.1:9/?serverSelectionTimeoutMS=200';
    const rawFiles = createMongoRawFiles({ uri: hidden, database });
    const { message } = (await failureOf(rawFiles.find(['a']))) as Error;
    expect(message).toMatch(/^No MongoDB at 127\.0\.0\.1:9 \(MONGODB_URI\) .*\.$/);
    expect(message).not.toMatch(/hush|someone/);
    await rawFiles.close();
  });

  test('a setting that is no URI is not shown', async () => {
    for (const wrong of ['someone:hush@host', 'mongodb://someone:hu/sh@host:port:port/', '']) {
      const rawFiles = createMongoRawFiles({ uri: wrong, database });
      const { message } = (await failureOf(rawFiles.find(['a']))) as Error;
      expect(message).toMatch(/^MONGODB_URI is not a MongoDB URI/);
      expect(message).not.toContain('hush');
      await rawFiles.close();
    }
  });
});
