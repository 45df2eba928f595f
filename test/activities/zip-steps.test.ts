import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createZipActivities, createZipTransferActivities } from '../../activities/zip-activities.js';
import { MEBIBYTE } from '../../core/units.js';
import { noise } from '../../dev/corpus.js';
import { runActivity } from '../support/restore-world.js';
import { attachmentsInput, createZipWorld, entriesOf, requestOf, runZip } from '../support/zip-world.js';
import type { ZipWorld } from '../support/zip-world.js';

const text = (words: string): Uint8Array => Buffer.from(words);
const lines = (bytes: number): Uint8Array => Buffer.alloc(bytes, 'the same line again and again\n');
const hold = (
  entries: ReadonlyMap<string, Uint8Array>,
  wanted: Readonly<Record<string, Uint8Array>>,
): void => {
  expect([...entries.keys()]).toEqual(Object.keys(wanted));
  for (const [name, bytes] of Object.entries(wanted))
    expect([name, Buffer.from(bytes).equals(entries.get(name) ?? Buffer.of(0))]).toEqual([name, true]);
};

const NOT_FOUND = {
  kind: 'refused',
  type: 'NotFound',
  message: 'One or more attachments not found or do not belong to this client',
};

/** Nothing of a job is left but what stands under other keys. */
const expectNothingLeft = ({ zips }: ZipWorld): void => {
  expect(zips.uploads()).toEqual([]);
  expect([...zips.keys('zips'), ...zips.keys('out')].filter((key) => !key.startsWith('source/'))).toEqual([]);
};

