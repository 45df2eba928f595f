import { dockerWrapper } from './docker-wrapper.js';
import { goBuild } from './go-build.js';
import type { Recipe } from './recipe.js';
import { releaseArchive } from './release-archive.js';

const version = '1.8.0';
const system = process.platform === 'darwin' ? 'Darwin' : 'Linux';
const architecture = process.arch === 'x64' ? 'x86_64' : process.arch;
const archive = `versitygw_v${version}_${system}_${architecture}.tar.gz`;

export const versitygw: Recipe = {
  name: 'versitygw',
  title: 'S3 (versitygw)',
  pin: version,
  ways: [
    releaseArchive(
      'versitygw',
      `https://github.com/versity/versitygw/releases/download/v${version}/${archive}`,
    ),
    dockerWrapper('versitygw', {
      image: `versity/versitygw:v${version}`,
      variables: ['ROOT_ACCESS_KEY_ID', 'ROOT_SECRET_ACCESS_KEY'],
    }),
    goBuild({
      name: 'versitygw',
      module: 'github.com/versity/versitygw',
      version: `v${version}`,
      path: 'github.com/versity/versitygw/cmd/versitygw',
    }),
  ],
  remedy:
    'Set AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to an S3 server, or put versitygw on PATH, or install Go or Docker and try again.',
};
