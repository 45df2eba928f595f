import { describe, expect, test } from '@jest/globals';
import { keyBelow, parseS3Path } from '../../core/s3-url.js';

describe('an upload path', () => {
  test.each([
    ['bucket', 'bucket', ''],
    ['bucket/', 'bucket', ''],
    ['bucket/prefix', 'bucket', 'prefix'],
    ['bucket/prefix/', 'bucket', 'prefix'],
    ['bucket/some/deep/prefix/', 'bucket', 'some/deep/prefix'],
    ['s3://bucket', 'bucket', ''],
    ['s3://bucket/', 'bucket', ''],
    ['s3://bucket/prefix', 'bucket', 'prefix'],
    ['s3://bucket/prefix/', 'bucket', 'prefix'],
    ['S3://bucket/prefix', 'bucket', 'prefix'],
  ])('%s is bucket %s with prefix %j', (path, bucket, prefix) => {
    expect(parseS3Path(path)).toEqual({ bucket, prefix });
  });

  test.each([
    ['bucket///', 'bucket', ''],
    ['/bucket/prefix', 'bucket', 'prefix'],
    ['s3:///bucket//prefix///', 'bucket', 'prefix'],
    ['bucket//prefix/', 'bucket', 'prefix'],
  ])('tolerates surplus slashes at its ends: %s', (path, bucket, prefix) => {
    expect(parseS3Path(path)).toEqual({ bucket, prefix });
  });

  test.each([
    ['bucket/a//b', 'a//b'],
    ['bucket/a/./b/../c', 'a/./b/../c'],
    ['bucket/Größe %20 +&', 'Größe %20 +&'],
    ['bucket/ends with a blank ', 'ends with a blank '],
  ])('normalises nothing else, because keys are opaque: %s', (path, prefix) => {
    expect(parseS3Path(path)).toEqual({ bucket: 'bucket', prefix });
  });

  test.each(['', '/', '///', 's3://', 's3:///', '   '])('without a bucket is none: %j', (path) => {
    expect(parseS3Path(path)).toBeNull();
  });
});

describe('the key of a file', () => {
  test.each([
    ['bucket', 'file.raw', 'file.raw'],
    ['bucket/', 'x.d/analysis.tdf', 'x.d/analysis.tdf'],
    ['bucket/prefix', 'file.raw', 'prefix/file.raw'],
    ['bucket/prefix/', 'x.d/analysis.tdf', 'prefix/x.d/analysis.tdf'],
    ['bucket/a//b//', 'c//d', 'a//b/c//d'],
  ])('below %s, %s is %s', (path, file, key) => {
    const location = parseS3Path(path);
    expect(location && keyBelow(location, file)).toBe(key);
  });
});
