/** A raw file as the catalogue has it, and its plan with a few changes to it or to the settings. */
import { planRawFile } from '../../core/plan.js';
import type { RawFileDocument, RawFilePlan } from '../../core/plan.js';
import type { RestoreSettings } from '../../core/settings.js';

export const MIB = 1_048_576;
export const MD5 = '5d41402abc4b2a76b9719d911017c592';
export const ETAG = 'd8e8fca2dc0f896fd7cb4cb0031ba249-3';

export const SETTINGS: RestoreSettings = {
  outputRoot: '/fs/pool/output',
  subfolder: null,
  fallbackProject: null,
  keepCorrupted: false,
  region: null,
};

export const DOCUMENT: RawFileDocument = {
  _id: '20250115_sample',
  project_id: 'PRID001',
  s3_upload_path: 'alphakraken-PRID001/some/prefix/',
  file_info: {
    'sample.raw': [1_294_567_890, MD5, `${ETAG}__500`],
    'x.d/analysis.tdf': [4096, MD5, `${MD5}__500`],
  },
};

export const planOfDocument = (changes: object = {}, settings: Partial<RestoreSettings> = {}): RawFilePlan =>
  planRawFile(DOCUMENT._id, { ...DOCUMENT, ...changes }, { ...SETTINGS, ...settings });
