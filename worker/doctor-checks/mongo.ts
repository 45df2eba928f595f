import { probeMongo, type MongoProbeAnswer, type MongoRights } from '../../activities/stores/probe-mongo.js';
import { fail, ok, warn, type Finding, type Subject } from './finding.js';
import { withoutCredentials } from './secrets.js';

export interface CheckedMongo {
  readonly findings: readonly Finding[];
  readonly sampleS3Path: string | null;
}

/** Reachable, the collection `raw_file` readable, and preferably not writable. */
export async function checkMongo(uri: string, database: string, timeoutMs: number): Promise<CheckedMongo> {
  const answer = await probeMongo({ uri, database, timeoutMs });
  const findings = judgeMongo(answer, withoutCredentials(uri), database);
  return { findings, sampleS3Path: answer.kind === 'answers' ? answer.sampleS3Path : null };
}

export function judgeMongo(answer: MongoProbeAnswer, address: string, database: string): readonly Finding[] {
  const subject = { name: 'MongoDB', address };
  switch (answer.kind) {
    case 'bad-uri':
      return [fail(subject, 'settings', `cannot be read: ${answer.message}`, 'correct MONGODB_URI')];
    case 'unreachable':
      return [
        fail(
          subject,
          'unreachable',
          `cannot be reached: ${answer.message}`,
          'start the server, or correct MONGODB_URI',
        ),
      ];
    case 'refused':
      return [
        fail(
          subject,
          'other',
          `refuses: ${answer.message}`,
          `check user, password and authSource in MONGODB_URI; the user needs the role read on ${database}`,
        ),
      ];
    case 'answers':
      return [
        judgeCollection(subject, answer.hasDocuments, database),
        ...judgeRights(subject, answer.rights, database),
      ];
  }
}

function judgeCollection(subject: Subject, hasDocuments: boolean, database: string): Finding {
  if (hasDocuments) return ok(subject, `answers, ${database}.raw_file is readable`);
  return warn(
    subject,
    `answers, but ${database}.raw_file is empty or does not exist`,
    'check MONGODB_DB: restores look raw files up in its collection raw_file',
  );
}

function judgeRights({ address }: Subject, rights: MongoRights, database: string): readonly Finding[] {
  const subject = { name: 'MongoDB user', address };
  const todo = `give the worker a user with the role read on ${database} alone (docs/operations.md): it never writes there`;
  switch (rights.kind) {
    case 'unknown':
      return [];
    case 'read-only':
      return [ok(subject, 'may read and not write')];
    case 'open':
      return [warn(subject, 'the server asks for no user, so that anybody may write', todo)];
    case 'writes':
      return [warn(subject, `may write (${rights.actions.join(', ')})`, todo)];
  }
}
