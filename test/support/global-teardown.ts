import { rm } from 'node:fs/promises';

export default async function tearDown(): Promise<void> {
  await globalThis.stowageTestStack?.stop();
  if (globalThis.stowageTestFolder !== undefined)
    await rm(globalThis.stowageTestFolder, { recursive: true, force: true });
}
