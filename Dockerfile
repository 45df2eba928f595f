# The worker, and the command line that starts and watches jobs.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No package of ours needs an install script; without them none can do harm.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build \
  && rm -rf dist/test dist/bench dist/dev \
  && npm prune --omit=dev --ignore-scripts
# The Temporal SDK brings its native part for five platforms; this image is one of them (110 MB less).
RUN cd node_modules/@temporalio/core-bridge/releases \
  && keep="$(node -p "({ x64: 'x86_64', arm64: 'aarch64' })[process.arch]")-unknown-linux-gnu" \
  && test -d "$keep" \
  && find . -mindepth 1 -maxdepth 1 ! -name "$keep" -exec rm -rf {} +

FROM node:20.20.2-bookworm-slim
# The native part of the Temporal SDK trusts the system's authorities, and the slim image has none.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/bin ./bin
# The pages of the HTTP API.
COPY --from=build /app/client/web ./client/web
# A new volume mounted here belongs to the user below.
RUN mkdir -p /data/output && chown node:node /data/output
# What a worker needs stays below 256 MB with these (docs/operations.md, "Memory"): V8 and malloc keep little that they do not use.
ENV NODE_ENV=production NODE_OPTIONS=--max-semi-space-size=4 MALLOC_ARENA_MAX=2
USER node
# Healthy is: a worker of this container polls its task queue.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 CMD ["node", "bin/stowage.js", "doctor", "--alive"]
CMD ["node", "bin/stowage.js", "worker"]
