import Database from 'better-sqlite3';

// node hold-database.ts FILE: what another program that writes for long would do. Ends with its standard input.
const database = new Database(process.argv[2]);
database.exec('BEGIN EXCLUSIVE');
process.stdout.write('held\n');
process.stdin.resume().on('end', () => database.close());
