/** What the tests use of yazl; @types/yazl has no size in the callback of `end`. */
declare module 'yazl' {
  import type { Readable } from 'node:stream';
  export class ZipFile {
    readonly outputStream: Readable;
    addBuffer(
      bytes: Uint8Array,
      name: string,
      options: { readonly mtime: Date; readonly compress: boolean },
    ): void;
    end(calculatedTotalSize: (bytes: number) => void): void;
  }
}
