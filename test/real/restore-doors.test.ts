import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { noise } from '../../dev/corpus.js';
import { tctlBinary, temporalBinary } from '../../dev/obtain.js';
import { endOf, openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { DOWNLOADED, SKIPPED, readRestored } from '../support/run-restore.js';
import { treeState } from '../support/tree-state.js';

const run = promisify(execFile);
const say = (): void => undefined;
const address = process.env['TEMPORAL_ADDRESS'] ?? '';
const httpAddress = process.env['STOWAGE_TEST_TEMPORAL_HTTP'];

describe('a restore may be started', () => {
  let lab: Lab;
  let project = '';
  beforeAll(async () => {
    lab = await openLab();
    project = lab.project('doors');
    for (const id of ['door-a', 'door-b'])
      await lab.corpus.add({ id, project, files: { [`${id}.raw`]: noise(2000, id) } });
  });
  afterAll(() => lab.close());
  afterEach(async () => expect(await lab.strays()).toEqual([]));

  const newId = (): string => `door-${randomUUID()}`;
  const temporal = async (workflowId: string, input: string): Promise<void> => {
    const where = ['--address', address, '--task-queue', lab.taskQueue];
    const what = ['--type', 'restore', '--workflow-id', workflowId, '--input', input];
    await run(await temporalBinary(say), ['workflow', 'start', ...where, ...what]);
  };
  const tctl = async (workflowId: string, input: string): Promise<void> => {
    const what = ['--workflow_type', 'restore', '--workflow_id', workflowId, '--input', input];
    const where = ['--taskqueue', lab.taskQueue];
    await run(await tctlBinary(say), ['--address', address, 'workflow', 'start', ...where, ...what]);
  };
  /** As the form of the Web UI does it: one JSON value is one payload. */
  const client = async (workflowId: string, input: string): Promise<void> => {
    const args = [JSON.parse(input) as unknown];
    await lab.client.workflow.start('restore', { taskQueue: lab.taskQueue, workflowId, args });
  };
  const http = async (workflowId: string, input: string): Promise<void> => {
    const body = {
      workflowType: { name: 'restore' },
      taskQueue: { name: lab.taskQueue },
      input: [JSON.parse(input) as unknown],
    };
    const url = `${httpAddress}/api/v1/namespaces/default/workflows/${workflowId}`;
    const answer = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(200);
  };
  if (httpAddress === undefined)
    process.stderr.write(
      'skipped: the HTTP API of this Temporal is not known (STOWAGE_TEST_TEMPORAL_HTTP)\n',
    );
  const doors = { temporal, tctl, client, ...(httpAddress === undefined ? {} : { http }) };

  test.each(Object.entries(doors))('with a text and with an object: %s', async (_name, open) => {
    for (const input of [
      '"door-a, /instrument/folder/door-b"',
      '{"raw_file_ids":"door-a\\ndoor-b"}',
      '{"raw_file_ids":["door-a","door-b"],"dry_run":false}',
    ]) {
      const workflowId = newId();
      await open(workflowId, input);
      const { failure, files } = await readRestored(await endOf(lab.client.workflow.getHandle(workflowId)));
      expect(failure).toBeNull();
      expect(Object.keys(files)).toEqual(['door-a.raw', 'door-b.raw']);
      expect([DOWNLOADED, SKIPPED]).toContain(files['door-a.raw']);
    }
  });

  const ids = 'raw_file_ids: expected raw file ids as a text such as';
  test.each<readonly [string, readonly unknown[], string]>([
    ['nothing', [], `${ids} .*found no input`],
    ['null', [null], `${ids} .*found no input`],
    ['an empty text', [''], `${ids} .*found ""`],
    ['commas and blanks', [' , ,'], `${ids} .*found ""`],
    ['two characters', ['ab'], `${ids} .*found "ab"`],
    ['a number', [42], 'input: expected a text of raw file ids or an object .*found a number'],
    ['true', [true], 'found a boolean'],
    ['a list', [['door-a', 'door-b']], 'found a list'],
    ['two arguments', ['door-a', 'door-b'], 'expected one argument, found 2'],
    ['an object without ids', [{}], ids],
    ['ids that are numbers', [{ raw_file_ids: [1, 2, 3] }], ids],
    ['an empty list of ids', [{ raw_file_ids: [] }], `${ids} .*found ""`],
    [
      'an unknown property',
      [{ raw_file_ids: 'door-a', dryrun: true }],
      'dryrun: unknown property; expected only',
    ],
    [
      'a flag that is a text',
      [{ raw_file_ids: 'door-a', dry_run: 'yes' }],
      'dry_run: expected true or false',
    ],
    [
      'a flag that is a number',
      [{ raw_file_ids: 'door-a', verify_only: 1 }],
      'verify_only: expected true or false',
    ],
    [
      'files that are no list',
      [{ raw_file_ids: 'door-a', files: '*.raw' }],
      'files: expected a list of globs',
    ],
    ['an empty glob', [{ raw_file_ids: 'door-a', files: [''] }], 'files.0: expected a glob'],
    [
      'globs that match nothing',
      [{ raw_file_ids: 'door-a', files: ['*.mzML'] }],
      'files: expected globs that match',
    ],
  ])('but not with %s, which is refused at once and touches nothing', async (_name, args, message) => {
    const before = await treeState(lab.output);
    const handle = await lab.start(...args);
    const { failure } = await endOf(handle);
    expect(failure?.type).toBe('InvalidInput');
    expect(failure?.message).toMatch(new RegExp(message));
    const { startTime, closeTime } = await handle.describe();
    expect((closeTime?.getTime() ?? Infinity) - startTime.getTime()).toBeLessThan(5000);
    expect(await treeState(lab.output)).toEqual(before);
  });

  test('but not with a text of a megabyte that is no list of ids of ours', async () => {
    const { failure } = await lab.restore({ raw_file_ids: 42, padding: 'x'.repeat(1_000_000) });
    expect(failure?.type).toBe('InvalidInput');
    expect(failure?.message.length).toBeLessThan(1000);
  });

  test('but not under another name: an unknown workflow type fails instead of waiting for ever', async () => {
    const { taskQueue } = lab;
    const options = { taskQueue, workflowId: newId(), args: ['door-a'] };
    const { failure } = await endOf(await lab.client.workflow.start('Restore', options));
    expect(failure).toMatchObject({ type: 'UnknownWorkflowType' });
    expect(failure?.message).toContain('"Restore"');
  });
});
