/** The demo's second half: one bulk download over the HTTP API, and what is in the ZIP. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLINIC_FILES, countDownloads } from './clinic-corpus.js';
import { curlLine } from './local-api.js';
import type { LocalApi, LocalDownload } from './local-api.js';

type Say = (line: string) => void;

const run = promisify(execFile);

/** Downloads, shows and checks the ZIP; what is not as it should be, nothing where all is. */
export async function showZip(
  { clinic, download }: LocalApi,
  dataDir: string,
  say: Say,
): Promise<readonly string[]> {
  const folder = join(dataDir, 'demo-zip');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  say(`\nNow ${CLINIC_FILES.length} attachments of one client as one ZIP, over the HTTP API:\n`);
  say(`$ ${curlLine(download)}\n`);
  const before = await countDownloads(clinic);
  const path = join(folder, 'client-files.zip');
  await fetchZip(download, path);
  const problems = [...(await judge(path, say)), ...namesAmiss(await readFile(path))];
  const events = (await countDownloads(clinic)) - before;
  say(`Audit trail: ${events} event, written before the first byte left (names are in the ZIP alone)`);
  return events === 1 ? problems : [...problems, `audit events: wanted 1, found ${events}`];
}

/** With curl, as people do; without it by ourselves. */
async function fetchZip({ url, tokenFile, bodyFile }: LocalDownload, path: string): Promise<void> {
  const authorization = `Authorization: Bearer ${await readFile(tokenFile, 'utf8')}`;
  const type = 'Content-Type: application/json';
  const args = ['-fsS', '-o', path, '-H', authorization, '-H', type, '-d', `@${bodyFile}`, url];
  if ((await output('curl', args)) !== null) return;
  const headers = { 'content-type': 'application/json', authorization: authorization.slice(15) };
  const answer = await fetch(url, { method: 'POST', headers, body: await readFile(bodyFile, 'utf8') });
  if (!answer.ok) throw new Error(`The API answers ${answer.status}: ${await answer.text()}`);
  await writeFile(path, new Uint8Array(await answer.arrayBuffer()));
}

/** What a program says; null where it is not on this machine. */
async function output(program: string, args: readonly string[]): Promise<string | null> {
  try {
    return (await run(program, [...args], { env: { ...process.env, LC_ALL: 'C.UTF-8' } })).stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    const said = (error as { readonly stderr?: string }).stderr?.trim();
    // The arguments hold a token: they are not repeated.
    throw new Error(`${program} failed: ${said === undefined || said === '' ? 'no reason given' : said}`, {
      cause: null,
    });
  }
}

/** Lists the entries and has unzip check every byte of them. */
async function judge(path: string, say: Say): Promise<readonly string[]> {
  const list = await output('unzip', ['-l', path]);
  say(list ?? entryNames(await readFile(path)).join('\n'));
  if (list === null) return [];
  const verdict = (await output('unzip', ['-tq', path])) ?? '';
  say(verdict.trim());
  return verdict.startsWith('No errors detected') ? [] : [`unzip -t: ${verdict}`];
}

function namesAmiss(zip: Buffer): readonly string[] {
  const [wanted, found] = [CLINIC_FILES.map(({ inZip }) => inZip), entryNames(zip)];
  const isRight = wanted.length === found.length && wanted.every((name, at) => name === found[at]);
  return isRight ? [] : [`entries: wanted ${wanted.join(', ')}; found ${found.join(', ')}`];
}

const END_SIGNATURE = Buffer.from('PK\u0005\u0006');
const HEADER_BYTES = 46;

/** The names in the central directory (APPNOTE 4.3.12, 4.3.16). */
function entryNames(zip: Buffer): readonly string[] {
  const end = zip.lastIndexOf(END_SIGNATURE);
  if (end < 0) return [];
  const names: string[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [name = 0, extra = 0, comment = 0] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    names.push(zip.toString('utf8', at + HEADER_BYTES, at + HEADER_BYTES + name));
    at += HEADER_BYTES + name + extra + comment;
  }
  return names;
}
