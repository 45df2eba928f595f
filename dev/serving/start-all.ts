import { runMongo } from './mongo.js';
import type { Place } from './place.js';
import type { Running } from './running.js';
import { runS3 } from './s3.js';
import type { ServerProcess } from './server-process.js';
import type { Servers } from './stack-environment.js';
import { runTemporal } from './temporal.js';

export interface Started {
  readonly servers: Servers;
  readonly origins: readonly string[];
  readonly processes: readonly ServerProcess[];
}

export async function stopAll(processes: readonly ServerProcess[]): Promise<void> {
  await Promise.all(processes.map((process) => process.stop()));
}

function tell<Details>(place: Place, running: Running<Details>): Running<Details> {
  place.say(running.origin);
  return running;
}

function processesOf(all: readonly Running<unknown>[]): readonly ServerProcess[] {
  return all.flatMap(({ process }) => process ?? []);
}

/** Waits for all even when one fails, because a server that is still coming up must be stopped too. */
async function allOrNone(starts: readonly Promise<Running<unknown>>[]): Promise<void> {
  const results = await Promise.allSettled(starts);
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as Error] : [],
  );
  const [first, ...more] = failures;
  if (first === undefined) return;
  await stopAll(
    processesOf(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))),
  );
  throw more.length === 0 ? first : new Error(failures.map(({ message }) => message).join('\n\n'));
}

/** Starts the three side by side; all are up afterwards, or none. */
export async function startAll(place: Place): Promise<Started> {
  const starts = [
    runTemporal(place).then((running) => tell(place, running)),
    runS3(place).then((running) => tell(place, running)),
    runMongo(place).then((running) => tell(place, running)),
  ] as const;
  await allOrNone(starts);
  const all = await Promise.all(starts);
  const [temporal, s3, mongo] = all;
  const servers = { temporal: temporal.details, s3: s3.details, mongo: mongo.details };
  return { servers, origins: all.map(({ origin }) => origin), processes: processesOf(all) };
}
