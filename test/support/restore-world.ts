/** A small world for the activities: a fake store, a catalogue in memory, a temporary folder, real hashing, and a clock. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Logger } from '@temporalio/worker';
import type { TransferUpdate } from '../../core/contract.js';
import { normaliseEtag } from '../../core/etag.js';
import type { RawFileDocument } from '../../core/plan.js';
import type { RestoreSettings } from '../../core/settings.js';
import { createHashPool } from '../../activities/hashing.js';
import type { RestoreDeps } from '../../activities/deps.js';
import { createFakeObjectStore } from './fake-object-store.js';
import type { FakeObjectStore, PutOptions } from './fake-object-store.js';

export const START_MS = Date.parse('2025-02-04T14:30:22Z');
export const BUCKET = 'alphakraken';

export interface World {
  readonly deps: RestoreDeps;
  readonly store: FakeObjectStore;
  /** The output root; a project's destination is the folder of its name below it. */
  readonly root: string;
  /** A folder beside the output root, that nothing may be written to. */
  readonly outside: string;
  readonly updates: TransferUpdate[];
  /** Puts files into S3 and the catalogue, and returns the document, whose entries may be changed. */
  addRawFile(
    id: string,
    files: Readonly<Record<string, string | Uint8Array>>,
    options?: RawFileOptions,
  ): Entries;
  /** Writes a file below the output root. */
  place(path: string, content: string | Uint8Array): Promise<void>;
  /** The text of a file below the output root; null where there is none. */
  read(path: string): Promise<string | null>;
  /** Every file below the output root, those of the job's own folder left out. */
  files(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface RawFileOptions extends PutOptions {
  readonly project?: string | null;
  readonly chunkMb?: number;
}
export type Entries = Record<string, unknown[]>;

export const md5 = (bytes: string | Uint8Array): string => createHash('md5').update(bytes).digest('hex');
export const keyOf = (rawFileId: string, file: string): string => `${rawFileId}/${file}`;

export async function openWorld(
  settings: Partial<RestoreSettings> = {},
  changes: Partial<RestoreDeps> = {},
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-world-'));
  const [root, outside] = [join(folder, 'output'), join(folder, 'outside')];
  await mkdir(root);
  await mkdir(outside);
  const store = createFakeObjectStore();
  store.makeBucket(BUCKET);
  const documents = new Map<string, RawFileDocument>();
  const updates: TransferUpdate[] = [];
  const hashes = createHashPool({ threads: 1 });
  const deps: RestoreDeps = {
    store,
    rawFiles: { find: async (ids) => ids.flatMap((id) => documents.get(id) ?? []) },
    hashes,
    settings: {
      outputRoot: root,
      subfolder: null,
      fallbackProject: null,
      keepCorrupted: false,
      region: null,
      ...settings,
    },
    limits: { timeoutMs: 60_000, retries: 1, retryDelayMs: 1 },
    parallelParts: 2,
    tell: (_, update) => void updates.push(update),
    standingOf: async () => 'ended',
    nowMs: () => START_MS,
    ...changes,
  };
  return {
    deps,
    store,
    root,
    outside,
    updates,
    addRawFile: (id, files, options = {}) => {
      const entries = Object.fromEntries(
        Object.entries(files).map(([file, content]) => [
          file,
          addFile(store, keyOf(id, file), content, options),
        ]),
      );
      const { project = 'P1' } = options;
      documents.set(id, {
        _id: id,
        project_id: project,
        s3_upload_path: `${BUCKET}/${id}/`,
        file_info: entries,
      });
      return entries;
    },
    place: async (path, content) => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    },
    read: (path) => readFile(join(root, path), 'utf8').catch(() => null),
    files: async () => (await filesBelow(root)).filter((name) => !name.startsWith('.stowage/')),
    close: async () => {
      await hashes.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Stores an object and returns its entry in the catalogue. */
function addFile(
  store: FakeObjectStore,
  key: string,
  content: string | Uint8Array,
  { chunkMb = 8, ...options }: RawFileOptions,
): unknown[] {
  const bytes = Buffer.from(content);
  const etag = normaliseEtag(store.put(BUCKET, key, bytes, options));
  return [bytes.length, md5(bytes), `${options.kms === true ? md5(bytes) : etag}__${chunkMb}`];
}

export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

// Tries and files that fail are what many tests are about.
export const silent = new DefaultLogger('ERROR', () => undefined);

/** Runs an activity as Temporal does: what it wants retried is retried, with the heartbeat details of the last try. */
export async function runActivity<T>(
  activity: () => Promise<T>,
  tries: { readonly attempt?: number; readonly logger?: Logger } = {},
): Promise<T> {
  const { logger = silent } = tries;
  let heartbeatDetails: unknown;
  for (let attempt = tries.attempt ?? 1; ; attempt += 1) {
    const environment = new MockActivityEnvironment({ attempt, heartbeatDetails }, { logger });
    environment.on('heartbeat', (details: unknown) => (heartbeatDetails = details));
    try {
      return await environment.run(activity);
    } catch (error) {
      if (!(error instanceof ApplicationFailure) || error.type !== 'WillRetry') throw error;
    }
  }
}
