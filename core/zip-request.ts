/** What a caller of the bulk ZIP may ask for, once it is read and checked (zip-input.ts). */
import type { Compression, OnError, ZipTarget } from './zip-contract.js';

interface ZipChoices {
  readonly onError: OnError;
  readonly compression: Compression;
}

export interface ZipAttachmentsInput extends ZipChoices {
  readonly kind: 'attachments';
  readonly workspaceId: string;
  readonly clientId: string;
  /** Lower case, without duplicates, in the order of the request. */
  readonly attachmentIds: readonly string[];
  readonly requestedBy: string;
}

export interface WantedObject {
  readonly bucket: string;
  readonly key: string;
  /** As asked for, or the key's last component; not safe and not unique yet (zip-names.ts). */
  readonly name: string;
}

export interface ZipObjectsInput extends ZipChoices {
  readonly kind: 'objects';
  readonly objects: readonly WantedObject[];
  readonly output: ZipTarget;
}

export interface ZipPrefixInput extends ZipChoices {
  readonly kind: 'prefix';
  readonly bucket: string;
  /** Empty, or ends with `/`; names in the ZIP are the rest of the keys. The output's own key is no entry. */
  readonly prefix: string;
  readonly output: ZipTarget;
}

export type ZipInput = ZipAttachmentsInput | ZipObjectsInput | ZipPrefixInput;

export interface ZipInputLimits {
  readonly maxAttachments: number;
  readonly maxObjects: number;
}

export const ZIP_INPUT_LIMITS: ZipInputLimits = { maxAttachments: 50, maxObjects: 10_000 };
