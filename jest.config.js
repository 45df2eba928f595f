/** Tests run as they are shipped: compiled by tsc, without any transform (docs/decisions/0005). */
const project = (displayName, testMatch) => ({
  displayName,
  testMatch: testMatch.map((glob) => `<rootDir>/dist/test/${glob}`),
  testEnvironment: 'node',
  transform: {},
  testPathIgnorePatterns: displayName === 'unit' ? ['<rootDir>/dist/test/real/'] : [],
  ...(displayName === 'real'
    ? {
        globalSetup: '<rootDir>/dist/test/support/global-setup.js',
        globalTeardown: '<rootDir>/dist/test/support/global-teardown.js',
      }
    : {}),
});

export default {
  testTimeout: 30_000,
  projects: [project('unit', ['**/*.test.js']), project('real', ['real/**/*.test.js'])],
};
