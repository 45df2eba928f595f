import { createFakeObjectStore } from '../support/fake-object-store.js';
import { describeObjectStore } from '../support/object-store-suite.js';

describeObjectStore('the fake object store', async () => {
  const store = createFakeObjectStore();
  const bucket = 'fake-bucket';
  store.makeBucket(bucket);
  return {
    store,
    bucket,
    missingBucket: 'no-such-bucket',
    put: async (key, bytes, partSizeBytes) =>
      void store.put(bucket, key, bytes, partSizeBytes === undefined ? {} : { partSizeBytes }),
    remove: async (key) => store.remove(bucket, key),
    close: async () => {},
  };
});
