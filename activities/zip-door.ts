/** What a caller may ask of this worker: a valid input, and no way round the isolation of attachments. */
import type { ZipRefusal } from '../core/zip-contract.js';
import { parseZipInput } from '../core/zip-input.js';
import { ZIP_INPUT_LIMITS, type ZipInput } from '../core/zip-request.js';
import type { ZipDeps, ZipSettings } from './zip-deps.js';
import { refuse } from './zip-refusals.js';

export type Entered =
  { readonly ok: true; readonly value: ZipInput } | { readonly ok: false; readonly refusal: ZipRefusal };

/** The input, where it is valid and this worker can serve it. */
export function readZipInput(
  { settings }: Pick<ZipDeps, 'settings'>,
  { args }: { readonly args: readonly unknown[] },
): Entered {
  const parsed = parseZipInput(args, { ...ZIP_INPUT_LIMITS, maxAttachments: settings.maxFiles });
  if (!parsed.ok) return { ok: false, refusal: refuse('InvalidInput', parsed.message) };
  const refusal = parsed.value.kind === 'attachments' ? unset(settings) : detour(settings, parsed.value);
  return refusal === null ? parsed : { ok: false, refusal };
}

/** Nothing that the caller could do better. */
function unset({ attachmentsBucket, zipBucket }: ZipSettings): ZipRefusal | null {
  const needed = { STOWAGE_ATTACHMENTS_BUCKET: attachmentsBucket, STOWAGE_ZIP_BUCKET: zipBucket };
  const [name] = Object.entries(needed).find(([, value]) => value === null) ?? [];
  if (name === undefined) return null;
  const message = `${name} is not set on the worker: it cannot make ZIPs of attachments`;
  return refuse('ZipError', message, 'misconfigured');
}

/** As plain objects, attachments and their ZIPs would go out without isolation and without a trace in the audit trail. */
function detour(
  { attachmentsBucket, zipBucket }: ZipSettings,
  input: Exclude<ZipInput, { readonly kind: 'attachments' }>,
): ZipRefusal | null {
  const sources = input.kind === 'prefix' ? [input.bucket] : input.objects.map(({ bucket }) => bucket);
  const isClosed = (bucket: string): boolean => bucket === attachmentsBucket || bucket === zipBucket;
  if (sources.some(isClosed))
    return refuse(
      'InvalidInput',
      `${input.kind}: expected objects of other buckets than those of attachments and of their ZIPs`,
    );
  if (input.output.bucket === attachmentsBucket)
    return refuse('InvalidInput', 'output: expected another bucket than that of attachments');
  return null;
}
