import { describe } from '@jest/globals';
import { createFakeZipStore } from '../support/fake-zip-store.js';
import { zipStoreSuite } from '../support/zip-store-suite.js';

describe('the store in memory', () => {
  const store = createFakeZipStore();
  zipStoreSuite(() => ({
    store,
    bucket: 'bucket',
    seed: async (key, bytes) => store.seed('bucket', key, bytes),
  }));
});
