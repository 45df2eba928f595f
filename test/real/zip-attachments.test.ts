import { randomUUID } from 'node:crypto';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { noise } from '../../dev/corpus.js';
import { MEBIBYTE } from '../../core/units.js';
import { startWorkerProcess } from '../support/processes.js';
import { until } from '../support/until.js';
import { openZipLab } from '../support/zip-lab.js';
import type { ZipLab } from '../support/zip-lab.js';

describe('a ZIP of attachments', () => {
  let zip: ZipLab;
  beforeAll(async () => {
    zip = await openZipLab();
  });
  afterAll(() => zip.close());
  afterEach(async () => {
    expect(await zip.uploads(zip.zipBucket)).toEqual([]);
    expect((await zip.keys(zip.zipBucket)).filter((key) => key.startsWith('.stowage'))).toEqual([]);
  });

  const file = (name: string, bytes = 3000) => ({ name, bytes: noise(bytes, name) });

  test('holds the files asked for, in that order, under their names', async () => {
    const files = ['תיק רפואי.pdf', 'b.txt', 'a.jpg'].map((name) => file(name));
    const ids = [];
    for (const one of files) ids.push(await zip.add(one));
    const { result, failure } = await zip.run(zip.attachments(ids));
    expect(failure).toBeNull();
    expect(result).toMatchObject({ status: 'complete', entries: 3, skipped: [] });
    expect(result?.uri).toMatch(new RegExp(`^s3://${zip.zipBucket}/zips/[0-9a-f]{32}\\.zip$`));
    expect(result?.file_name).toMatch(/^client-files-\d{8}_\d{6}\.zip$/);
    const bytes = await zip.read(result?.uri ?? '');
    expect(bytes.length).toBe(result?.size_bytes);
    const entries = await zip.open(result);
    expect([...entries.keys()]).toEqual(files.map(({ name }) => name));
    for (const { name, bytes: wanted } of files)
      expect(Buffer.from(wanted).equals(entries.get(name) ?? Buffer.of())).toBe(true);
  });

  const twoOf = async (): Promise<readonly string[]> => [
    await zip.add(file('one.txt')),
    await zip.add(file('two.txt')),
  ];

  test('has each file once, and names that agree on no two of them', async () => {
    const ids = [];
    for (const name of [
      'document.pdf',
      'Document.PDF',
      '../document.pdf',
      'README',
      'my.file.tar.gz',
      'my.file.tar.gz',
    ])
      ids.push(await zip.add({ name, bytes: noise(10, `${ids.length}`) }));
    const { result } = await zip.run(zip.attachments([...ids, ...ids].map((id) => id.toUpperCase())));
    expect(result?.entries).toBe(6);
    expect([...(await zip.open(result)).keys()]).toEqual([
      'document.pdf',
      'Document (2).PDF',
      'document (3).pdf',
      'README',
      'my.file.tar.gz',
      'my.file.tar (2).gz',
    ]);
  });

  test('that cannot be had is refused in the same words, whatever the reason', async () => {
    const own = await twoOf();
    const foreign = [
      randomUUID(),
      await zip.add({ ...file('deleted'), deleted: true }),
      await zip.add({ ...file('of another client'), clientId: randomUUID() }),
      await zip.add({ ...file('of another workspace'), workspaceId: randomUUID() }),
    ];
    const before = (await zip.keys(zip.zipBucket)).length;
    const ends = [];
    for (const id of foreign) ends.push((await zip.run(zip.attachments([...own, id]))).failure);
    const message = 'One or more attachments not found or do not belong to this client';
    expect(ends).toEqual(foreign.map(() => ({ type: 'NotFound', message, reason: null })));
    expect((await zip.keys(zip.zipBucket)).length).toBe(before);
  });

  test('of an input that was forged for another workspace gets nothing', async () => {
    const [workspaceId, clientId] = [randomUUID(), randomUUID()];
    await zip.db
      .collection<{ _id: string }>('clients')
      .insertOne({ _id: clientId, workspace_id: workspaceId } as never);
    const id = await zip.add({ ...file('secret.txt'), workspaceId, clientId });
    const { attachments } = zip.attachments([id]) as { readonly attachments: object };
    for (const forged of [{}, { workspace_id: workspaceId }, { client_id: clientId }])
      expect((await zip.run({ attachments: { ...attachments, ...forged } })).failure?.type).toBe('NotFound');
  });

  test('holds no foreign byte, whatever is asked for', async () => {
    const [otherClient, otherWorkspace] = [randomUUID(), randomUUID()];
    await zip.db.collection<{ _id: string }>('clients').insertOne({
      _id: otherClient,
      workspace_id: zip.workspaceId,
    } as never);
    const own = [await zip.add(file('own 1')), await zip.add(file('own 2'))];
    const foreign = [
      await zip.add({ ...file('foreign 1'), clientId: otherClient }),
      await zip.add({ ...file('foreign 2'), workspaceId: otherWorkspace }),
      await zip.add({ ...file('deleted'), deleted: true }),
    ];
    const all = [...own, ...foreign];
    for (let mask = 1; mask < 2 ** all.length; mask += 3) {
      const asked = all.filter((_, at) => (mask & (1 << at)) !== 0);
      const { result, failure } = await zip.run(
        zip.attachments(asked, { on_error: mask % 2 ? 'skip' : 'fail' }),
      );
      const mayHaveAll = asked.every((id) => own.includes(id));
      expect([asked, failure?.type ?? null]).toEqual([asked, mayHaveAll ? null : 'NotFound']);
      if (!mayHaveAll) continue;
      const entries = await zip.open(result);
      const names = asked.map((id) => `own ${own.indexOf(id) + 1}`);
      expect([...entries.keys()].filter((name) => name !== '_MANIFEST.json')).toEqual(names);
      for (const name of names)
        expect(Buffer.from(noise(3000, name)).equals(entries.get(name) ?? Buffer.of())).toBe(true);
    }
  }, 60_000);

  test('is gone when its time is over', async () => {
    const brief = await openZipLab({ env: { ZIP_TTL: '2s' } });
    const { result } = await brief.run(brief.attachments([await brief.add(file('brief.txt'))]));
    expect(await brief.keys(brief.zipBucket)).toEqual([result?.uri.replace(`s3://${brief.zipBucket}/`, '')]);
    await until('the ZIP is removed', async () => (await brief.keys(brief.zipBucket)).length === 0);
    await brief.close();
  }, 60_000);

  test('of an inactive workspace is refused with its reason', async () => {
    const workspaceId = randomUUID();
    await zip.db
      .collection<{ _id: string }>('workspaces')
      .insertOne({ _id: workspaceId, status: 'suspended' } as never);
    const { attachments } = zip.attachments([randomUUID()]) as { readonly attachments: object };
    const { failure } = await zip.run({ attachments: { ...attachments, workspace_id: workspaceId } });
    expect(failure).toMatchObject({ type: 'NotFound', reason: 'workspace-inactive' });
  });

  test('of more than 100 MB is refused with the sizes; a document cannot lie about them', async () => {
    const big = noise(56 * MEBIBYTE, 'big');
    const ids = [
      await zip.add({ name: 'a', bytes: big }),
      await zip.add({ name: 'b', bytes: big, document: { file_size_bytes: 1 } }),
    ];
    expect((await zip.run(zip.attachments(ids))).failure).toEqual({
      type: 'TooLarge',
      message:
        'Total file size exceeds 100 MB limit. Selected files total 112.0 MB. Please select fewer files.',
      reason: null,
    });
  });

  test('skips what is broken where that is asked for, and says so inside and outside', async () => {
    const good = await zip.add(file('good.txt'));
    const gone = await zip.add({ ...file('gone.txt'), withoutObject: true });
    const short = await zip.add({ ...file('short.txt'), document: { file_size_bytes: 3001 } });
    expect((await zip.run(zip.attachments([good, gone]))).failure?.type).toBe('StorageError');
    const { result } = await zip.run(zip.attachments([gone, good, short], { on_error: 'skip' }));
    expect(result).toMatchObject({
      status: 'partial',
      entries: 1,
      skipped: [{ id: gone }, { id: short }],
    });
    const entries = await zip.open(result);
    expect([...entries.keys()]).toEqual(['good.txt', '_MANIFEST.json']);
    const manifest = JSON.parse(Buffer.from(entries.get('_MANIFEST.json') ?? []).toString()) as object;
    expect(manifest).toMatchObject({
      missing: [
        { name: 'gone.txt', id: gone },
        { name: 'short.txt', id: short },
      ],
    });
  });

  test('is on record exactly once, before it exists', async () => {
    const ids = await twoOf();
    const before = new Set((await zip.audit()).map(({ _id }) => _id));
    const { result } = await zip.run(zip.attachments(ids));
    const events = (await zip.audit()).filter(({ _id }) => !before.has(_id));
    expect(events).toEqual([
      {
        _id: expect.any(String),
        at: expect.any(Date),
        user_id: 'user-1',
        workspace_id: zip.workspaceId,
        action: 'READ',
        resource_type: 'SESSION_ATTACHMENT',
        resource_id: null,
        metadata: {
          client_id: zip.clientId,
          attachment_count: 2,
          attachment_ids: ids,
          total_size_bytes: 6000,
          operation: 'bulk_download',
        },
      },
    ]);
    const { LastModified } = await zip.s3.send(new HeadObjectCommand(keyOf(result?.uri ?? '')));
    // S3 knows whole seconds.
    const recordedAtMs = Number(events[0]?.['at']);
    expect(recordedAtMs - 1000).toBeLessThan(LastModified?.getTime() ?? 0);
  });

  test('leaves no name in history, keys or logs', async () => {
    const quiet = await openZipLab({ worker: false });
    const worker = await startWorkerProcess(quiet.lab, { LOG_LEVEL: 'trace' });
    const ids = [
      await quiet.add(file('KANARIENVOGEL.txt')),
      await quiet.add({ ...file('KANARIENVOGEL 2.txt'), withoutObject: true }),
    ];
    for (const on_error of ['skip', 'fail']) {
      const handle = await quiet.start(quiet.attachments(ids, { on_error }));
      await quiet.end(handle);
      const history = decoded(await handle.fetchHistory());
      expect([history.includes(ids[0] ?? ''), history.includes('KANARIENVOGEL')]).toEqual([true, false]);
    }
    expect((await quiet.keys(quiet.zipBucket)).join()).not.toMatch(/KANARIENVOGEL/);
    worker.kill('SIGTERM');
    await worker.ended;
    expect([worker.said().includes('ready'), worker.said().includes('KANARIENVOGEL')]).toEqual([true, false]);
    await quiet.close();
  }, 60_000);
});

/** All text of a history, payloads included, which are base64 in its JSON. */
const decoded = (history: object): string =>
  JSON.stringify(history).replace(/"data":"([^"]*)"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString('utf8'),
  );

function keyOf(uri: string): { readonly Bucket: string; readonly Key: string } {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  return { Bucket, Key };
}
