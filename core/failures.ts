/** The catalogue of failures that end a whole job or request: code, sentence, whether a retry can help, exit code and HTTP status. */
export interface FailureKind {
  readonly sentence: string;
  readonly retryable: boolean;
  readonly httpStatus: number;
  readonly exitCode: number;
}

export const FAILURES = {
  InvalidInput: { sentence: 'The input is not valid', retryable: false, httpStatus: 422, exitCode: 2 },
  RestoreIncomplete: {
    sentence: 'Some files could not be restored',
    retryable: false,
    httpStatus: 200,
    exitCode: 3,
  },
  UnknownWorkflowType: {
    sentence: 'There is no such workflow type',
    retryable: false,
    httpStatus: 404,
    exitCode: 2,
  },
  CatalogueUnavailable: {
    sentence: 'The catalogue cannot be read',
    retryable: true,
    httpStatus: 503,
    exitCode: 7,
  },
  OutputUnavailable: {
    sentence: 'The output location cannot be looked at',
    retryable: true,
    httpStatus: 503,
    exitCode: 1,
  },
  PlanLost: {
    sentence: 'The plan of the running job is gone from the output location',
    retryable: false,
    httpStatus: 500,
    exitCode: 1,
  },
  NotFound: {
    sentence:
      'An attachment or the client does not exist or belongs to somebody else, or the prefix has no objects',
    retryable: false,
    httpStatus: 404,
    exitCode: 5,
  },
  TooLarge: {
    sentence: 'More bytes or objects were asked for than one ZIP may have',
    retryable: false,
    httpStatus: 413,
    exitCode: 2,
  },
  StorageError: {
    sentence: 'S3 or the database could not deliver what the ZIP needs',
    retryable: true,
    httpStatus: 500,
    exitCode: 1,
  },
  ZipError: { sentence: 'The ZIP could not be built', retryable: false, httpStatus: 500, exitCode: 1 },
} as const satisfies Readonly<Record<string, FailureKind>>;

export type FailureCode = keyof typeof FAILURES;