describe('attachments', () => {
  test('get safe and unique names, in the order of the request; an id asked for twice is there once', async () => {
    const world = createZipWorld();
    const names = ['document.pdf', '../../document.pdf', 'README', 'readme', 'a\u202Egpj.exe'];
    const ids = names.map((name, at) => world.add(name, text(`${at}`)));
    const outcome = await runZip(world, attachmentsInput(world, [...ids, ids[0]?.toUpperCase() ?? '']));
    hold(await entriesOf(world, outcome), {
      'document.pdf': text('0'),
      'document (2).pdf': text('1'),
      README: text('2'),
      'readme (2)': text('3'),
      'agpj.exe': text('4'),
    });
    expect([...world.attachments.events.values()]).toMatchObject([
      { userId: 'user-1', attachmentIds: ids, totalSizeBytes: 5 },
    ]);
  });

  test.each([
    ['unknown', () => randomUUID()],
    ['deleted', (world: ZipWorld) => world.add('x', text('x'), { deleted: true })],
    ['of another client', (world: ZipWorld) => world.add('x', text('x'), { clientId: randomUUID() })],
    ['of another workspace', (world: ZipWorld) => world.add('x', text('x'), { workspaceId: randomUUID() })],
  ])('one that is %s is answered like every other that cannot be had', async (_, idOf) => {
    const world = createZipWorld();
    const outcome = await runZip(world, attachmentsInput(world, [world.add('a', text('a')), idOf(world)]));
    expect(outcome).toEqual({ ...NOT_FOUND, job: null });
    expect(world.zips.calls().filter((call) => call !== 'get')).toEqual([]);
  });

  test('of an unknown client or an inactive workspace are not looked at', async () => {
    const world = createZipWorld();
    const input = attachmentsInput(world, [world.add('a', text('a'))]);
    world.attachments.clients.clear();
    expect(await runZip(world, input)).toMatchObject(NOT_FOUND);
    world.attachments.inactive.add(world.workspaceId);
    expect(await runZip(world, input)).toMatchObject({ type: 'NotFound', reason: 'workspace-inactive' });
  });

  test('that are deleted or renamed while the ZIP is built end it', async () => {
    for (const [change, type] of [
      [{ deleted: true }, 'NotFound'],
      [{ fileName: 'another name' }, 'ZipError'],
    ] as const) {
      const world = createZipWorld();
      const id = world.add('a', text('a'));
      const between = (): void => {
        const document = world.attachments.documents.get(id);
        if (document !== undefined) world.attachments.documents.set(id, { ...document, ...change });
      };
      expect(await runZip(world, attachmentsInput(world, [id]), { between })).toMatchObject({ type });
      expectNothingLeft(world);
      expect(world.attachments.events.size).toBe(0);
    }
  });

  test('of more than the limit are refused by what they really are; exactly the limit passes', async () => {
    const world = createZipWorld({ maxBytes: MEBIBYTE });
    const half = (document = {}) => world.add('a', noise(MEBIBYTE / 2, 'a'), document);
    expect(await runZip(world, attachmentsInput(world, [half(), half()]))).toMatchObject({
      kind: 'completed',
    });
    const liar = world.add('b', noise(MEBIBYTE * 2, 'b'), { sizeBytes: 1 });
    expect(await runZip(world, attachmentsInput(world, [half(), liar]))).toMatchObject({
      type: 'TooLarge',
      message: 'Total file size exceeds 1 MB limit. Selected files total 2.5 MB. Please select fewer files.',
      sizes: { limit_bytes: MEBIBYTE, actual_bytes: 2.5 * MEBIBYTE },
    });
  });

  test.each([
    [1, '1.000001'],
    [100, '1.0001'],
    [MEBIBYTE / 100, '1.01'],
    [MEBIBYTE / 10, '1.1'],
  ])('that are %d bytes more than the limit do not read as the limit itself', async (more, total) => {
    const world = createZipWorld({ maxBytes: MEBIBYTE });
    const ids = [world.add('a', noise(MEBIBYTE, 'a')), world.add('b', noise(Math.ceil(more), 'b'))];
    expect(await runZip(world, attachmentsInput(world, ids))).toMatchObject({
      message: `Total file size exceeds 1 MB limit. Selected files total ${total} MB. Please select fewer files.`,
    });
  });

  test('whose object is not the documented one are not packed', async () => {
    const world = createZipWorld();
    const good = world.add('good', text('good'));
    const short = world.add('short', text('short'), { sizeBytes: 6 });
    const other = world.add('other', text('other'), { etag: 'd41d8cd98f00b204e9800998ecf8427e' });
    expect(await runZip(world, attachmentsInput(world, [good, short]))).toMatchObject({
      type: 'StorageError',
      message: `attachment ${short}: the object has 5 bytes, its document says 6`,
    });
    const outcome = await runZip(world, attachmentsInput(world, [good, short, other], { on_error: 'skip' }));
    expect(outcome).toMatchObject({
      result: { status: 'partial', entries: 1, skipped: [{ id: short }, { id: other }] },
    });
    const entries = await entriesOf(world, outcome);
    expect([...entries.keys()]).toEqual(['good', '_MANIFEST.json']);
    const manifest = JSON.parse(Buffer.from(entries.get('_MANIFEST.json') ?? []).toString()) as object;
    expect(manifest).toMatchObject({
      status: 'partial',
      included: [{ name: 'good', id: good }],
      missing: [
        { name: 'short', id: short },
        { name: 'other', id: other },
      ],
    });
  });

  test('are not handed out where the audit trail cannot be written', async () => {
    const world = createZipWorld();
    world.attachments.down = (operation) => operation === 'recordAccess';
    const outcome = await runZip(world, attachmentsInput(world, [world.add('a', text('a'))]));
    expect(outcome).toMatchObject({ type: 'StorageError', reason: 'audit-unavailable' });
    expectNothingLeft(world);
  });

  test('cannot be had as plain objects, nor be written over', async () => {
    const world = createZipWorld();
    world.add('a', text('a'));
    for (const input of [
      { prefix: 's3://att/', output: 's3://out/x.zip' },
      { objects: [{ uri: 's3://zips/zips/x.zip' }], output: 's3://out/x.zip' },
      { prefix: 's3://src/', output: 's3://att/x' },
    ])
      expect(await runZip(world, input)).toMatchObject({ type: 'InvalidInput' });
    expect(world.zips.calls()).toEqual([]);
  });

  test('need their buckets, and the refusal names the setting', async () => {
    const world = createZipWorld({ zipBucket: null });
    const outcome = await runZip(world, attachmentsInput(world, [world.add('a', text('a'))]));
    expect(outcome).toMatchObject({ type: 'ZipError', reason: 'misconfigured' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('STOWAGE_ZIP_BUCKET'));
  });

  test('leave no name in plan, records, answers or failures', async () => {
    const world = createZipWorld();
    const canary = 'KANARIENVOGEL Ünïcødé.txt';
    const ids = [world.add(canary, lines(100_000)), world.add(`2 ${canary}`, text('x'))];
    const seen: string[] = [];
    const { planZip, zipComplete } = createZipActivities(world.deps);
    const { zipAppend } = createZipTransferActivities(world.deps);
    const input = attachmentsInput(world, ids, { compression: 'deflate', on_error: 'skip' });
    const request = requestOf(input);
    const planned = await runActivity(() => planZip(request));
    if (planned.kind !== 'planned') throw new Error('not planned');
    const { ref: job } = planned.job;
    seen.push(JSON.stringify([planned, await runActivity(() => zipAppend({ job, segment: 0 }))]));
    world.zips.objects.remove('att', world.attachments.documents.get(ids[1] ?? '')?.s3Key ?? '');
    seen.push(JSON.stringify(await runActivity(() => zipComplete(job))));
    for (const key of world.zips.keys('zips'))
      seen.push(
        key,
        ...(key.endsWith('.zip')
          ? []
          : [Buffer.from(world.zips.bytesOf({ bucket: 'zips', key }) ?? []).toString()]),
      );
    expect(seen.length).toBeGreaterThan(5);
    for (const one of seen) expect(one).not.toMatch(/KANARIENVOGEL|Ünïcødé/);
    expect(JSON.stringify([...world.attachments.events.values()])).not.toContain('KANARIENVOGEL');
  });
});

describe('objects', () => {
  const objects = (...keys: readonly string[]) => ({
    objects: keys.map((key) => ({ uri: `s3://src/${key}` })),
    output: 's3://out/path/all.zip',
  });

  test('below a prefix keep their folders; folder markers, plans and the ZIP itself are none', async () => {
    const world = createZipWorld();
    for (const key of ['p/a.txt', 'p/d/b.txt', 'p/d/c/', 'p/all.zip', 'q/x'])
      world.zips.seed('out', key, text(key.endsWith('/') ? '' : key));
    const outcome = await runZip(world, { prefix: 's3://out/p/', output: 's3://out/p/all.zip' });
    const entries = await entriesOf(world, outcome);
    expect([...entries.keys()]).toEqual(['a.txt', 'd/b.txt', '_MANIFEST.json']);
    expect(await runZip(world, { prefix: 's3://out/none', output: 's3://out/p/all.zip' })).toMatchObject({
      type: 'NotFound',
    });
  });

  test('that change, vanish or stay away between plan and reading are left out, or end the job', async () => {
    for (const on_error of ['skip', 'fail'] as const) {
      const world = createZipWorld();
      for (const key of ['a', 'changed', 'gone', 'b']) world.zips.seed('src', key, noise(2000, key));
      const between = (): void => {
        world.zips.seed('src', 'changed', noise(2000, 'other'));
        world.zips.objects.remove('src', 'gone');
      };
      const input = { ...objects('a', 'changed', 'gone', 'b'), on_error };
      const outcome = await runZip(world, input, { between });
      if (on_error === 'fail') {
        expect(outcome).toMatchObject({ type: 'StorageError' });
        expectNothingLeft(world);
        continue;
      }
      expect(outcome).toMatchObject({
        result: {
          status: 'partial',
          entries: 2,
          skipped: [
            { uri: 's3://src/changed', reason: 'the object has changed since the ZIP was planned' },
            { uri: 's3://src/gone', reason: 'the object does not exist' },
          ],
        },
      });
      expect([...(await entriesOf(world, outcome)).keys()]).toEqual(['a', 'b', '_MANIFEST.json']);
    }
  });

  test('of no byte, one, two or three are packed, deflated or not', async () => {
    for (const compression of ['store', 'deflate']) {
      const world = createZipWorld();
      const files = Object.fromEntries([0, 1, 2, 3].map((size) => [`${size}.txt`, lines(size)]));
      for (const [key, bytes] of Object.entries(files)) world.zips.seed('src', key, bytes);
      const outcome = await runZip(world, {
        ...objects(...Object.keys(files)),
        compression,
        on_error: 'fail',
      });
      hold(await entriesOf(world, outcome), files);
    }
  });

  test.each(['cut', 'short', 'long'] as const)(
    'whose body is %s are read on, and no byte is lost',
    async (kind) => {
      const world = createZipWorld();
      const bytes = noise(300_000, kind);
      world.zips.seed('src', 'a', bytes);
      let faults = 0;
      world.zips.objects.failWith(({ operation }) =>
        operation === 'read' && (faults += 1) < 4 ? { kind, bytes: 70_000 } : null,
      );
      const outcome = await runZip(world, objects('a'));
      expect(Buffer.from(bytes).equals((await entriesOf(world, outcome)).get('a') ?? Buffer.of())).toBe(true);
    },
  );

  test('that S3 never delivers are left out at last', async () => {
    const world = createZipWorld();
    for (const key of ['a', 'b']) world.zips.seed('src', key, noise(2000, key));
    world.zips.objects.failWith(({ key }) => (key === 'b' ? { kind: 'problem', code: 'unavailable' } : null));
    expect(await runZip(world, objects('a', 'b'))).toMatchObject({
      result: { entries: 1, skipped: [{ uri: 's3://src/b', reason: 'S3 could not deliver the object' }] },
    });
    expect(await runZip(world, { ...objects('a', 'b'), on_error: 'fail' })).toMatchObject({
      type: 'StorageError',
      reason: 'unavailable',
    });
  }, 60_000);
});

describe('large objects', () => {
  const files: Readonly<Record<string, Uint8Array>> = {
    'small.bin': noise(2 * MEBIBYTE, 'small'),
    'large.bin': noise(33 * MEBIBYTE, 'large'),
    'tiny.txt': text('tiny'),
    'text.txt': lines(33 * MEBIBYTE),
    'mixed.dat': Buffer.concat([noise(32 * MEBIBYTE, 'mixed'), lines(MEBIBYTE)]),
    'end.bin': text('end'),
  };
  const seedAll = ({ zips }: ZipWorld, names = Object.keys(files)): void => {
    for (const name of names) zips.seed('src', name, files[name] ?? text(''));
  };
  const input = (files: object, more = {}) => ({
    objects: Object.keys(files).map((key) => ({ uri: `s3://src/${key}` })),
    output: 's3://out/all.zip',
    on_error: 'fail',
    ...more,
  });

  test('are the same ZIP whether S3 copies them, knows their CRC32, or neither', async () => {
    const zips = [];
    for (const options of [
      { copies: true, checksums: true },
      { copies: true, checksums: false },
      { copies: false, checksums: true },
      { copies: false, checksums: false },
    ]) {
      const world = createZipWorld();
      const few = Object.fromEntries(Object.entries(files).slice(0, 3));
      seedAll(world, Object.keys(few));
      Object.assign(world.zips.options, options);
      const outcome = await runZip(world, input(few));
      if (zips.length === 0) hold(await entriesOf(world, outcome), few);
      zips.push(world.zips.bytesOf({ bucket: 'out', key: 'all.zip' }));
    }
    for (const zip of zips) expect(Buffer.from(zip ?? []).equals(zips[0] ?? Buffer.of())).toBe(true);
  }, 120_000);

  test('are deflated as streams; what shrinks below a part is built together with its neighbours', async () => {
    const world = createZipWorld();
    seedAll(world);
    const outcome = await runZip(world, input(files, { compression: 'deflate' }));
    hold(await entriesOf(world, outcome), files);
    expectNothingLeftBut(world, 'all.zip');
  }, 120_000);

  const expectNothingLeftBut = ({ zips }: ZipWorld, key: string): void => {
    expect([zips.uploads(), zips.keys('out')]).toEqual([[], [key]]);
  };

  test('that drop out leave a whole ZIP of the rest', async () => {
    const world = createZipWorld();
    seedAll(world);
    const between = (): void => {
      for (const key of ['small.bin', 'large.bin', 'text.txt'])
        world.zips.seed('src', key, noise(100, 'now other'));
    };
    const outcome = await runZip(world, input(files, { compression: 'deflate', on_error: 'skip' }), {
      between,
    });
    expect([...(await entriesOf(world, outcome)).keys()]).toEqual([
      'tiny.txt',
      'mixed.dat',
      'end.bin',
      '_MANIFEST.json',
    ]);
  }, 120_000);
});

describe('a step that is repeated', () => {
  test('finds what it left, and does nothing twice', async () => {
    const world = createZipWorld();
    const input = attachmentsInput(world, [world.add('a', noise(5000, 'a'))]);
    const steps = createZipActivities(world.deps);
    const { zipAppend } = createZipTransferActivities(world.deps);
    const request = requestOf(input);
    const [first, again] = [
      await runActivity(() => steps.planZip(request)),
      await runActivity(() => steps.planZip(request)),
    ];
    expect(again).toEqual(first);
    expect(world.zips.uploads()).toHaveLength(1);
    if (first.kind !== 'planned') throw new Error('not planned');
    const { ref: job } = first.job;
    const twice = async <T>(step: () => Promise<T>): Promise<T> => {
      const once = await runActivity(step);
      expect(await runActivity(step)).toEqual(once);
      return once;
    };
    await twice(() => zipAppend({ job, segment: 0 }));
    expect(world.zips.calls().filter((call) => call === 'uploadPart')).toHaveLength(1);
    await twice(() => steps.recordAccess(job));
    expect(world.attachments.events.size).toBe(1);
    expect(await twice(() => steps.zipComplete(job))).toMatchObject({ kind: 'completed' });
    await steps.closeZip(job);
    await steps.closeZip(job);
    expect(world.zips.keys('zips')).toEqual([job.target.key]);
  });

  test('a plan that got lost on its way is found by the ids of its job', async () => {
    const world = createZipWorld();
    const steps = createZipActivities(world.deps);
    const request = requestOf(attachmentsInput(world, [world.add('a', noise(5000, 'a'))]));
    await runActivity(() => steps.planZip(request));
    await steps.abandonPlan(request);
    await steps.abandonPlan(request);
    expectNothingLeft(world);
  });
});
