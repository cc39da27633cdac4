import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { BangerError } from '#kit/errors.ts';

/**
 * Everything this host trusts: Node's own list, the system's store (where a company's own authority is
 * installed), and the files named by the user. One context serves all connections, because parsing
 * these hundreds of certificates takes milliseconds and Node would otherwise do it for each of them.
 */
export function trustedCertificates(caFiles: readonly string[]): SecureContext {
  const ca = new Set([
    ...getCACertificates('bundled'),
    ...getCACertificates('system'),
    ...caFiles.map(readCaFile),
  ]);
  try {
    return createSecureContext({ ca: [...ca] });
  } catch (error) {
    throw unusable(caFiles.join(', '), error);
  }
}

function readCaFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): BangerError {
  return new BangerError(
    'HOST_NOT_READY',
    `certificate file "${path}" cannot be used; correct SSL_CERT_FILE or NODE_EXTRA_CA_CERTS and restart imaged`,
    { cause },
  );
}
