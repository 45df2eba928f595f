import { randomUUID } from 'node:crypto';
import {
  CreateMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MEBIBYTE } from '../../core/units.js';
import { noise } from '../../dev/corpus.js';
import { startWorkerProcess } from '../support/processes.js';
import { until } from '../support/until.js';
import { openZipLab } from '../support/zip-lab.js';
import type { ZipLab } from '../support/zip-lab.js';

describe('a ZIP of objects', () => {
  let zip: ZipLab;
  let bucket = '';
  beforeAll(async () => {
    zip = await openZipLab();
    bucket = await zip.makeBucket(`src-${randomUUID().slice(0, 8)}`);
  });
  afterAll(() => zip.close());

  const put = (key: string, bytes: Uint8Array): Promise<void> => zip.lab.corpus.put(bucket, key, bytes);
  const nothingElse = async (): Promise<void> => {
    expect(await zip.uploads(zip.zipBucket)).toEqual([]);
    expect((await zip.keys(zip.zipBucket)).filter((key) => key.startsWith('.stowage'))).toEqual([]);
  };
  const output = (): string => `s3://${zip.zipBucket}/out/${randomUUID()}.zip`;

  /** As most uploaders do: in parts, with a checksum of checksums that says nothing of the whole. */
  async function putInParts(key: string, bytes: Uint8Array): Promise<void> {
    const target = { Bucket: bucket, Key: key };
    const { UploadId } = await zip.s3.send(
      new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: 'CRC32' }),
    );
    const Parts = [];
    for (let at = 0; at * 20 * MEBIBYTE < bytes.length; at += 1) {
      const Body = bytes.subarray(at * 20 * MEBIBYTE, (at + 1) * 20 * MEBIBYTE);
      const part = { ...target, UploadId, PartNumber: at + 1, Body, ChecksumAlgorithm: 'CRC32' as const };
      const { ETag, ChecksumCRC32 } = await zip.s3.send(new UploadPartCommand(part));
      Parts.push({ PartNumber: at + 1, ETag, ChecksumCRC32 });
    }
    await zip.s3.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
  }

  test('of 100 objects of many sizes, large ones copied inside S3, stored or deflated', async () => {
    const wanted = new Map<string, Uint8Array>();
    for (let at = 0; at < 97; at += 1)
      wanted.set(`mixed/${at}/file ${at}.bin`, noise((at * at * 97) % (MEBIBYTE / 2), `${at}`));
    wanted.set('mixed/large with checksum.bin', noise(33 * MEBIBYTE + 17, 'checksum'));
    wanted.set('mixed/large in parts.bin', noise(38 * MEBIBYTE, 'parts'));
    wanted.set('mixed/text.txt', Buffer.alloc(33 * MEBIBYTE, 'the same line again and again\\n'));
    for (const [key, bytes] of wanted)
      if (key.includes('parts')) await putInParts(key, bytes);
      else if (key.includes('checksum'))
        await zip.s3.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ChecksumAlgorithm: 'CRC32' }),
        );
      else await put(key, bytes);
    for (const compression of ['store', 'deflate']) {
      const input = { prefix: `s3://${bucket}/mixed/`, output: output(), compression };
      const { result, failure } = await zip.run(input);
      expect(failure).toBeNull();
      expect(result).toMatchObject({ status: 'complete', entries: 100, uri: input.output });
      const entries = await zip.open(result);
      expect(entries.size).toBe(101);
      for (const [key, bytes] of wanted)
        expect([
          key,
          Buffer.from(bytes).equals(entries.get(key.slice('mixed/'.length)) ?? Buffer.of(1)),
        ]).toEqual([key, true]);
    }
    await nothingElse();
  }, 180_000);

  test('names them as asked, and tells what is missing', async () => {
    await put('one', noise(100, 'one'));
    const uri = `s3://${bucket}/one`;
    const missing = `s3://${bucket}/missing`;
    const objects = [{ uri, name: 'dir/in-zip.bin' }, { uri: missing }, { uri, name: '/dir/../IN-ZIP.bin' }];
    const { result } = await zip.run({ objects, output: output() });
    expect(result).toMatchObject({
      status: 'partial',
      entries: 2,
      skipped: [{ uri: missing, reason: 'the object does not exist' }],
    });
    const names = [...(await zip.open(result)).keys()];
    expect(names).toEqual(['dir/in-zip.bin', 'dir/IN-ZIP (2).bin', '_MANIFEST.json']);
    const failed = await zip.run({ objects, output: output(), on_error: 'fail' });
    expect(failed.failure).toMatchObject({
      type: 'StorageError',
      message: `${missing}: the object does not exist`,
    });
    await nothingElse();
  });

  test('of the same objects is the same byte for byte, whenever it is made', async () => {
    await put('twice/a', noise(5000, 'a'));
    await put('twice/b', noise(5000, 'b'));
    const run = async (): Promise<Uint8Array> => {
      const { result } = await zip.run({ prefix: `s3://${bucket}/twice/`, output: output() });
      return zip.read(result?.uri ?? '');
    };
    const first = await run();
    // The times in a ZIP are two seconds apart.
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(Buffer.from(first).equals(await run())).toBe(true);
  });

  test('that is cancelled leaves no upload and no plan behind', async () => {
    for (let at = 0; at < 4; at += 1) await put(`cancel/${at}`, noise(20 * MEBIBYTE, `${at}`));
    const input = { prefix: `s3://${bucket}/cancel/`, output: output() };
    const handle = await zip.start(input);
    await until('the upload is open', async () => (await zip.uploads(zip.zipBucket)).length > 0);
    await handle.cancel();
    expect((await zip.end(handle)).failure?.type).toBe('CancelledFailure');
    await nothingElse();
    expect(await zip.keys(zip.zipBucket)).not.toContain(input.output.split('/').slice(3).join('/'));
  });
});

describe('a worker that is killed', () => {
  test('between the segments costs no byte: another one goes on', async () => {
    const zip = await openZipLab({ worker: false });
    const bucket = await zip.makeBucket(`kill-${randomUUID().slice(0, 8)}`);
    for (let at = 0; at < 5; at += 1)
      await zip.lab.corpus.put(bucket, `${at}`, noise(17 * MEBIBYTE, `${at}`));
    const first = await startWorkerProcess(zip.lab, { TRANSFER_SLOTS: '1' });
    const handle = await zip.start({ prefix: `s3://${bucket}/`, output: `s3://${zip.zipBucket}/killed.zip` });
    const isRecord = (key: string): boolean => key.includes('/record-');
    await until('a segment is done', async () => (await zip.keys(zip.zipBucket)).some(isRecord));
    first.kill('SIGKILL');
    await first.ended;
    expect(await zip.keys(zip.zipBucket)).not.toContain('killed.zip');
    const second = await startWorkerProcess(zip.lab);
    const { result, failure } = await zip.end(handle);
    expect(failure).toBeNull();
    expect((await zip.open(result)).size).toBe(6);
    expect([await zip.keys(zip.zipBucket), await zip.uploads(zip.zipBucket)]).toEqual([['killed.zip'], []]);
    second.kill('SIGTERM');
    await second.ended;
    await zip.close();
  }, 180_000);
});
