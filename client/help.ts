/** The parts of the help page that commander does not write. */
export const EXAMPLES_AND_EXIT_STATUS = `
EXAMPLES
  stowage restore 20250115_sample 20250116_sample     restore two raw files and watch
  stowage restore 20250115_sample --files '*.raw'     only files that match
  stowage restore --dry-run - < ids.txt               what would happen to a list of ids
  stowage restore --detach 20250115_sample            start it, print its id, leave
  stowage watch restore-20250211-143022-9f3c          look at it again, from anywhere
  stowage report restore-20250211-143022-9f3c         print its reports
  stowage restore 20250115_sample --json | jq .failed results for programs
  stowage zip --prefix s3://raw/run-7/ --output s3://zips/run-7.zip
                                                      many objects as one

EXIT STATUS
  0    done, nothing failed
  1    internal error
  2    usage: the command or its input is not valid
  3    finished, but files failed: see the report
  5    not found, or access denied
  6    the time limit of the job (RESTORE_TIMEOUT) cut it short
  7    a server cannot be reached, or no worker answers
  130  cancelled or interrupted

ENVIRONMENT
  TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE, … as the temporal command has them;
  STOWAGE_TASK_QUEUE (stowage); NO_COLOR, FORCE_COLOR. A file .env in the current folder is read.
`;
