// Runs once, when the database's volume is new: the worker gets a user that can read the catalogue and the attachments, can
// add to the audit trail, and nothing else.
const { MONGODB_DB: catalogue, STOWAGE_ZIP_DB: clients, MONGO_READER_PASSWORD: pwd } = process.env;

// No "find" on audit_events, no "update", no "remove": what is written there stays as it is.
db.getSiblingDB(clients).createRole({
  role: 'stowageZip',
  privileges: [
    { resource: { db: clients, collection: 'workspaces' }, actions: ['find'] },
    { resource: { db: clients, collection: 'clients' }, actions: ['find'] },
    { resource: { db: clients, collection: 'attachments' }, actions: ['find'] },
    { resource: { db: clients, collection: 'audit_events' }, actions: ['insert'] },
  ],
  roles: [],
});

db.getSiblingDB(catalogue).createUser({
  user: 'stowage',
  pwd,
  roles: [
    { role: 'read', db: catalogue },
    { role: 'stowageZip', db: clients },
  ],
});

// The isolation query of every ZIP.
db.getSiblingDB(clients).attachments.createIndex({ workspace_id: 1, client_id: 1, deleted_at: 1 });
