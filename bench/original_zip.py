"""Makes a ZIP the way the program does that stowage replaces: get_object one after the other, zipfile in memory; then the
ZIP is answered ("memory") or written back to S3 ("put").

Usage: original_zip.py memory|put deflated|stored ENDPOINT REGION BUCKET KEYS_FILE [TARGET_KEY]; credentials from the
environment. Prints one JSON document: files, bytes, seconds.
"""

import io
import json
import sys
import time
import zipfile
from pathlib import Path

import boto3

METHODS = {"deflated": (zipfile.ZIP_DEFLATED, 6), "stored": (zipfile.ZIP_STORED, None)}


def zip_of(s3, bucket, keys, method):
    compression, level = METHODS[method]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression, compresslevel=level) as archive:
        for key in keys:
            archive.writestr(key.rsplit("/", 1)[-1], s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return buffer.getvalue()


def main():
    mode, method, endpoint, region, bucket, keys_file, *target = sys.argv[1:]
    keys = json.loads(Path(keys_file).read_text())
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name=region)
    started = time.perf_counter()
    content = zip_of(s3, bucket, keys, method)
    if mode == "put":
        s3.put_object(Bucket=bucket, Key=target[0], Body=content)
    print(json.dumps({"files": len(keys), "bytes": len(content), "seconds": time.perf_counter() - started}))


main()
