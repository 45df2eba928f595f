import { adminTools } from './admin-tools.js';
import { dockerWrapper } from './docker-wrapper.js';
import { goBuild } from './go-build.js';
import type { Recipe } from './recipe.js';
import { releaseArchive } from './release-archive.js';

const version = '1.18.0';
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
const archive = `tctl_${version}_${process.platform}_${architecture}.tar.gz`;

/** The retired command line that some callers still use. Needed by tests only. */
export const tctl: Recipe = {
  name: 'tctl',
  title: 'tctl',
  pin: `v${version}`,
  ways: [
    releaseArchive('tctl', `https://github.com/temporalio/tctl/releases/download/v${version}/${archive}`),
    dockerWrapper('tctl', { image: adminTools, entrypoint: 'tctl' }),
    goBuild({
      name: 'tctl',
      module: 'github.com/temporalio/tctl',
      version: `v${version}`,
      path: 'github.com/temporalio/tctl/cmd/tctl',
    }),
  ],
  remedy: 'Put tctl on PATH, or install Docker or Go and try again.',
};
