import { once } from 'node:events';
import { connect } from 'node:net';

const withinMs = 2_000;

/** Whether an HTTP server answers this GET with success. */
export async function httpAnswers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(withinMs) })).ok;
  } catch {
    return false;
  }
}

/** Whether anything accepts connections there. */
export async function portAnswers(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(withinMs) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'tcp:': 7233 };

/** Whether anything accepts connections at the host and port of the URL. */
export async function urlAnswers(url: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  return portAnswers(hostname.replace(/^\[|\]$/g, ''), Number(port) || (defaultPorts[protocol] ?? 0));
}

export async function mongoAnswers(uri: string): Promise<boolean> {
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: withinMs, connectTimeoutMS: withinMs });
  try {
    await client.db('admin').command({ ping: 1 });
    return true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
