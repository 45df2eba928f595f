import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FILE_BYTES, aFile, allRight, ended, someFiles } from '../../support/fake-steps.js';
import { gate } from '../../support/gate.js';
import { inHand, openWorld, until } from '../../support/workflow-world.js';
import type { World } from '../../support/workflow-world.js';

const aPage = { files: 100, failed: 0, bytes: 5000, bytesDownloaded: 5000, fullFilesystems: [] };

let world: World;
beforeAll(async () => {
  world = await openWorld({ cached: 10 });
});
afterAll(() => world.close());

describe('small files', () => {
  test('are restored a page at a time: each page once, beside the large ones, and all are counted', async () => {
    const files = someFiles(3);
    const job = await world.run(
      { restorePage: async ({ page }) => ({ ...aPage, failed: page === 4 ? 7 : 0 }) },
      { files, plan: { smallPages: 9, files: 903, bytes: 9 * 5000 + 3 * FILE_BYTES } },
    );
    const pages = job.stepsOf('restorePage').map(({ page }) => page);
    expect(pages.toSorted((one, other) => one - other)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(job.stepsOf('localVerify')).toHaveLength(3);
    expect(job.stepsOf('writeReport')).toHaveLength(1);
    expect(await job.progress()).toMatchObject({
      files_total: 903,
      files_done: 903,
      files_failed: 7,
      bytes_done: 9 * 5000 + 3 * FILE_BYTES,
    });
  });

  test('run without any large file', async () => {
    const job = await world.run({ restorePage: async () => aPage }, { plan: { smallPages: 2, files: 200 } });
    expect(job.story().toSorted()).toEqual([
      'closeJob',
      'planRestore',
      'restorePage',
      'restorePage',
      'writeReport',
    ]);
    expect(job.ended.status).toBe('COMPLETED');
  });

  test('that fill a filesystem up stop later files and pages there, and the report is told', async () => {
    const [firstPage, others] = [gate(), gate()];
    const files = [...someFiles(40), aFile(40, { filesystem: '/full' }), aFile(41, { filesystem: '/other' })];
    const right = allRight(files, new Map());
    const job = await world.start(
      {
        s3EtagCheck: (step) => others.opened.then(() => right.s3EtagCheck(step)),
        restorePage: async ({ page }) => {
          await (page === 0 ? firstPage : others).opened;
          return page === 0 ? { ...aPage, failed: 100, fullFilesystems: ['/full'] } : aPage;
        },
      },
      { files, plan: { smallPages: 8, files: 842 } },
    );
    await inHand(job, 's3EtagCheck');
    firstPage.open();
    await until(async () => (await job.progress()).files_failed === 100);
    const told = (): readonly (readonly string[])[] =>
      job.stepsOf('restorePage').map(({ fullFilesystems }) => fullFilesystems);
    await until(() => told().length === 4);
    others.open();
    const end = await job.end();
    expect(told()).toEqual([[], [], [], ...Array.from({ length: 5 }, () => ['/full'])]);
    expect(job.story('f40.bin')).toEqual([]);
    expect(job.story('f41.bin')).toHaveLength(4);
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: null, fullFilesystems: ['/full'] }]);
    expect(end.result?.failures.map(({ file }) => file)).toEqual(['f40.bin']);
    expect(await job.progress()).toMatchObject({ files_done: 842, files_failed: 101 });
  });
});

describe('a full disk', () => {
  test('stops its own filesystem only: what is not begun there is told as such, all else is restored', async () => {
    const others = gate();
    const files = someFiles(60).map((file) => ({
      ...file,
      filesystem: file.index % 2 === 0 ? '/full' : '/roomy',
    }));
    const right = allRight(files, new Map());
    const job = await world.start(
      {
        download: async (step) => {
          if (step.file.index === 0) return ended(step.file, { code: 'disk-full' });
          await others.opened;
          return right.download(step);
        },
      },
      { files },
    );
    await until(async () => (await job.progress()).files_failed >= 1);
    const begun = new Set(job.stepsOf('s3EtagCheck').map(({ file }) => file.index));
    others.open();
    const end = await job.end();
    const unbegun = files.filter(({ index, filesystem }) => filesystem === '/full' && !begun.has(index));
    expect(unbegun.length).toBeGreaterThan(10);
    for (const { file } of unbegun) expect(job.story(file)).toEqual([]);
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: null, fullFilesystems: ['/full'] }]);
    const restored = job.stepsOf('localVerify').map(({ file }) => file.index);
    expect(restored).toEqual(
      expect.arrayContaining(
        files.filter(({ filesystem }) => filesystem === '/roomy').map(({ index }) => index),
      ),
    );
    expect(end.result).toMatchObject({ successful: restored.length, failed: 60 - restored.length });
    expect(await job.progress()).toMatchObject({ files_done: 60, files_failed: 60 - restored.length });
  });
});
