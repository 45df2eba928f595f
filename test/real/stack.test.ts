import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type Stack } from '../../dev/stack.js';
import { urlAnswers } from '../../dev/serving/answers.js';
import { stillRuns } from '../../dev/serving/process-identity.js';
import { readRecord } from '../../dev/serving/record.js';

// The first start of all may have to build the servers.
const startWithinMs = 600_000;
const naming = ['TEMPORAL_ADDRESS', 'AWS_ENDPOINT_URL_S3', 'MONGODB_URI'] as const;
const say = () => undefined;

let dataDir: string;

beforeAll(async () => {
  for (const name of naming) delete process.env[name];
  dataDir = await mkdtemp(join(tmpdir(), 'stowage-stack-'));
});

afterAll(() => rm(dataDir, { recursive: true, force: true }));

function addresses({ temporal, s3, mongo }: Stack): readonly string[] {
  return [`tcp://${temporal.address}`, s3.endpoint, mongo.uri];
}

async function answering(stack: Stack): Promise<readonly string[]> {
  const answers = await Promise.all(addresses(stack).map(urlAnswers));
  return addresses(stack).filter((_, index) => answers[index]);
}

async function writeToMongo({ mongo }: Stack, id: string): Promise<readonly string[]> {
  const client = await MongoClient.connect(mongo.uri);
  const files = client.db('stowage').collection<{ _id: string }>('files');
  await files.insertOne({ _id: id });
  const ids = (await files.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
  await client.close();
  return ids;
}

function s3Client({ s3 }: Stack): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = s3;
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
}

async function readFromS3(stack: Stack): Promise<string | undefined> {
  const client = s3Client(stack);
  const object = await client.send(new GetObjectCommand({ Bucket: 'attachments', Key: 'a/b.txt' }));
  const text = await object.Body?.transformToString();
  client.destroy();
  return text;
}

async function writeToS3(stack: Stack): Promise<void> {
  const client = s3Client(stack);
  await client.send(new CreateBucketCommand({ Bucket: 'attachments' }));
  await client.send(new PutObjectCommand({ Bucket: 'attachments', Key: 'a/b.txt', Body: 'kept' }));
  client.destroy();
}

describe('a throwaway stack', () => {
  test(
    'serves Temporal, S3 and MongoDB, says what it took, and is gone after stop',
    async () => {
      const said: string[] = [];
      const stack = await startStack({ dataDir, persistent: false, say: (line) => void said.push(line) });
      expect(said).toEqual(expect.arrayContaining([...stack.origins]));
      expect(await answering(stack)).toEqual(addresses(stack));
      expect((await fetch(`${stack.temporal.httpAddress}/api/v1/namespaces/default`)).status).toBe(200);
      expect((await fetch(`${stack.temporal.uiUrl}`)).status).toBe(200);
      expect(await writeToMongo(stack, 'a')).toEqual(['a']);
      await writeToS3(stack);
      expect(await readFromS3(stack)).toBe('kept');
      const record = await readRecord(dataDir);
      await stack.stop();
      await stack.stop();
      expect(await answering(stack)).toEqual([]);
      expect(await Promise.all((record?.processes ?? []).map(stillRuns))).toEqual([false, false, false]);
      expect(await readdir(dataDir)).toEqual(['logs']);
    },
    startWithinMs,
  );
});

describe('a persistent stack', () => {
  test(
    'is joined by a second start, and stopped by its owner only',
    async () => {
      const own = await startStack({ dataDir, persistent: true, say });
      const joined = await startStack({ dataDir, persistent: true, say });
      expect(joined.env).toEqual(own.env);
      await joined.stop();
      expect(await answering(own)).toEqual(addresses(own));
      await own.stop();
      expect(await answering(own)).toEqual([]);
    },
    startWithinMs,
  );

  test(
    'has its data and its credentials again after a restart',
    async () => {
      const first = await startStack({ dataDir, persistent: true, say });
      await writeToMongo(first, 'a');
      await writeToS3(first);
      await first.stop();
      const second = await startStack({ dataDir, persistent: true, say });
      expect(await writeToMongo(second, 'b')).toEqual(['a', 'b']);
      expect(await readFromS3(second)).toBe('kept');
      expect(second.s3.accessKeyId).toBe(first.s3.accessKeyId);
      await second.stop();
    },
    startWithinMs,
  );
});
