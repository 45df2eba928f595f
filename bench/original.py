"""Restores raw files the way the program does that stowage replaces: with boto3, one file after the other, a new client for
each, download_fileobj, then the file read again for its MD5 and for the MD5s of its chunks.

Usage: original.py ENDPOINT REGION BUCKET OUTPUT CHUNK_MB KEYS_FILE; credentials from the environment.
Prints one JSON document: files, bytes, seconds.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path

import boto3
from boto3.s3.transfer import TransferConfig


def client(endpoint, region):
    session = boto3.session.Session()
    return session.client("s3", endpoint_url=endpoint, region_name=region)


def digests(path, chunk_bytes):
    whole, parts = hashlib.md5(), []
    with open(path, "rb") as file:
        while chunk := file.read(chunk_bytes):
            whole.update(chunk)
            parts.append(hashlib.md5(chunk))
    if len(parts) <= 1:
        return whole.hexdigest(), whole.hexdigest()
    joined = hashlib.md5(b"".join(part.digest() for part in parts))
    return whole.hexdigest(), f"{joined.hexdigest()}-{len(parts)}"


def restore(endpoint, region, bucket, key, target, chunk_bytes):
    etag = client(endpoint, region).head_object(Bucket=bucket, Key=key)["ETag"].strip('"')
    target.parent.mkdir(parents=True, exist_ok=True)
    config = TransferConfig(multipart_threshold=chunk_bytes, multipart_chunksize=chunk_bytes, max_concurrency=10)
    with open(target, "wb") as file:
        client(endpoint, region).download_fileobj(bucket, key, file, Config=config)
    _, local = digests(target, chunk_bytes)
    if local != etag:
        raise SystemExit(f"{key}: wanted {etag}, found {local}")
    return os.path.getsize(target)


def main():
    endpoint, region, bucket, output, chunk_mb, keys_file = sys.argv[1:7]
    keys = json.loads(Path(keys_file).read_text())
    started = time.perf_counter()
    sizes = [restore(endpoint, region, bucket, key, Path(output) / key, int(chunk_mb) * 1024 * 1024) for key in keys]
    print(json.dumps({"files": len(keys), "bytes": sum(sizes), "seconds": time.perf_counter() - started}))


main()
