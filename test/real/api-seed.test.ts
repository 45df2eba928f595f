/** The seed's fifteen tests by name, against the real API, Temporal, S3 and MongoDB instead of mocks. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { MEBIBYTE } from '../../core/units.js';
import { noise } from '../../dev/corpus.js';
import { USER, openClinic } from '../support/clinic.js';
import type { Clinic } from '../support/clinic.js';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await openClinic();
}, 60_000);
afterAll(() => clinic.close());
afterEach(async () => {
  expect(await clinic.zip.uploads(clinic.zip.zipBucket)).toEqual([]);
});

const NOT_FOUND = 'One or more attachments not found or do not belong to this client';

const add = (name: string, text = `content of ${name}`): Promise<string> =>
  clinic.zip.add({ name, bytes: new TextEncoder().encode(text) });

const addThree = (): Promise<readonly string[]> =>
  Promise.all(['a.pdf', 'b.jpg', 'c.txt'].map((name) => add(name)));

async function expectRefusal(answer: Response, status: number, detail: string): Promise<void> {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect([answer.status, ((await answer.json()) as { readonly detail: string }).detail]).toEqual([
    status,
    detail,
  ]);
}

describe('happy path', () => {
  test('bulk download 3 files successfully', async () => {
    const answer = await clinic.askZip(await addThree());
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/zip');
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="client-files-\d{8}_\d{6}\.zip"$/,
    );
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(Number(answer.headers.get('content-length'))).toBe(bytes.length);
    expect(bytes.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');
  });

  test('handle duplicate filenames with counter', async () => {
    const names = [
      'document.pdf',
      'document.pdf',
      'document.pdf',
      'README',
      'README',
      'my.file.tar.gz',
      'my.file.tar.gz',
    ];
    const ids = await Promise.all(names.map((name, at) => add(name, `number ${at}`)));
    const entries = await clinic.entries(await clinic.askZip(ids));
    expect([...entries].map(([name, bytes]) => [name, Buffer.from(bytes).toString()])).toEqual([
      ['document.pdf', 'number 0'],
      ['document (2).pdf', 'number 1'],
      ['document (3).pdf', 'number 2'],
      ['README', 'number 3'],
      ['README (2)', 'number 4'],
      ['my.file.tar.gz', 'number 5'],
      ['my.file.tar (2).gz', 'number 6'],
    ]);
  });

  test('ZIP contains correct files and structure', async () => {
    const files = {
      'report.pdf': noise(70_000, 'pdf'),
      'photo.jpg': noise(6 * MEBIBYTE, 'jpg'),
      'empty.txt': noise(0, ''),
    };
    const ids = [];
    for (const [name, bytes] of Object.entries(files)) ids.push(await clinic.zip.add({ name, bytes }));
    const entries = await clinic.entries(await clinic.askZip(ids));
    expect([...entries.keys()]).toEqual(Object.keys(files));
    for (const [name, bytes] of Object.entries(files))
      expect(Buffer.from(bytes).equals(entries.get(name) ?? Buffer.from('missing'))).toBe(true);
  });
});

describe('validation', () => {
  const pointers = async (answer: Response): Promise<readonly string[]> =>
    ((await answer.json()) as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer);

  test('empty attachment_ids list → 422', async () => {
    const answer = await clinic.askZip([]);
    expect(answer.status).toBe(422);
    expect(await pointers(answer)).toEqual(['#/attachment_ids']);
  });

  test('more than 50 files → 422', async () => {
    const answer = await clinic.askZip(Array.from({ length: 51 }, () => randomUUID()));
    expect(answer.status).toBe(422);
    expect(await pointers(answer)).toEqual(['#/attachment_ids']);
  });

  test('non-existent attachment ID → 404', async () => {
    await expectRefusal(await clinic.askZip([...(await addThree()), randomUUID()]), 404, NOT_FOUND);
  });

  test('total size > 100 MB → 413', async () => {
    const sizes = [60 * MEBIBYTE, 50.5 * MEBIBYTE];
    const ids = await Promise.all(
      sizes.map((size) =>
        clinic.zip.add({ name: 'scan.tiff', bytes: noise(100, 'x'), document: { file_size_bytes: size } }),
      ),
    );
    const detail =
      'Total file size exceeds 100 MB limit. Selected files total 110.5 MB. Please select fewer files.';
    await expectRefusal(await clinic.askZip(ids), 413, detail);
  });
});

describe('security', () => {
  test('requires authentication → 401', async () => {
    const answer = await clinic.askZip(await addThree(), { as: null });
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    await expectRefusal(answer, 401, 'Authentication required');
  });

  test('attachment from different client → 404', async () => {
    const id = await clinic.zip.add({ name: 'x.pdf', bytes: noise(10, 'x'), clientId: randomUUID() });
    await expectRefusal(await clinic.askZip([id]), 404, NOT_FOUND);
  });

  test('attachment from different workspace → 404', async () => {
    const id = await clinic.zip.add({ name: 'x.pdf', bytes: noise(10, 'x'), workspaceId: randomUUID() });
    await expectRefusal(await clinic.askZip([id]), 404, NOT_FOUND);
  });

  test('soft-deleted attachment → 404', async () => {
    const id = await clinic.zip.add({ name: 'x.pdf', bytes: noise(10, 'x'), deleted: true });
    await expectRefusal(await clinic.askZip([id]), 404, NOT_FOUND);
  });

  test('non-existent client → 404', async () => {
    await expectRefusal(await clinic.askZip(await addThree(), { clientId: randomUUID() }), 404, NOT_FOUND);
  });
});

describe('audit and integration', () => {
  /** The event of one download of three files, and what it must say. */
  async function download(names: readonly string[]) {
    const ids = await Promise.all(names.map((name) => add(name, 'twelve bytes')));
    const startedAtMs = Date.now();
    expect((await clinic.askZip(ids)).status).toBe(200);
    const events = await clinic.auditOf(ids[0] ?? '');
    return { ids, events, startedAtMs };
  }

  test('creates audit event with metadata', async () => {
    const { ids, events } = await download(['a.pdf', 'b.pdf', 'c.pdf']);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      action: 'READ',
      resource_type: 'SESSION_ATTACHMENT',
      metadata: { attachment_count: 3, attachment_ids: ids, operation: 'bulk_download' },
    });
  });

  test('audit event includes all required fields', async () => {
    const { ids, events, startedAtMs } = await download(['a.pdf', 'b.pdf', 'c.pdf']);
    const { workspaceId, clientId } = clinic.zip;
    expect(events).toEqual([
      {
        _id: expect.any(String),
        at: expect.any(Date),
        user_id: USER,
        workspace_id: workspaceId,
        action: 'READ',
        resource_type: 'SESSION_ATTACHMENT',
        resource_id: null,
        metadata: {
          client_id: clientId,
          attachment_count: 3,
          attachment_ids: ids,
          total_size_bytes: 36,
          operation: 'bulk_download',
        },
      },
    ]);
    const { at } = events[0] as { readonly at: Date };
    expect(at.getTime()).toBeGreaterThanOrEqual(startedAtMs);
    expect(at.getTime()).toBeLessThanOrEqual(Date.now());
  });

  test('audit metadata excludes PII', async () => {
    const { events } = await download(['Miller anxiety notes.pdf', 'Miller.jpg', 'intake Miller.txt']);
    expect(JSON.stringify(events)).not.toMatch(/Miller|anxiety|\.pdf|\.jpg|\.txt/);
  });
});
