/** A ZipStore in memory, with the manners of S3 (zip-store-suite.ts), and with faults where a test wants them. */
import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { MIN_PART_BYTES } from '../../core/zip-budget.js';
import { etagOfParts, normaliseEtag } from '../../core/etag.js';
import { StoreProblem } from '../../activities/ports.js';
import type { ObjectAddress } from '../../activities/ports.js';
import { UPLOAD } from '../../activities/zip-ports.js';
import type { ZipStore } from '../../activities/zip-ports.js';
import { createFakeObjectStore } from './fake-object-store.js';
import type { FakeObjectStore } from './fake-object-store.js';
import { md5Of } from './md5-of.js';

/** `before`: the request does nothing and fails; `after`: it is carried out, and its answer gets lost. */
export type ZipFault = 'before' | 'after';

export interface FakeZipStore extends ZipStore {
  /** Reads the same objects. */
  readonly objects: FakeObjectStore;
  /** Stores an object as others would. */
  seed(bucket: string, key: string, bytes: Uint8Array): string;
  bytesOf(address: ObjectAddress): Uint8Array | null;
  keys(bucket: string): readonly string[];
  /** Uploads that were begun and have not ended. */
  uploads(): readonly string[];
  /** Asked before every request but removals; `call` counts them. */
  failWith(faultOf: (operation: string, call: number) => ZipFault | null): void;
  calls(): readonly string[];
  readonly options: { copies: boolean; checksums: boolean };
}

interface Stored {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly madeBy: string | null;
}

interface Upload {
  readonly madeBy: string;
  readonly address: ObjectAddress;
  readonly parts: Map<number, Uint8Array>;
}

const quoted = (text: string): string => `"${text}"`;

