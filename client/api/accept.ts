/** Whether a client takes what a route makes (RFC 9110 §12.5.1). */
import type { FastifyInstance } from 'fastify';
import { problem } from './problems.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The media types that this route can answer with. */
    readonly produces?: readonly string[];
  }
}

/** Answers 406 where none of a route's media types is wanted. */
export function addAccept(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers, routeOptions }) => {
    const { produces = [] } = routeOptions.config;
    if (produces.length > 0 && !produces.some((type) => accepts(headers.accept, type)))
      throw problem('not-acceptable');
  });
}

/** Whether an Accept header admits a media type; an absent or empty one admits all. */
export function accepts(header: string | undefined, type: string): boolean {
  if (!header?.trim()) return true;
  const [major = ''] = type.split('/');
  const matching = header
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';').map((part) => part.trim()))
    .filter(([range]) => range === type || range === `${major}/*` || range === '*/*')
    .toSorted(([a = ''], [b = '']) => precision(b) - precision(a));
  const [best] = matching;
  return best !== undefined && !best.some((part) => /^q=0(\.0*)?$/.test(part));
}

/** The most precise range decides. */
const precision = (range: string): number => (range === '*/*' ? 0 : range.endsWith('/*') ? 1 : 2);
