/** GET /openapi.json, written from the schemas of the routes, and /docs, a page that shows it without any other server. */
import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/** Must be called before the routes that it describes. */
export function addOpenApi(app: FastifyInstance, version: string): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'stowage',
        version,
        description: 'Restores of raw files and bulk ZIPs of attachments, as jobs.',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: jsonSchemaTransform,
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

/** From dist/client/api/ and from client/api/ alike it is in the checkout's client/web/. */
const WEB = new URL('../../../client/web/', import.meta.url);

const PAGES = [
  ['/docs', 'docs.html', 'text/html; charset=utf-8'],
  ['/docs.js', 'docs.js', 'text/javascript; charset=utf-8'],
  ['/docs.css', 'docs.css', 'text/css; charset=utf-8'],
] as const;

/** Registers the pages; they are read once. */
export function addDocs(app: FastifyInstance): void {
  for (const [url, file, type] of PAGES) {
    const text = readFileSync(new URL(file, WEB), 'utf8');
    app.get(url, { schema: { hide: true } }, async (_request, reply) => reply.type(type).send(text));
  }
  app.get('/', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send(WELCOME),
  );
}

const WELCOME = 'stowage: restores and bulk ZIPs. The API is described at /docs and /openapi.json.\n';
