import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ZipStore } from '../zip-ports.js';
import { NEVER, inWords, type Ask } from './ask-s3.js';

/** Objects that are read and written whole, and lists of objects. */
export function smallObjects(
  client: S3Client,
  ask: Ask,
): Pick<ZipStore, 'head' | 'put' | 'get' | 'list' | 'remove' | 'removeAll'> {
  const list = listing(client, ask);
  return {
    list,
    head: async (address, signal) => {
      const command = new HeadObjectCommand({ Bucket: address.bucket, Key: address.key });
      const send = () => client.send(command, { abortSignal: signal });
      const { ETag = '', ContentLength = 0, LastModified } = await ask(inWords(address), send, signal);
      return { etag: ETag, sizeBytes: ContentLength, modifiedAtMs: LastModified?.getTime() ?? 0 };
    },
    put: async (address, bytes) => {
      const command = new PutObjectCommand({ Bucket: address.bucket, Key: address.key, Body: bytes });
      await ask(`write ${inWords(address)}`, () => client.send(command));
    },
    get: (address) =>
      ask(`read ${inWords(address)}`, async () => {
        const command = new GetObjectCommand({ Bucket: address.bucket, Key: address.key });
        const { Body } = await client.send(command);
        return (await Body?.transformToByteArray()) ?? new Uint8Array();
      }),
    remove: async (address) => {
      const command = new DeleteObjectCommand({ Bucket: address.bucket, Key: address.key });
      await ask(`remove ${inWords(address)}`, () => client.send(command));
    },
    removeAll: async (bucket, prefix) => {
      const keys: string[] = [];
      for await (const { key } of list(bucket, prefix, NEVER)) keys.push(key);
      for (let at = 0; at < keys.length; at += KEYS_PER_REQUEST) {
        const Objects = keys.slice(at, at + KEYS_PER_REQUEST).map((Key) => ({ Key }));
        const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
        await ask(`remove from ${bucket}`, () => client.send(command));
      }
    },
  };
}

/** S3's limit for one DeleteObjects. */
const KEYS_PER_REQUEST = 1000;

/** A text of its own: what a parser cuts out of a page keeps the whole page in memory. */
const ownText = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

const listing = (client: S3Client, ask: Ask): ZipStore['list'] =>
  async function* (bucket, prefix, signal) {
    const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
    for (;;) {
      const page = await ask(`list ${inWords({ bucket, key: prefix })}`, () => pages.next(), signal);
      if (page.done) return;
      for (const { Key, ETag = '', Size = 0, LastModified } of page.value.Contents ?? [])
        if (Key !== undefined)
          yield {
            key: ownText(Key),
            etag: ownText(ETag),
            sizeBytes: Size,
            modifiedAtMs: LastModified?.getTime() ?? 0,
          };
      signal.throwIfAborted();
    }
  };
