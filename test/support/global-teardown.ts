import { rm } from 'node:fs/promises';

/** The only thing that is ever written to MongoDB: who read which attachments. */
const AUDIT = 'insert audit_events';

export default async function tearDown(): Promise<void> {
  const ear = globalThis.stowageTestEar;
  await ear?.close();
  await globalThis.stowageTestStack?.stop();
  if (globalThis.stowageTestFolder !== undefined)
    await rm(globalThis.stowageTestFolder, { recursive: true, force: true });
  const heard = [...(ear?.others ?? [])].filter((command) => command !== AUDIT);
  if (heard.length > 0)
    throw new Error(`MongoDB is only read, but for its audit trail; it heard: ${heard.join(', ')}`);
}
