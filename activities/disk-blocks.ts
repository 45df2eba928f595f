/** Reading a file from the disk itself: past the page cache, where the filesystem allows it. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** What O_DIRECT wants positions, lengths and memory to be multiples of; no disk asks for more. */
export const ALIGNMENT_BYTES = 4096;

/** Linux only. */
export const O_DIRECT = (constants as { readonly O_DIRECT?: number }).O_DIRECT;

/** Not in the type library without the DOM. Its memory starts at a page, as O_DIRECT wants it; that of Buffers does not. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};
const WASM_PAGE_BYTES = 65_536;

/** Page-aligned memory, in `count` pieces of `bytes` (a multiple of 64 KiB) each. */
export function alignedBlocks(count: number, bytes: number): readonly Uint8Array[] {
  const { buffer } = new WebAssembly.Memory({ initial: (count * bytes) / WASM_PAGE_BYTES });
  return Array.from({ length: count }, (_, at) => new Uint8Array(buffer, at * bytes, bytes));
}

const idle = new Map<number, Uint8Array[]>();

/** One aligned block, to be given back: each new one would reserve gigabytes of address space. */
export const borrowBlock = (bytes: number): Uint8Array =>
  idle.get(bytes)?.pop() ?? alignedBlocks(1, bytes)[0] ?? new Uint8Array(bytes);

export const returnBlock = (block: Uint8Array): void =>
  void idle.set(block.length, [...(idle.get(block.length) ?? []), block]);

export interface DiskReader {
  /** Fills the block from `position` on, at most up to `end`; the answer is the filled part, empty at the file's end. */
  read(block: Uint8Array, position: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens a file for reading by aligned blocks. What O_DIRECT refuses (EINVAL) is read as usual. */
export async function openDiskReader(path: string): Promise<DiskReader> {
  let { file, direct } = await openDirect(path);
  const readOnce = async (block: Uint8Array, position: number, wanted: number): Promise<number> =>
    (await file.read(block, 0, direct ? roundUp(wanted) : wanted, position)).bytesRead;
  const readUsually = async (): Promise<void> => {
    const usual = await open(path, constants.O_RDONLY);
    await file.close();
    [file, direct] = [usual, false];
  };
  return {
    read: async (block, position, end) => {
      const wanted = Math.min(block.length, end - position);
      if (direct && position % ALIGNMENT_BYTES !== 0) await readUsually();
      try {
        return block.subarray(0, Math.min(wanted, await readOnce(block, position, wanted)));
      } catch (error) {
        if (!direct || !isDirectRefusal(error)) throw error;
        await readUsually();
        return block.subarray(0, await readOnce(block, position, wanted));
      }
    },
    close: () => file.close(),
  };
}

const roundUp = (bytes: number): number => Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;

/** Whether an error says that this file cannot be read or written past the page cache. */
export const isDirectRefusal = (error: unknown): boolean =>
  ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Tmpfs and some network filesystems refuse it when opening, others when reading. */
async function openDirect(path: string): Promise<{ file: FileHandle; direct: boolean }> {
  if (O_DIRECT !== undefined) {
    try {
      return { file: await open(path, constants.O_RDONLY | O_DIRECT), direct: true };
    } catch (error) {
      if (!isDirectRefusal(error)) throw error;
    }
  }
  return { file: await open(path, constants.O_RDONLY), direct: false };
}
