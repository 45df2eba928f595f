/** What the bulk ZIP needs of the world besides ports.ts: a place in S3 to assemble in, the attachments, the audit trail. */
import type { Readable } from 'node:stream';
import type { ZipTarget } from '../core/zip-contract.js';
import type { ObjectAddress, PinnedObject } from './ports.js';

/** A finished part of a multipart upload. */
export interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
}

export interface ListedObject {
  readonly key: string;
  /** As S3 gives it, quotes included. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export type ObjectState = Omit<ListedObject, 'key'>;

/** `madeBy`: the job that began the upload, where it was one of ours. */
export interface FoundObject extends ObjectState {
  readonly madeBy: string | null;
}

/** The `detail` of the problem `missing` where it is the upload that is not there (any more), not an object. */
export const UPLOAD = 'upload';

/** Writing to S3. Throws StoreProblem, as ObjectStore does (activities/ports.ts). */
export interface ZipStore {
  /** The object that comes of it carries `madeBy`. */
  begin(target: ZipTarget, contentType: string, madeBy: string): Promise<string>;
  uploadPart(
    target: ZipTarget,
    uploadId: string,
    partNumber: number,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<UploadedPart>;
  /** A part whose `bytes` are sent as they come. */
  uploadStream(
    target: ZipTarget,
    uploadId: string,
    partNumber: number,
    body: { readonly stream: Readable; readonly bytes: number },
    signal: AbortSignal,
  ): Promise<UploadedPart>;
  /** Copies the bytes `[start, end)` of a pinned object inside S3; null where the server does not copy: then they are sent. */
  copyPart(
    target: ZipTarget,
    uploadId: string,
    partNumber: number,
    source: PinnedObject,
    range: readonly [number, number],
    signal: AbortSignal,
  ): Promise<UploadedPart | null>;
  /** The ids of all uploads to this key that were begun and have not ended. */
  openUploads(target: ZipTarget): Promise<readonly string[]>;
  /** Throws `missing` with the detail UPLOAD where the upload is not there (any more). */
  complete(target: ZipTarget, uploadId: string, parts: readonly UploadedPart[]): Promise<void>;
  /** Also where there is nothing to abort. */
  abort(target: ZipTarget, uploadId: string): Promise<void>;
  head(address: ObjectAddress, signal: AbortSignal): Promise<FoundObject>;
  put(address: ObjectAddress, bytes: Uint8Array): Promise<void>;
  /** A whole small object; throws `missing`. */
  get(address: ObjectAddress): Promise<Uint8Array>;
  /** The objects below a prefix in the order of their keys (UTF-8), page by page. */
  list(bucket: string, prefix: string, signal: AbortSignal): AsyncIterable<ListedObject>;
  /** Also where there is nothing to remove. */
  remove(address: ObjectAddress): Promise<void>;
  /** Removes every object below a prefix. */
  removeAll(bucket: string, prefix: string): Promise<void>;
  /** The CRC32 of the whole object where S3 keeps a full-object one; null otherwise. */
  wholeCrc32(source: PinnedObject, signal: AbortSignal): Promise<number | null>;
}

/** A document of the collection `attachments`, as far as a ZIP reads it. `fileName` is health information. */
export interface Attachment {
  readonly id: string;
  readonly fileName: string;
  readonly s3Key: string;
  readonly sizeBytes: number | null;
  readonly contentType: string | null;
  readonly etag: string | null;
  readonly createdAtMs: number | null;
}

/** Who asks for what: one workspace, one client. */
export interface AttachmentQuery {
  readonly workspaceId: string;
  readonly clientId: string;
  readonly ids: readonly string[];
}

export interface AccessEvent {
  /** The same for every try of one job, so that a repeated step leaves one event. */
  readonly id: string;
  readonly atMs: number;
  readonly userId: string;
  readonly workspaceId: string;
  readonly clientId: string;
  readonly attachmentIds: readonly string[];
  readonly totalSizeBytes: number;
}

/** The only error that Attachments throw: one sentence, without what was asked. */
export class DatabaseProblem extends Error {
  override readonly name = 'DatabaseProblem';
}

/** The therapist's database. */
export interface Attachments {
  /** True unless the workspace's status is there and is not `active`. */
  isServed(workspaceId: string): Promise<boolean>;
  clientExists(workspaceId: string, clientId: string): Promise<boolean>;
  /** ONE query: id ∈ ids ∧ client ∧ workspace ∧ not deleted. Those that match, in any order. */
  find(query: AttachmentQuery): Promise<readonly Attachment[]>;
  /** Durable when it returns (majority, journalled); rejects at once when it is aborted. */
  recordAccess(event: AccessEvent, signal: AbortSignal): Promise<void>;
}
