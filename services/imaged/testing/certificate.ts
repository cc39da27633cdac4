import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';

export type Certificate = {
  readonly key: string;
  readonly cert: string;
  /** The file to trust it by: it is its own authority. */
  readonly caFile: string;
};

/** Makes a certificate for 127.0.0.1 and registry.test, signed by itself. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const [keyFile, caFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await runTool(
    'openssl',
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-days', '2', '-subj', '/CN=banger test', '-keyout', keyFile, '-out', caFile],
    ...['-addext', 'subjectAltName=IP:127.0.0.1,DNS:registry.test'],
  );
  return { key: await readFile(keyFile, 'utf8'), cert: await readFile(caFile, 'utf8'), caFile };
}
