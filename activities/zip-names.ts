/** Names of entries. Those of attachments are health information: they come from the database and go into the ZIP, and nowhere else. */
import { createHash } from 'node:crypto';
import type { OnError, ZipJobRef, ZipRefusal, ZipSource } from '../core/zip-contract.js';
import { MANIFEST_NAME } from '../core/zip-manifest.js';
import { entryNames, type NameShape } from '../core/zip-names.js';
import type { ZipDeps } from './zip-deps.js';
import type { Attachment } from './zip-ports.js';
import { NOT_FOUND, refuse } from './zip-refusals.js';
import type { NamesDigest, PlannedEntry } from './zip-work.js';

export type AttachmentSource = Extract<ZipSource, { readonly kind: 'attachments' }>;

/** The isolation query: all of the attachments in the order of the request, or null. */
export async function findAttachments(
  { attachments }: ZipDeps,
  { workspaceId, clientId, attachmentIds }: Omit<AttachmentSource, 'kind'>,
): Promise<readonly Attachment[] | null> {
  const found = await attachments.find({ workspaceId, clientId, ids: attachmentIds });
  const byId = new Map(found.map((attachment) => [attachment.id, attachment]));
  const inOrder = attachmentIds.flatMap((id) => byId.get(id) ?? []);
  return inOrder.length === attachmentIds.length ? inOrder : null;
}

/** Safe and unique over the whole request, also over what is left out later: so every step gives the same names. */
export const safeNames = (names: readonly string[], shape: NameShape, onError: OnError): readonly string[] =>
  entryNames(names, shape, onError === 'skip' ? [MANIFEST_NAME] : []);

const namesOf = (found: readonly Attachment[], onError: OnError): readonly string[] =>
  safeNames(
    found.map(({ fileName }) => fileName),
    'flat',
    onError,
  );

/** Of all names and keys together; salted, so that equal lists of two jobs do not show. */
export function digestOfNames(salt: string, found: readonly Attachment[], onError: OnError): string {
  const names = namesOf(found, onError);
  const text = JSON.stringify([salt, ...found.map(({ id, s3Key }, at) => [id, s3Key, names[at]])]);
  return createHash('sha256').update(text).digest('hex');
}

export type NameOf = (entry: Pick<PlannedEntry, 'place' | 'name'>) => string;

/** The names of a planned job: those of attachments are asked for anew, by the isolation query, and must be the plan's. */
export async function planNames(
  deps: ZipDeps,
  { source, onError, workPrefix }: ZipJobRef,
  digest: NamesDigest,
): Promise<NameOf | ZipRefusal> {
  if (source.kind === 'objects') return ({ name }) => name ?? '';
  const found = await findAttachments(deps, source);
  if (found === null) return NOT_FOUND;
  if (digestOfNames(workPrefix, found, onError) !== digest)
    return refuse('ZipError', 'The attachments have changed while the ZIP was being built; start it again');
  const names = namesOf(found, onError);
  return ({ place }) => names[place] ?? '';
}
