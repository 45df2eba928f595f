/** Room for the outcomes and the reports of a job, held from the beginning: a job that fills the disk can still say so. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const RESERVE = 'reserve';
const OUTCOME_BYTES = 1500;
const MAX_RESERVE_BYTES = 64 * 1024 * 1024;

const reserveBytes = (files: number): number => Math.min(MAX_RESERVE_BYTES, 65_536 + files * OUTCOME_BYTES);

/** Holds room for a job of so many files. Throws the disk's errno where there is none. */
export const holdReserve = (folder: string, files: number): Promise<void> =>
  writeFile(join(folder, RESERVE), Buffer.alloc(reserveBytes(files)));

/** Lets the held room go, because the disk is full. */
export const releaseReserve = (folder: string): Promise<void> => rm(join(folder, RESERVE), { force: true });
