/** A whole bulk ZIP without Temporal: the steps in the workflow's order, over stores in memory. */
import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TransferUpdate } from '../../core/contract.js';
import type { BulkZipResult, ZipJobRef, ZipRefusal } from '../../core/zip-contract.js';
import { createZipActivities, createZipTransferActivities } from '../../activities/zip-activities.js';
import type { ZipDeps } from '../../activities/zip-deps.js';
import { DatabaseProblem } from '../../activities/zip-ports.js';
import type { AccessEvent, Attachment, Attachments } from '../../activities/zip-ports.js';
import { createFakeZipStore } from './fake-zip-store.js';
import type { FakeZipStore } from './fake-zip-store.js';
import { runActivity } from './restore-world.js';
import { readZip } from './zip-lab.js';

export interface StoredAttachment extends Attachment {
  readonly workspaceId: string;
  readonly clientId: string;
  readonly deleted: boolean;
}

/** The database in memory; `asked` is told before every question. */
export interface FakeAttachments extends Attachments {
  readonly documents: Map<string, StoredAttachment>;
  readonly clients: Map<string, string>;
  readonly inactive: Set<string>;
  readonly events: Map<string, AccessEvent>;
  down: (operation: string) => boolean;
}

export function createFakeAttachments(): FakeAttachments {
  const fake = {
    documents: new Map<string, StoredAttachment>(),
    clients: new Map<string, string>(),
    inactive: new Set<string>(),
    events: new Map<string, AccessEvent>(),
    down: (_operation: string): boolean => false,
  };
  const ask = async <T>(operation: string, work: () => T): Promise<T> => {
    if (fake.down(operation)) throw new DatabaseProblem('the database is down (fake)');
    return work();
  };
  return Object.assign(fake, {
    isServed: (workspaceId: string) => ask('isServed', () => !fake.inactive.has(workspaceId)),
    clientExists: (workspaceId: string, clientId: string) =>
      ask('clientExists', () => fake.clients.get(clientId) === workspaceId),
    find: ({ workspaceId, clientId, ids }: Parameters<Attachments['find']>[0]) =>
      ask('find', () =>
        [...fake.documents.values()].filter(
          (one) =>
            ids.includes(one.id) &&
            one.workspaceId === workspaceId &&
            one.clientId === clientId &&
            !one.deleted,
        ),
      ),
    recordAccess: (event: AccessEvent) =>
      ask('recordAccess', () => void (fake.events.has(event.id) || fake.events.set(event.id, event))),
  });
}

export interface ZipWorld {
  readonly zips: FakeZipStore;
  readonly attachments: FakeAttachments;
  readonly deps: ZipDeps;
  readonly workspaceId: string;
  readonly clientId: string;
  /** What the job was told of its segments. */
  readonly updates: readonly TransferUpdate[];
  add(name: string, bytes: Uint8Array, more?: Partial<StoredAttachment>): string;
}

export function createZipWorld(settings: Partial<ZipDeps['settings']> = {}): ZipWorld {
  const zips = createFakeZipStore();
  const attachments = createFakeAttachments();
  const [workspaceId, clientId] = [randomUUID(), randomUUID()];
  const updates: TransferUpdate[] = [];
  attachments.clients.set(clientId, workspaceId);
  const deps: ZipDeps = {
    store: zips.objects,
    zips,
    attachments,
    settings: {
      attachmentsBucket: 'att',
      zipBucket: 'zips',
      maxBytes: 104_857_600,
      maxFiles: 50,
      ttlMs: 3_600_000,
      ...settings,
    },
    limits: { timeoutMs: 60_000, retries: 1, retryDelayMs: 0 },
    parallelParts: 2,
    pause: async () => undefined,
    nowMs: () => 1_763_700_000_000,
    tell: (_, update) => void updates.push(update),
  };
  const add: ZipWorld['add'] = (name, bytes, more = {}) => {
    const id = randomUUID();
    const place = { workspaceId, clientId, ...more };
    const s3Key = `workspaces/${place.workspaceId}/${id}`;
    zips.seed('att', s3Key, bytes);
    attachments.documents.set(id, {
      id,
      fileName: name,
      s3Key,
      sizeBytes: bytes.length,
      contentType: null,
      etag: null,
      createdAtMs: 1_700_000_000_000,
      deleted: false,
      ...place,
      ...more,
    });
    return id;
  };
  return { zips, attachments, deps, workspaceId, clientId, updates, add };
}

export const attachmentsInput = ({ workspaceId, clientId }: ZipWorld, ids: readonly string[], more = {}) => ({
  attachments: {
    workspace_id: workspaceId,
    client_id: clientId,
    attachment_ids: ids,
    requested_by: 'user-1',
  },
  ...more,
});

export const requestOf = (input: unknown, workflowId = `zip-${randomUUID()}`) => ({
  args: [input],
  workflowId,
  runId: `run-of-${workflowId}`,
  startedAtMs: 1_763_700_000_000,
});

export type ZipOutcome =
  | { readonly kind: 'completed'; readonly result: BulkZipResult; readonly job: ZipJobRef }
  | (ZipRefusal & { readonly job: ZipJobRef | null });

/** All steps as the workflow takes them; `between` is called after the plan, before the segments. */
export async function runZip(
  { deps }: ZipWorld,
  input: unknown,
  {
    between = () => undefined,
    startedAtMs = 1_763_700_000_000,
  }: { readonly between?: (job: ZipJobRef) => void; readonly startedAtMs?: number } = {},
): Promise<ZipOutcome> {
  const steps = createZipActivities(deps);
  const { zipAppend } = createZipTransferActivities(deps);
  const request = { ...requestOf(input), startedAtMs };
  const planned = await runActivity(() => steps.planZip(request));
  if (planned.kind === 'refused') return { ...planned, job: null };
  const { ref: job, segments } = planned.job;
  between(job);
  const giveUp = async (refusal: ZipRefusal): Promise<ZipOutcome> => {
    await repeated(() => steps.abortZip(job));
    return { ...refusal, job };
  };
  for (let segment = segments - 1; segment >= 0; segment -= 1) {
    const answer = await runActivity(() => zipAppend({ job, segment }));
    if (answer.kind === 'refused') return giveUp(answer);
  }
  const recorded = await runActivity(() => steps.recordAccess(job));
  if (recorded.kind === 'refused') return giveUp(recorded);
  const completed = await runActivity(() => steps.zipComplete(job));
  if (completed.kind === 'refused') return giveUp(completed);
  await repeated(() => steps.closeZip(job));
  return { ...completed, job };
}

async function repeated(step: () => Promise<void>): Promise<void> {
  for (let fails = 0; fails < 5; fails += 1) {
    const done = await step().then(
      () => true,
      () => false,
    );
    if (done) return;
  }
  throw new Error('could not tidy up');
}

/** The entries of a finished ZIP. */
export async function entriesOf(
  { zips }: ZipWorld,
  outcome: ZipOutcome,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (outcome.kind !== 'completed') throw new Error(`no ZIP: ${outcome.type} ${outcome.message}`);
  const folder = await mkdtemp(join(tmpdir(), 'stowage-zip-'));
  try {
    const path = join(folder, 'all.zip');
    await writeFile(path, zips.bytesOf(outcome.job.target) ?? new Uint8Array());
    // `-t` also reads the local headers, and compares.
    await promisify(execFile)('unzip', ['-tq', path]);
    return await readZip(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
