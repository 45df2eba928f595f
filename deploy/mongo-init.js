// Runs once, when the database's volume is new: the worker gets a user that can read the catalogue and nothing else.
const name = process.env.MONGODB_DB;

db.getSiblingDB(name).createUser({
  user: 'stowage',
  pwd: process.env.MONGO_READER_PASSWORD,
  roles: [{ role: 'read', db: name }],
});
