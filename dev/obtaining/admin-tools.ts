/**
 * The image in which Temporal's makers publish both of their command lines, of the server version that is used here too.
 * By itself it only sleeps: what is wanted of it is named as its entry point.
 */
export const adminTools = 'temporalio/admin-tools:1.29.1-tctl-1.18.4-cli-1.5.0';