export function createFakeZipStore(): FakeZipStore {
  const objects = createFakeObjectStore();
  const stored = new Map<string, Stored>();
  const uploads = new Map<string, Upload>();
  const calls: string[] = [];
  const options = { copies: true, checksums: true };
  let faultOf: (operation: string, call: number) => ZipFault | null = () => null;

  const id = ({ bucket, key }: ObjectAddress): string => `${bucket}/${key}`;
  const keep = (
    address: ObjectAddress,
    bytes: Uint8Array,
    partMd5s: readonly string[] | null,
    madeBy: string | null = null,
  ): string => {
    objects.put(address.bucket, address.key, bytes);
    const etag = quoted(partMd5s === null ? md5Of(bytes) : etagOfMany(partMd5s));
    stored.set(id(address), { bytes, etag, madeBy });
    return etag;
  };
  const found = (address: ObjectAddress) => {
    const object = stored.get(id(address));
    if (object === undefined) throw new StoreProblem('missing', `s3://${id(address)}: missing (fake)`);
    return object;
  };
  const openUpload = (uploadId: string): Upload => {
    const upload = uploads.get(uploadId);
    if (upload === undefined)
      throw new StoreProblem('missing', 'the upload is gone (fake)', { detail: UPLOAD });
    return upload;
  };
  const ask = async <T>(operation: string, work: () => T): Promise<T> => {
    await new Promise((resolve) => setImmediate(resolve));
    const fault = faultOf(operation, calls.length);
    calls.push(operation);
    if (fault === 'before') throw new StoreProblem('unavailable', `${operation}: no answer (fake)`);
    const answer = work();
    if (fault === 'after') throw new StoreProblem('unavailable', `${operation}: the answer got lost (fake)`);
    return answer;
  };
  const addPart = (uploadId: string, partNumber: number, bytes: Uint8Array) => {
    const kept = Uint8Array.from(bytes);
    openUpload(uploadId).parts.set(partNumber, kept);
    return { partNumber, etag: quoted(md5Of(kept)) };
  };

  return {
    objects,
    options,
    seed: (bucket, key, bytes) => keep({ bucket, key }, bytes, null),
    bytesOf: (address) => stored.get(id(address))?.bytes ?? null,
    keys: (bucket) =>
      [...stored.keys()]
        .filter((name) => name.startsWith(`${bucket}/`))
        .map((name) => name.slice(bucket.length + 1)),
    uploads: () => [...uploads.values()].map(({ address }) => id(address)),
    failWith: (next) => void (faultOf = next),
    calls: () => calls,
    begin: (target, _contentType, madeBy) =>
      ask('begin', () => {
        const uploadId = randomUUID();
        uploads.set(uploadId, { address: target, madeBy, parts: new Map() });
        return uploadId;
      }),
    uploadPart: (_target, uploadId, partNumber, bytes) =>
      ask('uploadPart', () => addPart(uploadId, partNumber, bytes)),
    uploadStream: async (_target, uploadId, partNumber, { stream, bytes }) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(Uint8Array.from(chunk));
      const body = Buffer.concat(chunks);
      if (body.length !== bytes) throw new StoreProblem('unavailable', `wanted ${bytes} bytes (fake)`);
      return ask('uploadStream', () => addPart(uploadId, partNumber, body));
    },
    copyPart: (_target, uploadId, partNumber, source, [start, end]) =>
      ask('copyPart', () => {
        if (!options.copies) return null;
        const { bytes, etag } = found(source);
        if (normaliseEtag(etag) !== normaliseEtag(source.etag) || end > bytes.length)
          throw new StoreProblem('changed', `${source.key}: changed (fake)`);
        return addPart(uploadId, partNumber, bytes.subarray(start, end));
      }),
    openUploads: (target) =>
      ask('openUploads', () =>
        [...uploads].filter(([, { address }]) => id(address) === id(target)).map(([uploadId]) => uploadId),
      ),
    complete: (_target, uploadId, parts) =>
      ask('complete', () => {
        const upload = openUpload(uploadId);
        const chunks = parts.map(({ partNumber, etag }, at) => {
          const bytes = upload.parts.get(partNumber);
          if (bytes === undefined || quoted(md5Of(bytes)) !== etag)
            throw new StoreProblem('denied', `part ${partNumber}: InvalidPart (fake)`);
          if (bytes.length < MIN_PART_BYTES && at < parts.length - 1)
            throw new StoreProblem('denied', `part ${partNumber}: EntityTooSmall (fake)`);
          if (partNumber <= (parts[at - 1]?.partNumber ?? 0))
            throw new StoreProblem('denied', 'InvalidPartOrder (fake)');
          return bytes;
        });
        keep(upload.address, Buffer.concat(chunks), chunks.map(md5Of), upload.madeBy);
        uploads.delete(uploadId);
      }),
    abort: (_target, uploadId) => ask('abort', () => void uploads.delete(uploadId)),
    head: (address) =>
      ask('head', () => {
        const { bytes, etag, madeBy } = found(address);
        return { etag, sizeBytes: bytes.length, modifiedAtMs: 1_700_000_000_000, madeBy };
      }),
    put: (address, bytes) => ask('put', () => void keep(address, Uint8Array.from(bytes), null)),
    get: (address) => ask('get', () => found(address).bytes),
    list: async function* (bucket, prefix) {
      await ask('list', () => null);
      for (const [name, { bytes, etag }] of [...stored].toSorted(([one], [other]) => (one < other ? -1 : 1)))
        if (name.startsWith(`${bucket}/${prefix}`))
          yield {
            key: name.slice(bucket.length + 1),
            etag,
            sizeBytes: bytes.length,
            modifiedAtMs: 1_700_000_000_000,
          };
    },
    remove: (address) =>
      ask('remove', () => {
        stored.delete(id(address));
        objects.remove(address.bucket, address.key);
      }),
    removeAll: (bucket, prefix) =>
      ask('removeAll', () => {
        for (const name of stored.keys()) if (name.startsWith(`${bucket}/${prefix}`)) stored.delete(name);
      }),
    wholeCrc32: (source) =>
      ask('wholeCrc32', () => {
        const { bytes, etag } = found(source);
        if (normaliseEtag(etag) !== normaliseEtag(source.etag))
          throw new StoreProblem('changed', `${source.key}: changed (fake)`);
        return options.checksums ? crc32(bytes) : null;
      }),
  };
}

const etagOfMany = (partMd5s: readonly string[]): string =>
  partMd5s.length === 1 ? `${md5Of(Buffer.from(partMd5s[0] ?? '', 'hex'))}-1` : etagOfParts(partMd5s, md5Of);
