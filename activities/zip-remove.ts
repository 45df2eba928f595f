/** How a finished ZIP of attachments goes when its time is over. */
import { ApplicationFailure } from '@temporalio/activity';
import type { ZipTarget } from '../core/zip-contract.js';
import type { ZipDeps } from './zip-deps.js';
import { isZipOfAttachments } from './zip-place.js';

/** Refuses whatever is no ZIP of attachments, so that nobody can have other objects removed by a forged input. Repeatable. */
export async function removeZip({ zips, settings }: ZipDeps, target: ZipTarget): Promise<void> {
  if (target.bucket !== settings.zipBucket || !isZipOfAttachments(target))
    throw ApplicationFailure.nonRetryable('Only ZIPs of attachments expire', 'InvalidInput');
  await zips.remove(target);
}
