import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { obtainProgram } from '../obtaining/obtain-program.js';
import { runCommand } from '../obtaining/run-command.js';
import { temporal as recipe } from '../obtaining/temporal.js';
import { httpAnswers } from './answers.js';
import { isGiven, requireGiven } from './given.js';
import type { Place } from './place.js';
import { freePort } from './ports.js';
import type { Running } from './running.js';
import { startServer } from './server-process.js';

export interface TemporalDetails {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  readonly httpAddress: string | null;
}

interface Ports {
  readonly grpc: number;
  readonly ui: number;
  readonly http: number;
}

const dynamic = (setting: string): readonly string[] => ['--dynamic-config-value', setting];

/**
 * A task goes straight to the worker that caused it instead of through the queue: less than half the time per activity. And a
 * queue is not split: with few pollers a task in one of four partitions may wait seconds until somebody looks there.
 */
const quick = [
  ...dynamic('system.enableActivityEagerExecution=true'),
  ...dynamic('matching.numTaskqueueReadPartitions=1'),
  ...dynamic('matching.numTaskqueueWritePartitions=1'),
];

async function given(address: string, namespace: string): Promise<Running<TemporalDetails>> {
  await requireGiven('TEMPORAL_ADDRESS', `tcp://${address}`);
  const details = { address, namespace, uiUrl: null, httpAddress: null };
  return { details, origin: `Temporal: ${address}, given by TEMPORAL_ADDRESS` };
}

async function choosePorts(persistent: boolean): Promise<Ports> {
  const grpc = await freePort(persistent ? 7233 : undefined);
  const ui = await freePort(persistent ? 8233 : undefined);
  return { grpc, ui, http: await freePort() };
}

async function database({ persistent, dataFolder }: Place): Promise<readonly string[]> {
  if (!persistent) return [];
  const folder = join(dataFolder, 'temporal');
  await mkdir(folder, { recursive: true });
  return ['--db-filename', join(folder, 'temporal.db')];
}

async function serverVersion(binary: string): Promise<string> {
  const text = await runCommand(binary, ['--version']);
  return /Server ([\d.]+)/.exec(text)?.[1] ?? text;
}

function details(ports: Ports, namespace: string): TemporalDetails {
  const at = (port: number) => `127.0.0.1:${port}`;
  return {
    address: at(ports.grpc),
    namespace,
    uiUrl: `http://${at(ports.ui)}`,
    httpAddress: `http://${at(ports.http)}`,
  };
}

async function start(place: Place, namespace: string): Promise<Running<TemporalDetails>> {
  const program = await obtainProgram(recipe, place.say, place.env);
  const ports = await choosePorts(place.persistent);
  const listen = ['--port', `${ports.grpc}`, '--ui-port', `${ports.ui}`, '--http-port', `${ports.http}`];
  const options = ['--ip', '127.0.0.1', ...listen, '--namespace', namespace, '--log-level', 'warn'];
  const reached = details(ports, namespace);
  const process = await startServer({
    title: recipe.title,
    command: program.path,
    args: ['server', 'start-dev', ...options, ...quick, ...(await database(place))],
    cwd: place.dataFolder,
    logFile: join(place.logFolder, 'temporal.log'),
    isReady: () => httpAnswers(`${reached.httpAddress}/api/v1/namespaces/${namespace}`),
    say: place.say,
  });
  return {
    details: reached,
    origin: `Temporal ${await serverVersion(program.path)}: ${program.origin}`,
    process,
  };
}

export async function runTemporal(place: Place): Promise<Running<TemporalDetails>> {
  const namespace = place.env['TEMPORAL_NAMESPACE'] || 'default';
  const address = place.env['TEMPORAL_ADDRESS'];
  return isGiven(address) ? given(address, namespace) : start(place, namespace);
}
