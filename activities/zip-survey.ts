/** What the plan knows of the wanted entries before a byte of them is read: where they lie, their sizes and ETags. */
import { normaliseEtag } from '../core/etag.js';
import type { ZipRefusal } from '../core/zip-contract.js';
import type {
  WantedObject,
  ZipAttachmentsInput,
  ZipInput,
  ZipObjectsInput,
  ZipPrefixInput,
} from '../core/zip-request.js';
import { forEachAtOnce } from './in-flight.js';
import type { ObjectAddress } from './ports.js';
import type { ZipDeps } from './zip-deps.js';
import { tooLarge } from './zip-limit.js';
import { digestOfNames, findAttachments } from './zip-names.js';
import { WORK_ROOT } from './zip-place.js';
import type { Attachment, ListedObject, ObjectState } from './zip-ports.js';
import { EntryUnavailable, NOT_FOUND, isOfEntry, reasonOf, refuse } from './zip-refusals.js';
import { originOf } from './zip-work.js';
import type { NamesDigest, PlannedEntry } from './zip-work.js';

/** `state`: the object, or why it cannot be had. */
export interface SurveyedEntry extends Pick<PlannedEntry, 'id' | 'bucket' | 'key'> {
  /** As asked for: neither safe nor unique. */
  readonly rawName: string;
  readonly contentType: string | null;
  readonly mtimeS: number | null;
  readonly state: ObjectState | string;
}

export interface Survey {
  readonly entries: readonly SurveyedEntry[];
  readonly namesDigest: NamesDigest;
}

const HEADS_AT_ONCE = 16;
/** Their plan must fit into a worker's memory: some 100 MB. */
const MOST_LISTED = 250_000;

/** Asks the database and S3; whatever may pass is thrown. */
export function survey(
  deps: ZipDeps,
  input: ZipInput,
  salt: string,
  signal: AbortSignal,
): Promise<Survey | ZipRefusal> {
  if (input.kind === 'attachments') return surveyAttachments(deps, input, salt, signal);
  return input.kind === 'objects' ? surveyObjects(deps, input, signal) : surveyPrefix(deps, input, signal);
}

async function surveyAttachments(
  deps: ZipDeps,
  input: ZipAttachmentsInput,
  salt: string,
  signal: AbortSignal,
): Promise<Survey | ZipRefusal> {
  const { attachments, settings } = deps;
  if (!(await attachments.isServed(input.workspaceId)))
    return refuse('NotFound', 'Workspace access denied', 'workspace-inactive');
  if (!(await attachments.clientExists(input.workspaceId, input.clientId))) return NOT_FOUND;
  const found = await findAttachments(deps, input);
  if (found === null) return NOT_FOUND;
  const bucket = settings.attachmentsBucket ?? '';
  const wanted = found.map(({ id, s3Key }) => ({ id, bucket, key: s3Key }));
  const states = await headAll(deps, wanted, signal);
  const refusal = tooLarge(found, states, settings.maxBytes);
  if (refusal !== null) return refusal;
  const entries = found.map((attachment, at) => surveyed(attachment, bucket, states[at] ?? ''));
  return { entries, namesDigest: digestOfNames(salt, found, input.onError) };
}

const surveyed = (attachment: Attachment, bucket: string, state: ObjectState | string): SurveyedEntry => ({
  id: attachment.id,
  bucket,
  key: attachment.s3Key,
  rawName: attachment.fileName,
  contentType: attachment.contentType,
  mtimeS: attachment.createdAtMs === null ? null : Math.floor(attachment.createdAtMs / 1000),
  state: typeof state === 'string' ? state : (contradiction(attachment, state) ?? state),
});

/** The database knows which bytes were uploaded; others under the same key are not that attachment. */
function contradiction({ sizeBytes, etag }: Attachment, found: ObjectState): string | null {
  if (sizeBytes !== null && sizeBytes !== found.sizeBytes)
    return `the object has ${found.sizeBytes} bytes, its document says ${sizeBytes}`;
  if (etag !== null && etag !== '' && normaliseEtag(etag) !== normaliseEtag(found.etag))
    return 'the object is not the one that was uploaded (its ETag is another)';
  return null;
}

async function surveyObjects(
  deps: ZipDeps,
  { objects }: ZipObjectsInput,
  signal: AbortSignal,
): Promise<Survey> {
  const wanted = objects.map(({ bucket, key }) => ({ id: null, bucket, key }));
  const states = await headAll(deps, wanted, signal);
  return { entries: objects.map((object, at) => ofObject(object, states[at] ?? '')), namesDigest: null };
}

const ofObject = ({ bucket, key, name }: WantedObject, state: ObjectState | string): SurveyedEntry => ({
  id: null,
  bucket,
  key,
  rawName: name,
  contentType: null,
  mtimeS: typeof state === 'string' ? null : Math.floor(state.modifiedAtMs / 1000),
  state,
});

async function surveyPrefix(
  { zips }: ZipDeps,
  input: ZipPrefixInput,
  signal: AbortSignal,
): Promise<Survey | ZipRefusal> {
  const { bucket, prefix } = input;
  const entries: SurveyedEntry[] = [];
  for await (const listed of zips.list(bucket, prefix, signal)) {
    if (isNoEntry(input, listed)) continue;
    entries.push(ofObject({ bucket, key: listed.key, name: listed.key.slice(prefix.length) }, listed));
    if (entries.length > MOST_LISTED)
      return refuse('TooLarge', `s3://${bucket}/${prefix}: more than ${MOST_LISTED} objects`);
  }
  if (entries.length === 0) return refuse('NotFound', `s3://${bucket}/${prefix}: there are no objects`);
  return { entries, namesDigest: null };
}

/** The ZIP itself, plans of jobs, and the empty objects by which consoles show folders. */
const isNoEntry = ({ bucket, output }: ZipPrefixInput, { key, sizeBytes }: ListedObject): boolean =>
  (bucket === output.bucket && (key === output.key || key.startsWith(WORK_ROOT))) ||
  (key.endsWith('/') && sizeBytes === 0);

type Wanted = ObjectAddress & Pick<PlannedEntry, 'id'>;

async function headAll(
  deps: ZipDeps,
  wanted: readonly Wanted[],
  signal: AbortSignal,
): Promise<readonly (ObjectState | string)[]> {
  const states: (ObjectState | string)[] = [];
  await forEachAtOnce(wanted.entries(), HEADS_AT_ONCE, signal, async ([at, object], together) => {
    states[at] = await stateOf(deps, object, together);
  });
  return states;
}

/** The object, or why it cannot be had. What may pass is thrown, and names an attachment by its id: its key may say more. */
async function stateOf(
  { zips }: ZipDeps,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<ObjectState | string> {
  if (wanted.key === '') return 'the document names no object';
  try {
    return await zips.head(wanted, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isOfEntry(error)) throw error;
    if (error.code !== 'unavailable') return reasonOf(error);
    throw wanted.id === null ? error : new EntryUnavailable(originOf(wanted));
  }
}
