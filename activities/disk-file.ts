/** A file that is written in blocks: past the page cache where position, length and filesystem allow it. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { ALIGNMENT_BYTES, isDirectRefusal, O_DIRECT } from './disk-blocks.js';

export interface DiskFile {
  /** For everything but writing blocks. */
  readonly handle: FileHandle;
  /** Writes all of `block` at `position`, or throws. Only page-aligned memory goes past the page cache. */
  write(block: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens or creates a file for writing. Large buffered writes cost the kernel more than the disk does (PERFORMANCE.md §1), and
 * would push everything else out of the page cache. Not through a symbolic link: that would be somebody else's file.
 */
export async function openDiskFile(path: string, options: { readonly direct: boolean }): Promise<DiskFile> {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o666);
  let direct = options.direct ? await openDirect(path) : null;
  const writeDirect = async (file: FileHandle, block: Uint8Array, position: number): Promise<number> => {
    const { bytesWritten } = await file.write(block, 0, roundDown(block.length), position);
    return bytesWritten;
  };
  const writeSome = async (block: Uint8Array, position: number): Promise<number> => {
    try {
      if (direct !== null && block.length >= ALIGNMENT_BYTES && position % ALIGNMENT_BYTES === 0)
        return await writeDirect(direct, block, position);
    } catch (error) {
      if (!isDirectRefusal(error)) throw error;
      const refused = direct;
      direct = null;
      await refused?.close();
    }
    return (await handle.write(block, 0, block.length, position)).bytesWritten;
  };
  return {
    handle,
    write: async (block, position) => {
      // A write may take less than it was given, above all on a filesystem that is nearly full.
      for (let done = 0; done < block.length;) done += await writeSome(block.subarray(done), position + done);
    },
    close: async () => {
      await direct?.close();
      await handle.close();
    },
  };
}

const roundDown = (bytes: number): number => bytes - (bytes % ALIGNMENT_BYTES);

async function openDirect(path: string): Promise<FileHandle | null> {
  if (O_DIRECT === undefined) return null;
  return open(path, constants.O_WRONLY | constants.O_NOFOLLOW | O_DIRECT).catch((error: unknown) => {
    if (isDirectRefusal(error)) return null;
    throw error;
  });
}
