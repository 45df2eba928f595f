/** GET /openapi.json, written from the schemas of the routes, and /docs, a page that shows it without any other server. */
import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import type { SwaggerTransform, SwaggerTransformObject } from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

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
    transform: describeRoute,
    transformObject: withComponents,
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

/** The headers of answers, which the transform forgets, and who may ask. */
const describeRoute: SwaggerTransform = (route) => {
  const { schema, url } = jsonSchemaTransform(route);
  if (schema === undefined || schema.hide) return { schema, url };
  const security = url.startsWith('/api/') ? { security: [{ bearer: [] }] } : {};
  return { schema: { ...schema, ...security, response: withHeaders(schema.response, route.schema) }, url };
};

type Answers = Readonly<Record<string, { readonly headers?: object }>>;

function withHeaders(described: unknown, schema: { readonly response?: unknown }): object {
  const asked = schema.response as Answers;
  return Object.fromEntries(
    Object.entries(described as Answers).map(([status, answer]) => {
      const { headers = {} } = asked[status] ?? {};
      return [status, Object.keys(headers).length === 0 ? answer : { ...answer, headers }];
    }),
  );
}

/** Shapes that have a name are written down once; those of requests have none. */
const withComponents: SwaggerTransformObject = (document) => {
  const described = jsonSchemaTransformObject(document) as { readonly components: Components };
  const { schemas } = described.components;
  const used = Object.entries(schemas).filter(([name]) => !name.endsWith('Input'));
  return { ...described, components: { ...described.components, schemas: Object.fromEntries(used) } };
};

interface Components {
  readonly schemas: Readonly<Record<string, object>>;
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
