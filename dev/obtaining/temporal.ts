import { adminTools } from './admin-tools.js';
import { dockerWrapper } from './docker-wrapper.js';
import { goBuild } from './go-build.js';
import type { Recipe } from './recipe.js';
import { releaseArchive } from './release-archive.js';

// The last version whose server is 1.29; a newer one is a decision (histories are replayed against it), not
// an update.
const version = '1.5.1';
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
const archive = `temporal_cli_${version}_${process.platform}_${architecture}.tar.gz`;

export const temporal: Recipe = {
  name: 'temporal',
  title: 'Temporal',
  pin: version,
  ways: [
    releaseArchive('temporal', `https://github.com/temporalio/cli/releases/download/v${version}/${archive}`),
    dockerWrapper('temporal', { image: adminTools, entrypoint: 'temporal' }),
    goBuild({
      name: 'temporal',
      module: 'github.com/temporalio/cli',
      version: `v${version}`,
      path: 'github.com/temporalio/cli/cmd/temporal',
    }),
  ],
  remedy:
    'Set TEMPORAL_ADDRESS to a running Temporal server, or put the Temporal CLI (`temporal`) on PATH, or install Docker or Go and try again.',
};
