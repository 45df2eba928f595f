import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attachmentsInput, createZipWorld, entriesOf, runZip } from '../support/zip-world.js';

/** Two workspaces, two clients in each; a client's id may exist in both. */
const one = { weight: 1, arbitrary: fc.constant(1) };
const mostlyTheFirst = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, one);
const file = fc.record({
  workspace: mostlyTheFirst,
  client: mostlyTheFirst,
  deleted: mostlyTheFirst.map((number) => number === 1),
});

describe('whatever is asked for', () => {
  test('a ZIP holds all of it, and only files of that client of that workspace that are not deleted; or there is none', async () => {
    let handedOut = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { minLength: 5, maxLength: 8 }),
        fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 4 }),
        mostlyTheFirst,
        mostlyTheFirst,
        fc.constantFrom('fail', 'skip'),
        async (files, wanted, workspace, client, on_error) => {
          const world = createZipWorld();
          const [workspaces, clients] = [
            [world.workspaceId, randomUUID()],
            [world.clientId, randomUUID()],
          ];
          const place = (one: { workspace: number; client: number }) => ({
            workspaceId: workspaces[one.workspace] ?? '',
            clientId: clients[one.client] ?? '',
          });
          for (const id of clients)
            world.attachments.clients.set(id, place({ workspace, client }).workspaceId);
          const bytesOf = (at: number): Uint8Array => Buffer.from(`${at} ${JSON.stringify(files[at])}`);
          const ids = files.map((one, at) =>
            world.add(`${at}`, bytesOf(at), { ...place(one), deleted: one.deleted }),
          );
          const asked = wanted.map((at) => ids[at] ?? randomUUID());
          const input = attachmentsInput({ ...world, ...place({ workspace, client }) }, asked, { on_error });
          const mayHaveAll = wanted.every((at) => {
            const one = files[at];
            return one?.workspace === workspace && one.client === client && !one.deleted;
          });
          const outcome = await runZip(world, input);
          expect(outcome.kind).toBe(mayHaveAll ? 'completed' : 'refused');
          if (outcome.kind === 'refused') {
            expect(outcome.type).toBe('NotFound');
            expect(world.zips.keys('zips')).toEqual([]);
            expect(world.zips.objects.requests).toEqual([]);
            return;
          }
          handedOut += 1;
          const entries = [...(await entriesOf(world, outcome))].filter(
            ([name]) => name !== '_MANIFEST.json',
          );
          expect(entries.map(([name, bytes]) => [name, Buffer.from(bytes).toString()])).toEqual(
            [...new Set(wanted)].map((at) => [`${at}`, Buffer.from(bytesOf(at)).toString()]),
          );
        },
      ),
      { numRuns: 200 },
    );
    expect(handedOut).toBeGreaterThan(10);
  }, 120_000);
});
