import { goBuild } from './go-build.js';
import type { Recipe } from './recipe.js';

const version = 'v1.18.0';

/**
 * The retired command line that some callers still use. Needed by tests only; its makers publish no programs
 * any more.
 */
export const tctl: Recipe = {
  name: 'tctl',
  title: 'tctl',
  pin: version,
  ways: [
    goBuild({
      name: 'tctl',
      module: 'github.com/temporalio/tctl',
      version,
      path: 'github.com/temporalio/tctl/cmd/tctl',
    }),
  ],
  remedy: 'Put tctl on PATH, or install Go and try again.',
};
