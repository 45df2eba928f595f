/** Why a job ended, noted in its folder where a report could be written nowhere: whoever writes it later must say the same. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReportRequest } from '../core/contract.js';

type Note = Pick<ReportRequest, 'stop' | 'fullFilesystems'>;

const noteFile = (folder: string): string => join(folder, 'ending.json');

/** Never throws: a disk that takes no report may not take this either. */
export const noteEnding = (folder: string, { stop, fullFilesystems }: Note): Promise<void> =>
  writeFile(noteFile(folder), JSON.stringify({ stop, fullFilesystems })).catch(() => undefined);

/** Null where nothing was noted. */
export const readEnding = (folder: string): Promise<Note | null> =>
  readFile(noteFile(folder), 'utf8').then(
    (text) => JSON.parse(text) as Note,
    () => null,
  );
