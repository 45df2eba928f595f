/** What Fastify takes for a missing route: tells a wrong method (405, with Allow) from a wrong address (404). */
import type { FastifyInstance } from 'fastify';
import { problem } from './problems.js';

/** Must be called before any route is registered, and after the hooks that these answers need too. */
export function addNotFound(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    for (const name of [method].flat()) known.add(name);
    methods.set(url, known);
  });
  const refuse = (url: string): never => {
    const allowed = allowedFor(url.split('?', 1)[0] ?? '', methods);
    if (allowed.length === 0) throw problem('no-such-resource');
    throw problem('method-not-allowed', { headers: { allow: allowed.join(', ') } });
  };
  // Before the body is looked at: what is wrong with one does not matter here.
  app.addHook('onRequest', async ({ is404, url }) => (is404 ? refuse(url) : undefined));
  app.setNotFoundHandler(({ url }) => refuse(url));
}

const allowedFor = (path: string, methods: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] =>
  [...methods].flatMap(([url, names]) => (patternOf(url).test(path) ? [...names] : []));

/** `/jobs/:id` → `/jobs/<anything but a slash>`; our addresses hold nothing else that is special in a pattern. */
const patternOf = (url: string): RegExp =>
  new RegExp(`^${url.replace('.', '\\.').replace(/:\w+/g, '[^/]+')}$`);
